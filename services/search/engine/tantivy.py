"""The embedded engine: an index in a directory that one process owns. Never the truth: it can always be made anew."""

import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import tantivy

from services.search.engine import cursor, form, query, schema, syntax
from services.search.engine.generations import Generations
from services.search.engine.highlight import highlights
from services.search.engine.interface import (
    MAX_DEPTH,
    Change,
    Hit,
    Holding,
    Order,
    Page,
    Query,
    Refusal,
    Remove,
    Upsert,
    Visibility,
)

# The least that tantivy accepts. A larger heap indexed no faster: making the terms takes the time.
_HEAP = 15_000_000
# More than there are countries, so that no value goes uncounted in practice.
_MOST_VALUES = 300
_WALK = 10_000
_FORMAT = "format"


class TantivyEngine:
    """An `Engine` over a directory.

    Raises:
        Busy: another process owns the directory.
    """

    def __init__(self, root: Path) -> None:
        self._fields = schema.build()
        self._writing = threading.Lock()
        self._writer: tantivy.IndexWriter | None = None
        self._generations = Generations(root)
        path = self._generations.current()
        opened = self._open(path)
        if path is None or opened is None:
            path = self._generations.create()
            opened = self._create(path)
            self._generations.switch(path)
        self._name = path.name
        self._index = opened

    def generation(self) -> str:
        """See `Engine.generation`."""
        return self._name

    def write(self, changes: Sequence[Change]) -> Sequence[Refusal]:
        """See `Engine.write`."""
        latest: dict[str, Change] = {}
        for change in changes:
            if change.key not in latest or change.version >= latest[change.key].version:
                latest[change.key] = change
        with self._writing:
            searcher = self._index.searcher()
            due = [change for change in latest.values() if change.version >= self._version(searcher, change.key)]
            if not due:
                return []
            self._writer = self._writer or self._index.writer(_HEAP, 1)
            try:
                for change in due:
                    self._writer.delete_documents_by_term("key", change.key)
                    self._writer.add_document(_laid(change))
                self._writer.commit()
            except BaseException:
                self._writer = None  # forgets what it was given; after a failed commit it may be of no use anyway
                raise
            self._index.reload()
        return []

    def query(self, q: Query) -> Page:
        """See `Engine.query`."""
        offset = cursor.read(q.after)
        limit = min(q.limit, MAX_DEPTH - offset)
        wish = syntax.read(q.text)
        searcher = self._index.searcher()
        by_date = q.order is Order.DATE or not wish.positive
        found = searcher.search(
            query.build(self._fields, wish, q.filters, q.visibility),
            limit,
            count=True,
            offset=offset,
            order_by_field="date" if by_date else None,
        )
        hits = []
        for rank, address in found.hits:
            document = schema.read(searcher.doc(address))
            shown = msgspec.structs.replace(document, text="")
            hits.append(Hit(document=shown, score=None if by_date else rank, highlights=highlights(document, wish)))
        total = _total(found)
        return Page(
            hits=tuple(hits),
            total=total,
            facets=self._facets(searcher, q, wish),
            next=cursor.write(offset + limit, total),
        )

    def count(self) -> int:
        """See `Engine.count`."""
        return _total(self._index.searcher().search(self._living(), 1, count=True))

    def latest(self) -> int:
        """See `Engine.latest`."""
        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.all_query(), 1, count=False, order_by_field="version").hits
        return int(searcher.fast_field_values("version", [hits[0][1]])[0] or 0) if hits else 0

    def held(self) -> Iterator[Holding]:
        """See `Engine.held`."""
        searcher = self._index.searcher()
        total = _total(searcher.search(self._living(), 1, count=True))
        for offset in range(0, total, _WALK):
            for _, address in searcher.search(self._living(), _WALK, count=False, offset=offset).hits:
                document = schema.read(searcher.doc(address))
                yield Holding(document.key, document.version, form.fingerprint(document))

    def replace(self, documents: Iterable[Upsert]) -> Sequence[Refusal]:
        """See `Engine.replace`. Writes wait meanwhile, and then go to the new index."""
        with self._writing:
            path = self._generations.create()
            try:
                made = self._create(path)
                writer = made.writer(_HEAP, 1)
                try:
                    for document in documents:
                        writer.add_document(schema.lay(document))
                    writer.commit()
                finally:
                    writer.wait_merging_threads()  # also after a failure: its threads would write to what is removed
                made.reload()
            except BaseException:
                shutil.rmtree(path, ignore_errors=True)
                raise
            self._generations.switch(path)
            self._name = path.name
            self._index = made
            self._writer = None
            self._generations.sweep()
        return []

    def sweep(self) -> None:
        """See `Engine.sweep`."""
        with self._writing:
            self._generations.sweep()

    def close(self) -> None:
        """See `Engine.close`."""
        with self._writing:
            if self._writer is not None:
                self._writer.wait_merging_threads()
                self._writer = None
            self._generations.close()

    def _open(self, path: Path | None) -> tantivy.Index | None:
        """The index in a directory; none when it is missing, damaged or of another format."""
        if path is None:
            return None
        try:
            known = (path / _FORMAT).read_text(encoding="utf-8") == str(form.FORMAT)
            if not known or not tantivy.Index.exists(str(path)):
                return None
            return self._ready(tantivy.Index(self._fields, str(path)))
        except (OSError, ValueError):
            return None

    def _create(self, path: Path) -> tantivy.Index:
        (path / _FORMAT).write_text(str(form.FORMAT), encoding="utf-8")
        return self._ready(tantivy.Index(self._fields, str(path)))

    def _ready(self, index: tantivy.Index) -> tantivy.Index:
        schema.register(index)
        # The alternative polls the disk twice a second for as long as it lives; here the only writer says when.
        index.config_reader("manual")
        index.reload()
        return index

    def _version(self, searcher: tantivy.Searcher, key: str) -> int:
        hits = searcher.search(tantivy.Query.term_query(self._fields, "key", key), 1, count=False).hits
        return int(searcher.fast_field_values("version", [hits[0][1]])[0] or 0) if hits else 0

    def _living(self) -> tantivy.Query:
        living = tantivy.Query.term_set_query(self._fields, "state", list(form.STATES[Visibility.EDITORS]))
        return tantivy.Query.const_score_query(living, 1.0)

    def _facets(self, searcher: tantivy.Searcher, q: Query, wish: syntax.Wish) -> Mapping[str, Mapping[str, int]]:
        """How many hits each value has, its own field not filtered, so that a second value can be chosen beside it."""
        filtered = [name for name in q.facets if getattr(q.filters, name)]
        unfiltered = [name for name in q.facets if name not in filtered]
        counted: dict[str, dict[str, int]] = {}
        for names in (unfiltered, *([name] for name in filtered)):
            if not names:
                continue
            others = msgspec.structs.replace(q.filters, **dict.fromkeys(names, ()))
            found = searcher.aggregate(
                query.build(self._fields, wish, others, q.visibility),
                {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in names},
            )
            for name in names:
                counted[name] = {bucket["key"]: bucket["doc_count"] for bucket in found[name]["buckets"]}
        return counted


def _total(found: tantivy.SearchResult) -> int:
    return int(found.count)  # type: ignore[attr-defined]  # it is there, but tantivy's stub forgets it


def _laid(change: Change) -> tantivy.Document:
    return schema.lay_removal(change.key, change.version) if isinstance(change, Remove) else schema.lay(change)
