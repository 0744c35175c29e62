"""The official lists that ship with a release: frameworks, what is in them, names of codes. Their sources: README.md."""

from typing import Final

from weft.protocol.names import OFFICIAL

ORIGIN: Final = OFFICIAL
RELEASE: Final = 1
"""The version of every record of these lists. It rises whenever a table here changes."""
RELEASED_AT: Final = "2026-11-24T00:00:00.000Z"
