"""Importing many documents: all of it is read and judged before the first is written. The report names the lines."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from services.catalog import store
from services.catalog.schemas import DocumentIn
from weft.database import Database
from weft.database.statements import CHUNK, chunks
from weft.journal.incarnation import Incarnation
from weft.problems import Invalid, Problem, TooLarge
from weft.protocol.names import Key
from weft.protocol.refusals import Refusal
from weft.records import wire
from weft.records.documents import KIND
from weft.records.portions import portions
from weft.records.reports import Interrupted, Line, Outcome, Refused, Report, chosen

FILE_BYTES = 64 * 1024 * 1024
LINE_BYTES = 1024 * 1024
LINES = 50_000
LINES_READ_AT_ONCE = 200
ROUNDS = 20

Drafts = Mapping[str, DocumentIn]


@dataclass
class Import:
    """Lines on their way: the drafts that may still be written, and what is known to become of each line."""

    origin: str
    drafts: dict[str, DocumentIn] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The line and the size of each draft, by id."""
    lines: list[Line] = field(default_factory=list)

    def read(self, numbered: list[tuple[int, bytes]]) -> None:
        """Take these lines in; each is read by itself."""
        for number, text in numbered:
            id_ = None
            try:
                tree = wire.read(text)
                id_ = self._id(tree.pop("id", None))
                self.drafts[id_] = DocumentIn.parse(tree)
                self.places[id_] = number, len(text)
            except Problem as problem:
                self._refuse(number, id_, problem)

    def _id(self, given: object) -> str:
        if not isinstance(given, str):
            raise Invalid("id: is missing: add it, in quotation marks")
        try:
            Key.make(self.origin, KIND, given)
        except Refusal as refusal:
            raise Invalid(refusal.why) from None
        if given in self.places:
            raise Invalid(f"id: {given} is in line {self.places[given][0]} already")
        return given

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

    def parts(self) -> Iterator[dict[str, DocumentIn]]:
        """The drafts in the portions in which they are written."""
        return portions((id_, draft, self.places[id_][1]) for id_, draft in list(self.drafts.items()))

    def report(self, *, dry_run: bool) -> Report:
        counts = dict.fromkeys(("created", "revised", "unchanged", "refused"), 0)
        for line in self.lines:
            counts[line.outcome] += 1
        return Report(dry_run=dry_run, **counts, lines=chosen(self.lines))


async def stage(stream: AsyncIterable[bytes], origin: str) -> Import:
    """Read an import's lines. Nothing is written.

    Raises:
        TooLarge: the import, or one of its lines, is more than is taken.
    """
    staged = Import(origin)
    batch: list[tuple[int, bytes]] = []
    size = 0
    async for number, line in _numbered(stream):
        batch.append((number, line))
        size += len(line)
        if len(batch) == LINES_READ_AT_ONCE or size > LINE_BYTES:
            await asyncio.to_thread(staged.read, batch)
            batch, size = [], 0
    await asyncio.to_thread(staged.read, batch)
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
            staged.settle(await database.read(store.forecast, us, {id_: staged.drafts[id_] for id_ in ids}))
        return staged.report(dry_run=True)
    for part in staged.parts():
        try:
            found, done = await database.write(_write, us, part, staged.drafts)
        except Problem as problem:
            raise Interrupted.by(problem, staged.report(dry_run=False)) from problem
        ring()
        staged.refuse(found)
        staged.settle(done)
    return staged.report(dry_run=False)


def judge(session: Session, us: Incarnation, staged: Import, *, rounds: int) -> None:
    """Refuse what may not be written. Without the refused lines others may refer to what is not as they need it, so what is
    left is judged again; one round is enough where a refusal ends the import anyway.

    Raises:
        Invalid: refusals go on bringing about others.
    """
    for _ in range(rounds):
        found = store.refused(session, us, staged.drafts, staged.drafts)
        staged.refuse(found)
        if not found or rounds == 1:
            return
    raise Invalid("too many documents refer to refused ones through others: correct the refused ones first")


def _write(
    session: Session, us: Incarnation, part: Drafts, around: Drafts
) -> tuple[dict[str, Problem], dict[str, Outcome]]:
    found = store.refused(session, us, part, around)
    done = store.put_many(session, us, {id_: draft for id_, draft in part.items() if id_ not in found})
    return found, {id_: put.outcome for id_, put in done.items()}


async def _numbered(stream: AsyncIterable[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers."""
    held = bytearray()
    number = size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > FILE_BYTES:
            raise TooLarge(f"an import is at most {FILE_BYTES} bytes: send it in parts")
        held += chunk
        if b"\n" in chunk:
            *whole, rest = bytes(held).split(b"\n")
            held = bytearray(rest)
            for line in whole:
                number += 1
                _bound(number, line)
                if line.strip():
                    yield number, line
        _bound(number + 1, held)
    if held.strip():
        yield number + 1, bytes(held)


def _bound(number: int, line: bytes | bytearray) -> None:
    if len(line) > LINE_BYTES:
        raise TooLarge(f"line {number} is over {LINE_BYTES} bytes")
    if number > LINES and line:
        raise TooLarge(f"an import has at most {LINES} lines: send it in parts")
