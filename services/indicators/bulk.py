"""Importing many series: all of it is read and judged before the first is written. The report names the lines."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlmodel import Session

from services.indicators import store
from services.indicators.sources import Source
from services.indicators.spool import scratch, spooled
from services.indicators.staging import Report, Staging
from services.indicators.store import OURS
from weft.database import Database
from weft.journal.incarnation import Incarnation
from weft.problems import Problem
from weft.records.own import Content
from weft.records.reports import Interrupted, Outcome, Refused

FILE_BYTES = 256 * 1024 * 1024


@asynccontextmanager
async def staged(stream: AsyncIterable[bytes], source: Source) -> AsyncIterator[Staging]:
    """An import that was read to its end. Nothing is written.

    Raises:
        TooLarge: the import, or one of its lines, is more than is taken.
        Unreadable: it is not in the form that is expected.
    """
    async with spooled(stream, at_most=FILE_BYTES) as file:
        with scratch() as kept:
            staging = Staging(kept)
            await asyncio.to_thread(source, file, staging)
            yield staging


async def carry_out(
    staging: Staging,
    database: Database,
    us: Incarnation,
    ring: Callable[[], None],
    *,
    dry_run: bool,
    keep_going: bool,
) -> Report:
    """Write what was staged, a portion at a time, or say what would be written.

    A series that another editor's change makes impossible meanwhile is reported as refused; the others stand.

    Raises:
        Refused: lines cannot be taken and the import is not to go on without them; nothing was written.
        Interrupted: some were written, then the database could not go on.
    """
    async for part in _parts(staging):
        staging.drop(await database.read(store.refused, us, part))
    if staging.refused and not (keep_going or dry_run):
        raise Refused.of(staging.report(dry_run=False))
    async for part in _parts(staging):
        if dry_run:
            staging.settle(await database.read(OURS.forecast, us, part))
            continue
        try:
            found, done = await database.write(_write, us, part)
        except Problem as problem:
            raise Interrupted.by(problem, staging.report(dry_run=False)) from problem
        ring()
        staging.drop(found)
        staging.settle(done)
    return staging.report(dry_run=dry_run)


async def _parts(staging: Staging) -> AsyncIterator[dict[str, Content]]:
    parts = staging.parts()
    while part := await asyncio.to_thread(next, parts, None):
        yield part


def _write(
    session: Session, us: Incarnation, part: dict[str, Content]
) -> tuple[dict[str, Problem], dict[str, Outcome]]:
    found = store.refused(session, us, part)
    done = OURS.put_many(session, us, {id_: content for id_, content in part.items() if id_ not in found})
    return found, {id_: put.outcome for id_, put in done.items()}
