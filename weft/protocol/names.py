"""Names of things: records, versions, epochs, feeds. What exists is well-formed: constructors refuse the rest."""

import re
from typing import NamedTuple, Self

from weft.protocol.refusals import Malformed

NAME = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
KIND = r"[a-z][a-z-]{0,31}"
ID = r"(?!\.{1,2}\Z)[a-z0-9._-]{1,128}"
"""Ids stand in paths, so `.` and `..` are none."""
EPOCH = r"[1-9][0-9]{0,8}\.[0-9a-f]{8}"
VERSION = rf"{EPOCH}\.[1-9][0-9]{{0,17}}"

_name = re.compile(NAME)
_kind = re.compile(KIND)
_id = re.compile(ID)
_epoch = re.compile(EPOCH)
_version = re.compile(VERSION)
_cursor = re.compile(rf"{EPOCH}-[1-9][0-9]{{0,17}}-[0-9a-f]{{64}}")

LOCAL = "local"
NETWORK = "network"
OFFICIAL = "un"
"""The origin of official lists, which come with releases and by no feed."""
LAST_EPOCH = 999_999_999


def _matching(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise Malformed(f"{what} {str(text)[:80]!r} does not match {pattern.pattern}")
    return text


def name(text: str) -> str:
    """A service's name, or a feed's audience."""
    return _matching(_name, text, "name")


def node(text: str) -> str:
    """A node's name: never one that would make its own feed pass for `local` or `network`."""
    if text in (LOCAL, NETWORK):
        raise Malformed(f"{text} is an audience; no node has this name")
    return name(text)


def participant(text: str) -> str:
    """The name of a node that takes part: the official lists' is nobody's."""
    if text == OFFICIAL:
        raise Malformed(f"{text} is the origin of official lists; no node has this name")
    return node(text)


class Key(NamedTuple):
    """A record's name in the network: `origin/kind/id`, never reused."""

    origin: str
    kind: str
    id: str

    @classmethod
    def make(cls, origin: str, kind: str, id_: str) -> Self:
        return cls(node(origin), _matching(_kind, kind, "kind"), _matching(_id, id_, "id"))

    @classmethod
    def parse(cls, text: str) -> Self:
        parts = text.split("/")
        if len(parts) != 3:
            raise Malformed(f"key {text[:80]!r} is not origin/kind/id")
        return cls.make(*parts)

    def __str__(self) -> str:
        return f"{self.origin}/{self.kind}/{self.id}"


class Epoch(int):
    """One incarnation of an origin's service: a counter and 32 random bits, so that no two branches share one.

    Held as `counter << 32 | tag`, which orders by the counter and fits a 64-bit column; written `3.9f3a77c1`.
    """

    @classmethod
    def after(cls, highest: int, tag: int) -> Self:
        """The next epoch above the highest known one, told apart by random bits (rule 8)."""
        counter = (highest >> 32) + 1
        if counter > LAST_EPOCH:
            raise Malformed(f"there is no epoch after {LAST_EPOCH}; it cannot have been reached by restarts")
        return cls(counter << 32 | (tag & 0xFFFFFFFF))

    @classmethod
    def parse(cls, text: str) -> Self:
        counter, tag = _matching(_epoch, text, "epoch").split(".")
        return cls(int(counter) << 32 | int(tag, 16))

    def __str__(self) -> str:
        return f"{self >> 32}.{self & 0xFFFFFFFF:08x}"


class Version(NamedTuple):
    """When in a record's life: (epoch, number). The number rises at each change, deletion included."""

    epoch: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        counter, tag, number = _matching(_version, text, "version").split(".")
        return cls(int(counter) << 32 | int(tag, 16), int(number))

    def __str__(self) -> str:
        return f"{self.epoch >> 32}.{self.epoch & 0xFFFFFFFF:08x}.{self.number}"


class Feed(NamedTuple):
    """The ordered log of one origin, one service and one audience: `eclac/catalog/network`."""

    origin: str
    service: str
    audience: str

    @classmethod
    def parse(cls, text: str) -> Self:
        parts = text.split("/")
        if len(parts) != 3:
            raise Malformed(f"feed {text[:80]!r} is not origin/service/audience")
        return cls(node(parts[0]), name(parts[1]), name(parts[2]))

    def __str__(self) -> str:
        return f"{self.origin}/{self.service}/{self.audience}"


class Cursor(NamedTuple):
    """How far a reader of a feed has come. Sequences go on rising over epochs; 0 is before the first commit."""

    epoch: int
    sequence: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Self:
        if text == "0-0-0":
            return cls(0, 0, "")
        epoch, sequence, hash_ = _matching(_cursor, text, "cursor").split("-")
        return cls(Epoch.parse(epoch), int(sequence), hash_)

    def __str__(self) -> str:
        return f"{Epoch(self.epoch) if self.epoch else 0}-{self.sequence}-{self.hash or 0}"


START = Cursor(0, 0, "")
