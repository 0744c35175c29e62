"""What a follower is given, and what it knows of itself: for the code that makes it, and for people."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from weft.clock import utc_now
from weft.database import Database
from weft.exchange.source import Source
from weft.exchange.states import State, behind
from weft.inbox.settle import Inbox
from weft.protocol.names import START, Cursor, Feed
from weft.protocol.signing import VerifyKey
from weft.protocol.statements import Head

Keys = Mapping[str, VerifyKey]


async def at_once() -> None:
    """A reader that waits for nobody."""


@dataclass(frozen=True)
class Following:
    """What a follower needs to know of its feed: who signs its commits, who signs the holder's heads, and how to apply.

    `rereads`: a reader past the epoch's predecessor may just read a snapshot, since it has nothing to hand back.
    """

    feed: Feed
    source: Source
    keys: Keys
    holder_keys: Keys
    database: Database
    inbox: Inbox
    service: str
    rereads: bool
    poll_seconds: float
    applied: Callable[[Feed], None] = lambda _: None
    patience: Callable[[], Awaitable[None]] = at_once
    """Waited for before each question, by a reader that lets others go first."""
    hinted: Callable[[], bool] = lambda: True
    """Whether hints reach us now; while they do not, the follower asks with long polls."""


@dataclass
class Progress:
    """What a follower knows of itself, for people. Nothing is decided by it."""

    state: State = State.PENDING
    since: str = field(default_factory=utc_now)
    why: str = ""
    cursor: Cursor = START
    head: Head | None = None
    digest: str = ""
    count: int = 0
    position: int = 0
    staged: bool = False
    behind_since: float | None = None
    equal_at: str | None = None
    attempted_at: str | None = None
    succeeded_at: str | None = None
    next_try: str | None = None
    refused: int = 0

    @property
    def behind(self) -> int | None:
        return behind(self.cursor, self.head)

    @property
    def behind_changes(self) -> int | None:
        """Changes between us and the holder's head; None while no head is known."""
        return None if self.head is None else max(0, self.head.position - self.position)

    def behind_seconds(self, now: float) -> float | None:
        """How long, by our own monotonic clock, something has been known and not applied; None: no head is known."""
        if self.head is None:
            return None
        return now - self.behind_since if self.behind_since is not None else 0.0

    def look(self, now: float) -> None:
        """Note since when we are behind."""
        if not self.behind:
            self.behind_since = None
        elif self.behind_since is None:
            self.behind_since = now
