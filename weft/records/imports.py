"""Importing many records: all of it is read and judged before the first is written. The report names the lines."""

import asyncio
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from weft.database import Database
from weft.database.statements import CHUNK, chunks
from weft.journal.incarnation import Incarnation
from weft.journal.wishes import Wish
from weft.problems import Invalid, NotOurs, Problem
from weft.protocol.names import Key
from weft.protocol.refusals import Refusal
from weft.records import wire, writing
from weft.records.forms import Draft
from weft.records.kinds import Kind
from weft.records.lines import LINE_BYTES, filled, numbered, quoted
from weft.records.portions import portions
from weft.records.reports import Interrupted, Line, Outcome, Refused, Report, chosen
from weft.records.sheets import Sheet

LINES_READ_AT_ONCE = 200
ROUNDS = 20
NDJSON, CSV = "application/x-ndjson", "text/csv"

TIMES = ("created_at", "updated_at")

Drafts = Mapping[str, Draft]
"""By id."""
Reader = Callable[[bytes], wire.Object]
"""From a line to the object that it says."""


@dataclass
class Import:
    """Lines on their way: the drafts that may still be written, and what is known to become of each line."""

    origin: str
    kind: Kind[Any]
    drafts: dict[str, Draft] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The line and the size of each draft, by id."""
    lines: list[Line] = field(default_factory=list)

    def read(self, numbered: list[tuple[int, bytes]], reader: Reader) -> None:
        """Take these lines in; each is read by itself."""
        for number, text in numbered:
            id_ = None
            try:
                tree = reader(text)
                id_ = self._id(tree.pop("id", None))
                self._exported(tree, id_)
                self.drafts[id_] = self.kind.draft.parse(tree, self.kind.name)
                self.places[id_] = number, len(text)
            except Problem as problem:
                self._refuse(number, id_, problem)

    def _id(self, given: object) -> str:
        if not isinstance(given, str):
            raise Invalid("id: is missing: add it, in quotation marks")
        try:
            Key.make(self.origin, self.kind.name, given)
        except Refusal as refusal:
            raise Invalid(refusal.why) from None
        if given in self.places:
            raise Invalid(f"id: {given} is in line {self.places[given][0]} already")
        return given

    def _exported(self, tree: wire.Object, id_: str) -> None:
        """A line of an export says whose it is, and what the node made of it: neither is written."""
        origin = tree.pop("origin", None)
        if origin is None:
            return
        if origin != self.origin:
            raise NotOurs(f"{id_} belongs to {str(origin)[:80]}; this node is {self.origin}")
        for name in {*self.kind.made, *TIMES} - self.kind.draft.model_fields.keys():
            tree.pop(name, None)

    def refuse(self, found: Mapping[str, Problem]) -> None:
        """Take these drafts out of what may be written."""
        for id_, problem in found.items():
            del self.drafts[id_]
            self._refuse(self.places[id_][0], id_, problem)

    def _refuse(self, number: int, id_: str | None, problem: Problem) -> None:
        detail = str(problem)[:500]
        self.lines.append(Line(line=number, id=id_, outcome="refused", code=problem.code, detail=detail))

    def settle(self, outcomes: Mapping[str, Outcome]) -> None:
        """Note what became of drafts."""
        self.lines += (Line(line=self.places[id_][0], id=id_, outcome=said) for id_, said in outcomes.items())

    def parts(self) -> Iterator[dict[str, Draft]]:
        """The drafts in the portions in which they are written."""
        return portions((id_, draft, self.places[id_][1]) for id_, draft in list(self.drafts.items()))

    def report(self, *, dry_run: bool) -> Report:
        counts = dict.fromkeys(("created", "revised", "unchanged", "refused"), 0)
        for line in self.lines:
            counts[line.outcome] += 1
        return Report(dry_run=dry_run, **counts, lines=chosen(self.lines))


async def stage(stream: AsyncIterable[bytes], media_type: str, origin: str, kind: Kind[Any]) -> Import:
    """Read an import's lines. Nothing is written.

    Raises:
        TooLarge: the import, or one of its lines, is more than is taken.
        Malformed, Invalid: the first row of a table names no columns that a record can be read from.
    """
    staged = Import(origin, kind)
    reader: Reader = wire.read
    lines = filled(numbered(stream))
    if media_type == CSV:
        lines = quoted(numbered(stream))
        header = await anext(lines, None)
        if header is None:
            return staged
        reader = Sheet(header[1], kind.draft).read
    batch: list[tuple[int, bytes]] = []
    size = 0
    async for number, line in lines:
        batch.append((number, line))
        size += len(line)
        if len(batch) == LINES_READ_AT_ONCE or size > LINE_BYTES:
            await asyncio.to_thread(staged.read, batch, reader)
            batch, size = [], 0
    await asyncio.to_thread(staged.read, batch, reader)
    return staged


async def carry_out(
    staged: Import,
    database: Database,
    us: Incarnation,
    ring: Callable[[], None],
    *,
    dry_run: bool,
    keep_going: bool,
) -> Report:
    """Write what was staged, a portion at a time, or say what would be written.

    A line that another editor's change makes impossible meanwhile is reported as refused; the others stand.

    Raises:
        Refused: lines cannot be taken and the import is not to go on without them; nothing was written.
        Interrupted: some were written, then the database could not go on.
    """
    await database.read(judge, us, staged, rounds=ROUNDS if keep_going else 1)
    if staged.lines and not (keep_going or dry_run):
        raise Refused.of(staged.report(dry_run=False))
    if dry_run:
        for ids in chunks(list(staged.drafts), CHUNK):
            part = {id_: staged.drafts[id_] for id_ in ids}
            staged.settle(await database.read(writing.forecast, us, staged.kind, part))
        return staged.report(dry_run=True)
    around = writing.wished(us, staged.kind, staged.drafts)
    for part in staged.parts():
        try:
            found, done = await database.write(_write, us, staged.kind, part, around)
        except Problem as problem:
            raise Interrupted.by(problem, staged.report(dry_run=False)) from problem
        ring()
        staged.refuse(found)
        for id_ in found:
            del around[Key(us.origin, staged.kind.name, id_)]
        staged.settle(done)
    return staged.report(dry_run=False)


def judge(session: Session, us: Incarnation, staged: Import, *, rounds: int) -> None:
    """Refuse what may not be written. Without the refused lines others may refer to what is not as they need it, so what is
    left is judged again; one round is enough where a refusal ends the import anyway.

    Raises:
        Invalid: refusals go on bringing about others.
    """
    for _ in range(rounds):
        around = writing.wished(us, staged.kind, staged.drafts)
        found = writing.refused(session, us, staged.kind, staged.drafts, around)
        staged.refuse(found)
        if not found or rounds == 1:
            return
    raise Invalid(f"too many {staged.kind.plural} refer to refused ones through others: correct the refused ones first")


def _write(
    session: Session, us: Incarnation, kind: Kind[Any], part: Drafts, around: Mapping[Key, Wish]
) -> tuple[dict[str, Problem], dict[str, Outcome]]:
    found = writing.refused(session, us, kind, part, around)
    done = writing.put_many(session, us, kind, {id_: draft for id_, draft in part.items() if id_ not in found})
    return found, {id_: put.outcome for id_, put in done.items()}
