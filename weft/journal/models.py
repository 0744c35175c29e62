"""Tables of an origin: its records, what of them waits to be sealed, who may read, and which incarnation it is."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from weft.database.lease import LeaseRow as LeaseRow  # who of a service's workers is on duty


class OwnRow(SQLModel, table=True):
    """A record of this node at its newest version. An empty audience: it was deleted; the row keeps the version."""

    __tablename__ = "own"
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    audience: str
    hash: str = ""
    created_at: str
    updated_at: str
    salt: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class PendingRow(SQLModel, table=True):
    """A change that is acknowledged and not yet sealed. A queue without a high-water mark: ids need not follow commits."""

    __tablename__ = "pending"
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    kind: str
    id: str
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))


class RemovedRow(SQLModel, table=True):
    """What a deletion took away, until it is sealed. `due`: when it is to be queued; empty once it is."""

    __tablename__ = "removed"
    __table_args__ = (Index("removed_due", "due"),)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    audience: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    due: str


class EmbargoRow(SQLModel, table=True):
    """The audience that a record, local until then, is to have from a time on."""

    __tablename__ = "embargo"
    __table_args__ = (Index("embargo_due", "due"),)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    audience: str
    due: str


class ReaderRow(SQLModel, table=True):
    """An approved peer, as an identity, not a name (rule 11)."""

    __tablename__ = "reader"
    name: str = Field(primary_key=True)
    identity: str
    admitted_at: str


class AdmissionRow(SQLModel, table=True):
    """From which sequence of a feed a reader may have commits; what came before, its first snapshot holds (rule 6)."""

    __tablename__ = "admission"
    reader: str = Field(primary_key=True)
    feed: str = Field(primary_key=True)
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))


class IncarnationRow(SQLModel, table=True):
    """The epochs that this service has begun, the newest last."""

    __tablename__ = "incarnation"
    epoch: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    began_at: str


class StaleRow(SQLModel, table=True):
    """A commit in the broker's stream that holds a body which has been superseded: its message is to be erased."""

    __tablename__ = "stale"
    feed: int = Field(primary_key=True)
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True))


class RepeatRow(SQLModel, table=True):
    """Which record a request made that came with an Idempotency-Key, so that the same request makes no second one."""

    __tablename__ = "repeat"
    __table_args__ = (Index("repeat_at", "at"),)
    caller: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request: str
    record: str
    at: str
