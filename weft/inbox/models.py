"""Tables of a reader beside the log: what waits for a person."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


class QuarantineRow(SQLModel, table=True):
    """A record that could not be applied here. Its ledger has it, so nothing is lost and digests agree."""

    __tablename__ = "quarantine"
    origin: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    reason: str
    at: str


class ParkedRow(SQLModel, table=True):
    """A deletion that the guard holds back: the record stays shown at `shown_*` until an operator decides."""

    __tablename__ = "parked"
    origin: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    shown_epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    shown_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    shown_hash: str
    public: bool
    at: str


class DeletionRow(SQLModel, table=True):
    """When records of an origin were deleted here: what the guard counts over a sliding day."""

    __tablename__ = "deletion"
    number: int | None = Field(default=None, primary_key=True)
    origin: str = Field(index=True)
    at: float


class RefusalRow(SQLModel, table=True):
    """Bytes or statements that were refused, and why."""

    __tablename__ = "refusal"
    number: int | None = Field(default=None, primary_key=True)
    feed: str = Field(index=True)
    code: str
    why: str
    at: str
