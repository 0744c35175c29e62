"""HTTP preconditions (RFC 9110, section 13) on a record's version, with which its ETag begins.

What follows a semicolon in an ETag is of what was answered beside the record: a write is not about that.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple, Self

from starlette.datastructures import Headers

from weft.problems import Problem, Stale
from weft.protocol.names import Version

_tag = re.compile(r'(W/)?"([^"]*)"|(\*)')


class Unconditional(Problem):
    status, code, title = 428, "condition-required", "A change of a record must say which version it changes"
    hint = "Read the record, and send its ETag in If-Match; 'If-Match: *' takes whatever is there."


class Precondition(NamedTuple):
    """What a request demands of the present version. None: the header was not sent. A `*` stands for any."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Weak tags are left out of If-Match, which compares strongly."""
        return cls(
            _versions(_tags(headers.getlist("if-match"), weak=False)),
            _tags(headers.getlist("if-none-match"), weak=True),
        )

    def demand(self, present: Version | None) -> None:
        """Let a write to a record at this version pass; None: there is no such record.

        Raises:
            Stale: the record is not as the request demands.
            Unconditional: it would change a record without saying which version.
        """
        if self.match is not None and not _has(self.match, present):
            raise Stale(f"the record is at {present}" if present else "there is no such record")
        if self.none_match is not None and _has(self.none_match, present):
            raise Stale(f"the record exists already, at {present}")
        if present and self.match is None:
            raise Unconditional(f"the record is at {present}")

    def has(self, present: str) -> bool:
        """Whether a reader who sent If-None-Match has this version already."""
        return self.none_match is not None and bool({"*", present} & self.none_match)


NEW = Precondition(none_match=frozenset("*"))
"""There must be no such record yet."""


def _has(tags: frozenset[str], present: Version | None) -> bool:
    return present is not None and bool({"*", str(present)} & tags)


def _versions(tags: frozenset[str] | None) -> frozenset[str] | None:
    return None if tags is None else frozenset(tag.partition(";")[0] for tag in tags)


def _tags(lines: Iterable[str], *, weak: bool) -> frozenset[str] | None:
    lines = list(lines)
    if not lines:
        return None
    found = [match.groups() for line in lines for match in _tag.finditer(line)]
    return frozenset(star or tag for is_weak, tag, star in found if weak or not is_weak)
