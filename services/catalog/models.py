"""Tables of documents' files: which document names which bytes, which bytes are kept here, and which may have to go."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


class FileRow(SQLModel, table=True):
    """A file of a document that is shown; `entry` is what the document's body says of it."""

    __tablename__ = "document_file"
    __table_args__ = (Index("document_file_bytes", "origin", "sha256"),)
    origin: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    sha256: str
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class BlobRow(SQLModel, table=True):
    """Bytes that are in the store, or about to be. `doomed`: they are being taken out, so nobody may count on them."""

    __tablename__ = "blob"
    origin: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    used_at: str
    doomed: bool


class LooseRow(SQLModel, table=True):
    """Bytes that may have lost their last reference. `by`: the document that let go of them, or an upload that holds them
    until a time, and names itself with an @."""

    __tablename__ = "blob_loose"
    origin: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    by: str = Field(primary_key=True)
    until: str
