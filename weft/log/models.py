"""Tables of the log. The origin writes them by sealing, a reader by applying; both serve from them."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, text
from sqlmodel import Field, SQLModel

from weft.protocol.names import Cursor, Feed


class FeedRow(SQLModel, table=True):
    """A feed: how far it is sealed or applied, what it holds in sum, and how it is doing."""

    __tablename__ = "feed"
    number: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    epoch: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    sequence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    position: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    hash: str = ""
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    count: int = 0
    sealed_at: str = ""
    state: str = "pending"
    since: str = ""
    why: str = ""
    staged: bool = False
    """A snapshot is taken over in part: the ledger is past the cursor, and only the rest of a snapshot mends it."""

    @property
    def feed(self) -> Feed:
        return Feed.parse(self.name)

    @property
    def origin(self) -> str:
        """The feed's first part, without parsing the others: asked for once a record."""
        return self.name.partition("/")[0]

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.sequence, self.hash)


class CommitRow(SQLModel, table=True):
    """A header as its exact bytes. `broker` is its place in the broker's stream once it was published there."""

    __tablename__ = "commit_header"
    __table_args__ = (Index("commit_in_order", "feed", "sequence"),)
    feed: int = Field(primary_key=True, foreign_key="feed.number")
    epoch: int = Field(sa_column=Column(BigInteger, primary_key=True))
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True))
    hash: str
    header: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    changes: int
    sealed_at: str
    broker: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


_OWED = text("owed_until IS NOT NULL")


class LedgerRow(SQLModel, table=True):
    """A feed's last entry for a record; a reader also keeps the put's body here, as the bytes that came."""

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ledger_of_feed", "feed", "bucket"),
        Index("ledger_owed", "feed", "kind", "id", sqlite_where=_OWED, postgresql_where=_OWED),
    )
    origin: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    feed: int = Field(primary_key=True, foreign_key="feed.number")
    bucket: int
    op: str
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: str = ""
    length: int = 0
    sequence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    owed_until: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    salt: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class SnapshotRow(SQLModel, table=True):
    """The newest manifest that was stated of a feed."""

    __tablename__ = "snapshot"
    feed: int = Field(primary_key=True, foreign_key="feed.number")
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    manifest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SegmentRow(SQLModel, table=True):
    """A segment's canonical bytes. Bodies are attached when it is served, so nothing here needs erasing."""

    __tablename__ = "segment"
    feed: int = Field(primary_key=True, foreign_key="feed.number")
    hash: str = Field(primary_key=True)
    at: int = Field(sa_column=Column(Integer, nullable=False))
    entries: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
