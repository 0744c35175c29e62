"""Tables of what a service shows, whatever its kinds are: the records, what changed last of each key, what was taken down."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


class ShownRow(SQLModel, table=True):
    """A record as it is shown, own or received: the journal and the ledgers hold the truth.

    `audience` is the one that an own record is to have; it is empty for a received one. `sight`: the least that sees it, as
    `Sight.rank`. `place`: where it stands in lists. `members` and `rest` are JSON members, built once and sent as they are:
    what a list shows, and what only the record itself shows. They make rows long, so indexes have what counting needs.
    """

    __tablename__ = "shown"
    __table_args__ = (
        Index("shown_by_place", "kind", "place", "origin", "id", "sight"),
        Index("shown_by_key", "kind", "origin", "id", "sight", "place"),
    )
    kind: str = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    public: bool
    audience: str
    sight: int
    place: str
    members: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    rest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TagRow(SQLModel, table=True):
    """What a record is found by: terms, codes, and keys of the records that it refers to."""

    __tablename__ = "shown_tag"
    __table_args__ = (Index("shown_tag_of_record", "kind", "origin", "id"),)
    value: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    id: str = Field(primary_key=True)


class ChangeRow(SQLModel, table=True):
    """The last change of a key for those whose sight is from `sight` to `upto`; sights are numbered as `Sight.rank`.

    Whoever has never seen a key has no row of it. So a key has one row while all see it, and at most three: who lost it
    earlier is told of that, and not of what others went on to see.
    """

    __tablename__ = "shown_change"
    __table_args__ = (Index("shown_change_position", "position"),)
    origin: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    sight: int = Field(primary_key=True)
    upto: int
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    op: str
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: str


class GenerationRow(SQLModel, table=True):
    """Which run of positions this is, in the one row that there is: another one where the database has gone back."""

    __tablename__ = "shown_generation"
    name: str = Field(primary_key=True)
    generation: str


class TakedownRow(SQLModel, table=True):
    """The public reason why a record was taken down, kept as a record of its own: its kind is the record's and `-takedown`.

    `members` and `rest` are JSON members, sent as they are; `rest` has what this node does not know of.
    """

    __tablename__ = "takedown"
    kind: str = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    public: bool
    audience: str
    members: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    rest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
