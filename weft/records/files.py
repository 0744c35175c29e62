"""Files as the bodies of records name them. Their bytes are blobs; who may have them is who may have the record."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from weft.blobs import names
from weft.blobs.manifest import Manifest
from weft.blobs.types import KINDS
from weft.problems import Invalid, Problem
from weft.records import wire
from weft.records.words import Language, Title

FILES = 20
"""So many may one record have: the hashes of their parts stand in its body."""
MOST = 200
"""So many are taken from a feed: a later release may allow more than this one."""
PLAIN = "application/octet-stream"


def _name(text: str) -> str:
    try:
        if names.safe(text) == text:
            return text
    except Invalid as problem:
        raise ValueError(problem.detail.removeprefix("name: ")) from None
    raise ValueError("must be spelt in NFC")


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}$")]


class FileLost(Problem):
    status, code, title = 503, "file-lost", "The bytes of this file are not where they should be"
    hint = "Tell the operator of the node: the file has to be sent again, or brought back from a backup."


class FileOut(BaseModel):
    """A file as it is told: its bytes are at the record's address, `/files/` and the name."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Annotated[str, Field(max_length=names.NAME_BYTES), AfterValidator(_name)]
    media_type: MediaType
    size: int = Field(ge=1)
    sha256: Sha256
    title: Title | None = None
    language: Language | None = None


class File(FileOut):
    """A file as a body names it. `parts`: the SHA-256 of each MiB. A later release may allow what this one cannot fetch."""

    parts: tuple[Sha256, ...] = Field(max_length=10_000)

    @property
    def entry(self) -> bytes:
        """As a body has it."""
        return wire.write(self.model_dump(mode="json", exclude_none=True))

    @property
    def manifest(self) -> Manifest:
        """What its bytes must be.

        Raises:
            FileLost: they are none that this release can have.
        """
        try:
            return Manifest(self.size, self.sha256, self.parts)
        except ValueError as error:
            raise FileLost(f"{self.name}: {error}") from None

    @property
    def served_as(self) -> str:
        """The media type of an answer: nothing that a browser would run, whoever has published it."""
        return self.media_type if self.media_type in KINDS else PLAIN


def told(files: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Files as they are answered: who reads one gets it verified, and the hashes of its parts are for nodes."""
    return [{name: value for name, value in file.items() if name != "parts"} for file in files]
