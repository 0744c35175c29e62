"""What of the interface is on its way out: said in every answer of it, for a year at least, before it goes.

docs/use/versions.md has the rules. A row is added here when a route is superseded and taken out with the route.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple

from gateway.headers import Headers
from gateway.routing import within

ABOUT = "/docs"


class Retirement(NamedTuple):
    """Since when a route is deprecated (RFC 9745), when it goes (RFC 8594), and what takes its place."""

    since: datetime
    until: datetime
    instead: str

    @property
    def headers(self) -> Headers:
        told = f'<{ABOUT}>; rel="deprecation", <{self.instead}>; rel="successor-version"'
        return [
            (b"deprecation", f"@{int(self.since.timestamp())}".encode()),
            (b"sunset", format_datetime(self.until.astimezone(UTC), usegmt=True).encode()),
            (b"link", told.encode()),
        ]


RETIRING: Mapping[str, Retirement] = {}


def retirement(path: str, retiring: Mapping[str, Retirement]) -> Retirement | None:
    """Whether this path, or one above it, is on its way out."""
    return next((row for prefix, row in retiring.items() if within(path, prefix)), None) if retiring else None
