"""Reading what one wrote: a write is answered with `Weft-After`, and a read that carries it waits until that is known here.

Which answer, which service, which node does not matter: each says by `knows` whether it has taken a change over.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from fastapi import Depends, Request
from sqlmodel import Session

from weft.problems import Invalid, Problem
from weft.protocol.names import Key, Version
from weft.protocol.refusals import Refusal
from weft.records import waiting
from weft.records.node import TheSight
from weft.records.sight import Sight
from weft.records.waiting import Waitable

HEADER: Final = "Weft-After"
MOST: Final = 10
LONGEST_SECONDS: Final = 10.0
READS: Final = frozenset({"GET", "HEAD"})


class NotYetHere(Problem):
    status, code, title = 425, "not-yet-here", "What you wrote has not arrived here yet"
    hint = "Ask again after the time in Retry-After, or without Weft-After to read what there is."
    headers: Mapping[str, str] = {"Retry-After": "1"}


class Knowing(Waitable, Protocol):
    """What waiting for a write needs of the running service."""

    @property
    def knows(self) -> Callable[[Session, Key, Version, Sight], bool]:
        """Whether this service answers with this version of a key, or a later one, as far as a sight is told."""


def headers(key: Key, version: Version) -> dict[str, str]:
    """What the answer to a write carries."""
    return {HEADER: f"{key}@{version}"}


async def arrived(request: Request, sight: TheSight) -> None:
    """Let a read go on once every change that it names is known here.

    Raises:
        Invalid: it names too many, or none that can be.
        NotYetHere: they did not come in time.
    """
    given = request.headers.getlist(HEADER)
    if not given or request.method not in READS:
        return
    wanted = _wanted(given)
    node: Knowing = request.app.state.node

    def missing(session: Session) -> list[str]:
        return [f"{key}@{version}" for key, version in wanted if not node.knows(session, key, version, sight)]

    left = await waiting.until(node, missing, lambda keys: not keys, LONGEST_SECONDS)
    if left:
        raise NotYetHere(f"not here: {', '.join(left)}")


AFTER = [Depends(arrived)]


def _wanted(given: list[str]) -> list[tuple[Key, Version]]:
    texts = [text.strip() for line in given for text in line.split(",")]
    if len(texts) > MOST:
        raise Invalid(f"{HEADER}: {len(texts)} changes are over {MOST}: name the last ones")
    try:
        parted = [text.partition("@") for text in texts]
        return [(Key.parse(key), Version.parse(version)) for key, _, version in parted]
    except Refusal as error:
        raise Invalid(f"{HEADER}: give it back as it was answered, origin/kind/id@version: {error.why}") from None
