"""Making a node from a backup, where there is none. What the node then does by itself is rule 8: it opens a new epoch."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple

from sqlalchemy import Table as Target
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from weft.backup import bases, private
from weft.backup.contents import IDENTITY, SETTINGS, Contents, Nothing, walk
from weft.backup.flaws import Flaw
from weft.backup.keys import Identity
from weft.backup.manifest import Base, Manifest
from weft.problems import Unavailable
from weft.settings import Settings

AGAIN = "Remove the folder, make the databases anew, and restore once more."
EMPTY = "Restore into a new folder and new databases: nothing that is there is ever written over."


class Found(NamedTuple):
    """A backup that is whole and signed by the node whose key is in it."""

    manifest: Manifest
    fingerprint: str
    settings: bytes


def verify(file: Path, identities: list[Identity], tell: Callable[[int], None]) -> Found:
    """Read all of a backup.

    Raises:
        Flaw: it is not whole, or not as it was written.
    """
    return _found(walk(file, identities, Nothing(), tell))


def target(found: Found, folder: Path) -> Settings:
    """The settings that the node would have in this folder; the environment's come before those in the backup.

    Raises:
        Flaw: something is in the folder, or in the databases that they name.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Flaw(f"{folder} is not empty", EMPTY)
    with TemporaryDirectory() as apart:
        (Path(apart) / SETTINGS).write_bytes(found.settings)
        settings = Settings.read(Path(apart)).model_copy(update={"data": folder})
    if settings.node != found.manifest.title.node:
        raise Flaw(f"the backup is of {found.manifest.title.node}, not of {settings.node}", "Unset WEFT_NODE.")
    for base in found.manifest.databases:
        if bases.present(settings, base.service):
            with bases.base(settings, base.service) as database:
                if bases.tables(database):
                    raise Flaw(f"the database of {base.service} is not empty", EMPTY)
    return settings


def restore(file: Path, identities: list[Identity], found: Found, folder: Path, tell: Callable[[int], None]) -> None:
    """Make the node. The file was read to its end before; it is checked again all the same.

    Raises:
        Flaw: the target is not empty, or something went wrong; then there is no node, for its key is written last.
    """
    settings = target(found, folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            node = _Node(settings, folder, stack)
            if _found(walk(file, identities, node, tell)) != found:
                raise Flaw("the backup changed while it was restored", AGAIN)
            node.renew()
        node.identify()
    except (SQLAlchemyError, Unavailable, OSError) as error:
        raise Flaw(f"the node could not be made: {error}", AGAIN) from error


def _found(contents: Contents) -> Found:
    assert contents.manifest
    assert contents.identity
    return Found(contents.manifest, contents.identity.fingerprint, contents.settings)


class _Node:
    """A node that is being made. Its databases are committed when the stack is left without an exception."""

    def __init__(self, settings: Settings, folder: Path, stack: ExitStack) -> None:
        self._settings = settings
        self._folder = folder
        self._stack = stack
        self._sessions: dict[str, Session] = {}
        self._targets: dict[str, dict[str, Target]] = {}
        self._identity = b""

    def small(self, name: str, data: bytes) -> None:
        if name == IDENTITY:
            self._identity = data
        else:
            self._write(name, data)

    def base(self, base: Base) -> None:
        database = self._stack.enter_context(bases.base(self._settings, base.service))
        bases.build(database, base.service, base.revisions)
        self._sessions[base.service] = session = self._stack.enter_context(database.writing())
        _, found = bases.schema(session)
        for table in reversed(found):
            session.connection().execute(table.delete())  # what its migrations put there stands in the backup too
        self._targets[base.service] = targets = {table.name: table for table in found}
        for table in base.tables:
            if table.name not in targets or set(table.columns) - set(targets[table.name].columns.keys()):
                raise Flaw(f"this version has no table {base.service}/{table.name} as it was", AGAIN)

    def rows(self, base: Base, table: str, found: list[list[object]]) -> None:
        columns = next(each.columns for each in base.tables if each.name == table)
        bases.load(self._sessions[base.service], self._targets[base.service][table], columns, found)

    def blob(self, place: str, stream: IO[bytes]) -> None:
        path = self._folder / place
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private.new(path) as out:
            shutil.copyfileobj(stream, out)

    def renew(self) -> None:
        for service, session in self._sessions.items():
            bases.count_on(session, list(self._targets[service].values()))
            bases.renew(session, service)

    def identify(self) -> None:
        """The last step: where this key is, there is a node."""
        self._write(IDENTITY, self._identity)

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private.new(path) as out:
            out.write(data)
