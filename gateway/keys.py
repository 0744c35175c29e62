"""API keys: making, listing, revoking and recognising them. No HTTP here.

A secret has 256 random bits, so a fast hash is enough: there is nothing to guess, only something to keep out of backups.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from gateway.models import KeyRow
from weft.clock import utc_now
from weft.database import Database
from weft.identity import Role
from weft.problems import NotFound, Unauthenticated

PREFIX = "weft_"
FRESH_SECONDS = 1.0
"""How long a key is believed without asking the database: what another process revoked ends within this time."""
NOTED_SECONDS = 60.0
CACHED = 1_000


class Made(NamedTuple):
    row: KeyRow
    secret: str


def make(session: Session, *, name: str, role: Role, expires_at: str | None = None) -> Made:
    """A new key. Its secret is in what this returns and nowhere else."""
    id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = KeyRow(
        id=id_,
        secret_hash=_hash(secret),
        name=name,
        role=role.value,
        created_at=utc_now(),
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return Made(row, f"{PREFIX}{id_}_{secret}")


def find(session: Session, id_: str) -> KeyRow | None:
    return session.exec(select(KeyRow).where(KeyRow.id == id_)).first()


def revoke(session: Session, id_: str) -> None:
    """End a key; ending it twice changes nothing.

    Raises:
        NotFound: there is no such key.
    """
    row = find(session, id_)
    if row is None:
        raise NotFound(f"there is no key {id_}")
    row.revoked_at = row.revoked_at or utc_now()
    session.add(row)


class Page(NamedTuple):
    rows: list[KeyRow]
    total: int
    next: str | None


def page(session: Session, *, after: int, limit: int) -> Page:
    """Keys in the order in which they were made."""
    number = col(KeyRow.number)
    rows = list(session.exec(select(KeyRow).where(number > after).order_by(number).limit(limit + 1)))
    shown = rows[:limit]
    more = str(shown[-1].number) if len(rows) > limit else None
    return Page(shown, session.exec(select(func.count()).select_from(KeyRow)).one(), more)


class Keyring:
    """Recognises keys, asking the database about each at most once a second, and notes when they were used."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._fresh: dict[str, tuple[float, KeyRow | None]] = {}
        self._used: dict[str, str] = {}

    async def holder(self, token: str) -> KeyRow:
        """The key that a bearer token is.

        Raises:
            Unauthenticated: it is none, or its time is over.
        """
        id_, _, secret = token.removeprefix(PREFIX).partition("_")
        if not token.startswith(PREFIX) or not secret or len(token) > 200:
            raise Unauthenticated("the bearer token is not a key of a node: those begin with 'weft_'")
        row = await self._row(id_)
        if row is None or not hmac.compare_digest(row.secret_hash, _hash(secret)):
            raise Unauthenticated("the key is not known here")
        if row.revoked_at is not None:
            raise Unauthenticated(f"the key {id_} has been revoked")
        if row.expires_at is not None and row.expires_at <= utc_now():
            raise Unauthenticated(f"the key {id_} has expired")
        self._used[id_] = utc_now()
        return row

    def forget(self, id_: str) -> None:
        """Something changed about this key: ask the database at its next use."""
        self._fresh.pop(id_, None)

    async def note(self) -> None:
        """Write down when keys were last used."""
        used, self._used = self._used, {}
        if used:
            await self._database.write(_note, used)

    async def noting(self) -> None:
        """Note uses for ever; a use is written down within a minute and not once a request."""
        while True:
            await asyncio.sleep(NOTED_SECONDS)
            await self.note()

    async def _row(self, id_: str) -> KeyRow | None:
        until, row = self._fresh.get(id_, (0.0, None))
        if self._clock() < until:
            return row
        until = self._clock() + FRESH_SECONDS
        row = await self._database.read(find, id_)
        if len(self._fresh) >= CACHED:
            self._fresh.clear()
        self._fresh[id_] = (until, row)
        return row


def _note(session: Session, used: dict[str, str]) -> None:
    for id_, at in used.items():
        session.connection().execute(update(KeyRow).where(col(KeyRow.id) == id_).values(last_used_at=at))


def _hash(secret: str) -> str:
    return hashlib.sha256(b"weft/api-key/v1\0" + secret.encode()).hexdigest()
