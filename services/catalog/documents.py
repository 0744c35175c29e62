"""Documents, described: briefs, plans, publications and the like, as editors write them, as they are found and answered."""

from typing import Literal

from pydantic import Field

from services.catalog import holds, works
from services.catalog.terms import About, Countries, Groups, Status, Themes, about
from services.catalog.works import InWork
from weft.records.countries import CountryOut, all_codes
from weft.records.documents import KIND, Described, Document
from weft.records.files import FileOut, told
from weft.records.forms import Draft, Told
from weft.records.kinds import Kind, Tags
from weft.records.words import RecordKey

Type = Literal["policy-brief", "national-plan", "publication", "good-practice", "training-material", "data-note"]


class DocumentIn(Draft, Described):
    """A document as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    type: Type
    themes: Themes = Field((), max_length=50)
    groups: Groups = Field((), max_length=50)
    countries: Countries = Field((), max_length=300)
    status: Status


class DocumentOut(Told, Described):
    """A document as it is answered. Lists leave `text` out, and the other documents of its work."""

    countries: tuple[CountryOut, ...]  # type: ignore[assignment]  # answered with all three codes
    files: tuple[FileOut, ...] | None = None
    translations: tuple[InWork, ...] = ()
    versions: tuple[InWork, ...] = ()


class DocumentFilters(About):
    """Which documents are asked for. `work`: the first document of a work, its translations and its versions."""

    type: Type | None = None
    relation: RecordKey | None = None
    work: RecordKey | None = None


def _tags(document: Described) -> Tags:
    first = [key for key in (document.translation_of, document.version_of) if key]
    return {
        **about(document),
        "work": first,
        "type": [document.type],
        "relation": document.relation,
        "translation_of": [document.translation_of] if document.translation_of else [],
        "version_of": [document.version_of] if document.version_of else [],
        "replaces": document.replaces,
    }


DOCUMENT = Kind(
    name=KIND,
    plural="documents",
    draft=DocumentIn,
    form=Document,
    told=DocumentOut,
    filters=DocumentFilters,
    tags=_tags,
    answered={"countries": all_codes, "files": told},
    whole=frozenset({"text"}),
    carried=holds.carried,
    kept=holds.shown,
    dropped=holds.let_go,
    group="work",
    beside=works.of,
)
