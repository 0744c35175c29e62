"""Tables of what the catalog shows: own documents and received ones alike. The journal and the ledgers hold the truth."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


class DocumentRow(SQLModel, table=True):
    """A document as it is shown. `audience` is the one that an own document has; it is empty for a received one.

    `members` and `rest` are JSON members, built once and sent as they are: what a list shows, and what only the document
    itself shows (its text, and fields that this node does not know). They make rows long, so `document_seen` has what
    counting needs.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index("document_newest", "updated_at", "origin", "id"),
        Index("document_seen", "origin", "id", "public", "status", "type", "language"),
    )
    origin: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    public: bool
    audience: str
    type: str
    language: str
    status: str
    updated_at: str
    members: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    rest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TagRow(SQLModel, table=True):
    """What a document is found by where it may have several of them: themes, groups, countries, and what it refers to."""

    __tablename__ = "document_tag"
    __table_args__ = (Index("document_tag_of_document", "origin", "id"),)
    field: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
