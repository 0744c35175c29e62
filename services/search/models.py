"""Tables of the search service: what the index must hold, what it has yet to hear of, and who tells it."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from weft.database.lease import LeaseRow as LeaseRow  # who drains the to-do rows


class IndexedRow(SQLModel, table=True):
    """A record as it is shown: the truth for the index, which can always be made anew from these rows.

    `gate` is the gate of the last change of what is shown. `title` is folded and in UTF-8: bytes have the same order in
    every database.
    """

    __tablename__ = "indexed"
    __table_args__ = (Index("indexed_title", "title"), Index("indexed_gate", "gate"))
    origin: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    gate: int = Field(sa_column=Column(BigInteger, nullable=False))
    public: bool
    draft: bool
    title: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TodoRow(SQLModel, table=True):
    """A record whose present state the index has yet to be told. A later change of the same record takes its place.

    `refused`: why the index will never take it; then it waits for a change.
    """

    __tablename__ = "todo"
    __table_args__ = (Index("todo_gate", "gate"),)
    origin: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    gate: int = Field(sa_column=Column(BigInteger, nullable=False))
    refused: str | None = None


class GateRow(SQLModel, table=True):
    """The last gate that was given out, and which index hears of them, in the one row that there is."""

    __tablename__ = "gate"
    name: str = Field(primary_key=True)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))
    generation: str
