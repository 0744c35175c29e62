"""What was refused, kept for people: the newest of each feed."""

from sqlalchemy import delete
from sqlmodel import Session, col, select

from weft.database.statements import table
from weft.inbox.models import RefusalRow
from weft.protocol.names import Feed

KEPT = 100


def note(session: Session, feed: Feed, code: str, why: str, at: str) -> None:
    session.add(RefusalRow(feed=str(feed), code=code, why=why[:500], at=at))
    session.flush()
    old = (
        select(RefusalRow.number)
        .where(RefusalRow.feed == str(feed))
        .order_by(col(RefusalRow.number).desc())
        .offset(KEPT)
    )
    session.connection().execute(
        delete(table(RefusalRow)).where(table(RefusalRow).c.number.in_(session.exec(old).all()))
    )


def listed(session: Session, feed: Feed | None = None) -> list[RefusalRow]:
    """The newest refusals first."""
    query = select(RefusalRow).order_by(col(RefusalRow.number).desc()).limit(KEPT)
    return list(session.exec(query if feed is None else query.where(RefusalRow.feed == str(feed))))
