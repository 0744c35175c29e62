"""What a reading service shows, as rows beside its inbox; it notes every effect, so that the oracle can judge them."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session

from weft.inbox.effects import Rejected, Show
from weft.protocol.names import Key

METADATA = MetaData()
SEEN = Table(
    "seen",
    METADATA,
    Column("key", String, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("visible", Boolean, nullable=False),
)


class Shelf:
    """Shows and hides records. `odd` is what no service should be asked for: an older version, the same one twice."""

    def __init__(self) -> None:
        self.odd: list[tuple[str, str]] = []

    def show(self, session: Session, shows: Sequence[Show]) -> list[Rejected]:
        for show in shows:
            key = str(show.key)
            row = session.connection().execute(SEEN.select().where(SEEN.c.key == key)).one_or_none()
            now = (int(show.version.epoch), show.version.number)
            if row is not None and now < (row.epoch, row.number):
                self.odd.append((show.key.origin, f"{key} is shown at {now} after {(row.epoch, row.number)}"))
            if row is not None and row.visible and (row.epoch, row.number, bool(row.public)) == (*now, show.public):
                self.odd.append((show.key.origin, f"{key} is shown again at {now}: one effect twice"))
            line = {
                "epoch": now[0],
                "number": now[1],
                "body": show.body,
                "public": show.public,
                "visible": True,
            }
            statement = insert(SEEN).values(key=key, **line)
            session.connection().execute(statement.on_conflict_do_update(index_elements=["key"], set_=line))
        return []

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        names = [str(key) for key in keys]
        session.connection().execute(SEEN.update().where(SEEN.c.key.in_(names)).values(visible=False, body=b""))
