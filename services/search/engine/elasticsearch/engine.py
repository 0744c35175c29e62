"""The engine over a server: an index behind an alias of this node's own. Never the truth: it can always be made anew."""

import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from services.search.engine import syntax
from services.search.engine.elasticsearch import bulk, mapping, place, query
from services.search.engine.elasticsearch.server import ASK_SECONDS, Address, Circuit
from services.search.engine.form import FORMAT
from services.search.engine.highlight import highlights
from services.search.engine.interface import (
    MAX_DEPTH,
    Away,
    Change,
    Hit,
    Holding,
    Lost,
    Order,
    Page,
    Query,
    Refusal,
    Upsert,
    Visibility,
)

_PAGE = 2_000
_KEPT_OPEN = "2m"
# By the highest score or the latest date, and of equals what changed last. No two documents have the same version.
_BY_VERSION = {"version": "desc"}


class ElasticsearchEngine:
    """An `Engine` for one node. Several nodes may use one server: each has an alias, and indexes named after it."""

    def __init__(self, address: Address, node: str) -> None:
        self._client = address.client()
        self._circuit = Circuit()
        self._alias = f"weft-{node}-documents"
        # Another node's name may begin like this one's.
        self._ours = re.compile(rf"{re.escape(self._alias)}-[0-9a-f]{{16}}")
        self._writing = threading.Lock()

    def generation(self) -> str:
        """See `Engine.generation`. The server's identifier is in it: an index that is restored there gets another."""
        try:
            with self._circuit.asking():
                found = list(self._client.indices.get(index=self._alias).items())
        except Lost:
            return ""
        if len(found) != 1 or found[0][1]["mappings"].get("_meta") != {"format": FORMAT}:
            return ""
        name, told = found[0]
        return f"{name} {told['settings']['index']['uuid']}"

    def write(self, changes: Sequence[Change]) -> Sequence[Refusal]:
        """See `Engine.write`."""
        with self._writing, self._circuit.asking():
            refusals = bulk.write(self._client, self._alias, changes, alias=True)
            self._client.indices.refresh(index=self._alias)
        return refusals

    def query(self, q: Query) -> Page:
        """See `Engine.query`."""
        wish = syntax.read(q.text)
        by_date = q.order is Order.DATE or not wish.positive
        begins = place.read(q.after, by_date=by_date)
        before = begins.before if begins else 0
        size = min(q.limit, MAX_DEPTH - before)
        search = query.build(wish, q) | {
            "size": size,
            "sort": [{"date" if by_date else "_score": "desc"}, _BY_VERSION],
            "source": ["document"],
            "track_total_hits": True,
        }
        if begins:
            search["search_after"] = begins.sorted_by
        answer = self._search(**search)
        hits, total = answer["hits"]["hits"], int(answer["hits"]["total"]["value"])
        return Page(
            hits=tuple(_hit(hit, wish, scored=not by_date) for hit in hits),
            total=total,
            facets=query.facets(answer.get("aggregations", {})),
            next=place.write(before + size, total, hits[-1]["sort"]) if hits else None,
        )

    def count(self) -> int:
        """See `Engine.count`."""
        with self._circuit.asking():
            return int(self._client.count(index=self._alias, query=query.living(Visibility.EDITORS))["count"])

    def latest(self) -> int:
        """See `Engine.latest`."""
        hits = self._search(size=1, sort=[_BY_VERSION], source=False)["hits"]["hits"]
        return int(hits[0]["sort"][0]) if hits else 0

    def held(self) -> Iterator[Holding]:
        """See `Engine.held`. A point in time is kept at the server meanwhile."""
        with self._circuit.asking():
            moment = self._client.open_point_in_time(index=self._alias, keep_alive=_KEPT_OPEN)["id"]
        try:
            after: Mapping[str, Any] = {}
            while True:
                with self._circuit.asking():
                    answer = self._client.search(
                        pit={"id": moment, "keep_alive": _KEPT_OPEN},
                        query=query.living(Visibility.EDITORS),
                        size=_PAGE,
                        sort=["_shard_doc"],
                        source=False,
                        docvalue_fields=[{"field": "version"}, {"field": "fingerprint"}],
                        track_total_hits=False,
                        allow_partial_search_results=False,
                        **after,
                    )
                hits = answer["hits"]["hits"]
                if not hits:
                    return
                for hit in hits:
                    (version,), (fingerprint,) = hit["fields"]["version"], hit["fields"]["fingerprint"]
                    yield Holding(hit["_id"], version, bytes.fromhex(fingerprint))
                moment, after = answer["pit_id"], {"search_after": hits[-1]["sort"]}
        finally:
            with suppress(Away, Lost), self._circuit.asking():
                self._client.close_point_in_time(id=moment)

    def replace(self, documents: Iterable[Upsert]) -> Sequence[Refusal]:
        """See `Engine.replace`. The alias moves in one step; only then is the old index removed."""
        with self._writing:
            name = f"{self._alias}-{secrets.token_hex(8)}"
            try:
                with self._circuit.asking():
                    self._client.indices.create(index=name, settings=mapping.SETTINGS, mappings=mapping.MAPPINGS)
                    refusals = bulk.write(self._client, name, documents, alias=False)
                    self._client.indices.refresh(index=name)
                    self._client.indices.update_aliases(
                        actions=[
                            {"remove": {"index": f"{self._alias}-*", "alias": self._alias, "must_exist": False}},
                            {"add": {"index": name, "alias": self._alias}},
                        ]
                    )
            except BaseException:
                with suppress(Away, Lost), self._circuit.asking():
                    self._client.indices.delete(index=name)
                raise
            self._sweep()
        return refusals

    def sweep(self) -> None:
        """See `Engine.sweep`."""
        with self._writing:
            self._sweep()

    def close(self) -> None:
        """See `Engine.close`."""
        self._client.close()

    def _sweep(self) -> None:
        with self._circuit.asking():
            found = self._client.indices.get_alias(index=f"{self._alias}-*")
            for name, told in found.items():
                if self._ours.fullmatch(name) and self._alias not in told["aliases"]:
                    self._client.indices.delete(index=name, ignore_unavailable=True)

    def _search(self, **search: Any) -> Mapping[str, Any]:
        """An answer, whole. A search that an index was taken from by a rebuild is asked again of the new one."""

        client = self._client.options(request_timeout=ASK_SECONDS)

        def ask() -> Mapping[str, Any]:
            with self._circuit.asking():
                answer: Mapping[str, Any] = client.search(
                    index=self._alias,
                    timeout=f"{1000 * ASK_SECONDS:.0f}ms",
                    allow_partial_search_results=False,
                    **search,
                ).body
            return answer

        try:
            return ask()
        except Lost:
            return ask()


def _hit(hit: Mapping[str, Any], wish: syntax.Wish, *, scored: bool) -> Hit:
    document = mapping.shown(hit["_source"])
    return Hit(
        document=msgspec.structs.replace(document, text=""),
        score=hit["_score"] if scored else None,
        highlights=highlights(document, wish),
    )
