"""Documents as their bodies travel: the catalog and the search read them alike, so that they take and refuse the same."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from weft.records.files import MOST, File
from weft.records.forms import Form
from weft.records.words import M49, Address, Day, Keys, Language, Name, Once, RecordKey, Slug, Slugs, Title

KIND: Final = "document"


def _document(key: str) -> str:
    if key.split("/")[1] != KIND:
        raise ValueError(f"must be the key of a document, origin/{KIND}/id")
    return key


DocumentKey = Annotated[RecordKey, AfterValidator(_document)]


class Described(BaseModel):
    """What is said of a document in every form. The order of fields is the order on the wire.

    `translation_of` and `version_of` name the first document of a work, not another translation or version of it.
    """

    model_config = ConfigDict(frozen=True)

    type: Slug
    title: Title
    description: str | None = Field(None, max_length=5_000)
    text: str | None = Field(None, max_length=400_000)
    language: Language
    creator: tuple[Name, ...] = Field((), max_length=100)
    subject: tuple[Name, ...] = Field((), max_length=100)
    themes: Slugs = Field((), max_length=50)
    groups: Slugs = Field((), max_length=50)
    countries: Annotated[tuple[M49, ...], Once] = Field((), max_length=300)
    issued: Day | None = None
    license: Name | None = None
    source: Address | None = None
    relation: Keys = Field((), max_length=200)
    translation_of: DocumentKey | None = None
    version_of: DocumentKey | None = None
    replaces: Annotated[tuple[DocumentKey, ...], Once] = Field((), max_length=50)
    status: Slug


class Document(Form, Described):
    """A document as its body travels. None: it has no files."""

    files: tuple[File, ...] | None = Field(None, max_length=MOST)


def read(body: bytes) -> Document:
    """The document in a body that came by a feed or from the journal.

    Raises:
        Malformed, Invalid: it is none.
    """
    return Document.read(body, KIND)
