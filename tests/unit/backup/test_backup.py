"""Backups: what is in one, that only a whole and unaltered one is believed, and that nothing is ever written over.

Over 300 lines, so that all that a backup must refuse stands beside what it must hold.
"""

import hashlib
import io
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyrage
import pytest
from sqlmodel import Session, select

from services.sync.models import PeerRow
from weft.backup import bases, keys, manifest
from weft.backup.flaws import Flaw
from weft.backup.restore import restore, verify
from weft.backup.take import COPIED, take
from weft.journal.models import OwnRow
from weft.keys import NodeKeys, create
from weft.log.models import FeedRow
from weft.protocol.signing import SigningKey
from weft.records import changes
from weft.settings import Settings

FILE = b"%PDF-1.7 a file beside a record"
HASH = hashlib.sha256(FILE).hexdigest()
BODY = b'{"title":"Zufluss"}'
ROWS = 3000


class Kept(NamedTuple):
    """A node that has something to lose, a key for backups, and a backup."""

    settings: Settings
    key: Path
    backup: Path
    taken: manifest.Manifest


def silent(*_: object) -> None: ...


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("backup")
    create(folder / "node")
    (folder / "node" / "node.toml").write_text('node = "ece"\ntitle = "ECE"\n')
    settings = Settings.read(folder / "node")
    for service in COPIED:
        with bases.base(settings, service) as database:
            bases.build(database, service, ["heads"])
    with bases.base(settings, "catalog") as database, database.writing() as session:
        for at in range(ROWS):
            session.add(
                OwnRow(
                    kind="document",
                    id=f"d-{at}",
                    epoch=2**40,
                    number=1,
                    audience="",
                    created_at="",
                    updated_at="",
                    body=BODY,
                )
            )
        session.add(
            FeedRow(name="ece/catalog/network", epoch=2**40, sequence=7, hash="ab" * 32, digest=b"", count=ROWS)
        )
        session.add(FeedRow(name="eca/catalog/network", digest=b""))
    with bases.base(settings, "sync") as database, database.writing() as session:
        peer = {"name": "eca", "identity": "aa" * 32, "title": "ECA", "url": "https://eca.example", "nats_user": "U"}
        session.add(PeerRow(**peer, state="approved", since="", admitted=True, introduced=True))
    place = settings.data / "blobs" / HASH[:2] / HASH
    place.parent.mkdir(parents=True)
    place.write_bytes(FILE)
    recipient = keys.create(folder / "backup.key")
    taken = take(settings, NodeKeys.open(settings.data), folder / "ece.backup", [keys.recipient(recipient)], silent)
    return Kept(settings, folder / "backup.key", folder / "ece.backup", taken.manifest)


@contextmanager
def reading(settings: Settings, service: str) -> Iterator[Session]:
    with bases.base(settings, service) as database, database.reading() as session:
        yield session


def restored(kept: Kept, folder: Path, backup: Path | None = None) -> Settings:
    identities = keys.identities(kept.key)
    found = verify(backup or kept.backup, identities, silent)
    restore(backup or kept.backup, identities, found, folder, silent)
    return Settings.read(folder)


def members(kept: Kept) -> list[tuple[str, bytes]]:
    """What is in the backup, opened with age and tar alone."""
    plain = pyrage.decrypt(kept.backup.read_bytes(), keys.identities(kept.key))
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return [(entry.name, tar.extractfile(entry).read()) for entry in tar]  # type: ignore[union-attr]


def forged(kept: Kept, file: Path, parts: list[tuple[str, bytes]]) -> Path:
    """A backup with these members, made by somebody who knows the recipient, as anybody may."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, data in parts:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    recipients = [identity.to_public() for identity in keys.identities(kept.key)]
    file.write_bytes(pyrage.encrypt(plain.getvalue(), recipients))
    return file


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_restored_node_has_every_row_key_and_file(kept: Kept, tmp_path: Path) -> None:
    settings = restored(kept, tmp_path / "new")
    for service in COPIED:
        with reading(kept.settings, service) as old, reading(settings, service) as new:
            revisions, tables = bases.schema(old)
            assert bases.schema(new)[0] == revisions
            for table in tables:
                if table.name not in {"peer", "shown_generation"}:
                    query = select(table).order_by(*table.primary_key)
                    assert new.connection().execute(query).all() == old.connection().execute(query).all(), table.name
    ours, theirs = files(kept.settings.data), files(tmp_path / "new")
    same = [name for name in ours if name.startswith(("keys/", "blobs/")) or name == "node.toml"]
    assert len(same) > 8
    assert {name: theirs[name] for name in same} == {name: ours[name] for name in same}


def test_what_is_written_can_be_read_by_its_owner_alone(kept: Kept, tmp_path: Path) -> None:
    restored(kept, tmp_path / "new")
    places = [kept.backup, kept.key, *(tmp_path / "new" / "keys").glob("*.seed")]
    assert {stat.S_IMODE(place.stat().st_mode) for place in places} == {0o600}


def test_a_restored_node_carries_out_approvals_again_and_ends_cursors_over_its_changes(
    kept: Kept, tmp_path: Path
) -> None:
    settings = restored(kept, tmp_path / "new")
    with reading(settings, "sync") as session:
        peer = session.exec(select(PeerRow)).one()
        assert (peer.state, peer.admitted, peer.introduced) == ("approved", False, False)
    with reading(settings, "catalog") as after, reading(kept.settings, "catalog") as before:
        assert changes.generation(after) != changes.generation(before)


def test_the_manifest_tells_how_far_the_nodes_own_feeds_were_and_no_others(kept: Kept) -> None:
    assert kept.taken.heads == (manifest.Head("ece/catalog/network", 2**40, 7, "ab" * 32, ROWS),)


def test_a_backup_is_opened_by_the_tools_that_everybody_has(kept: Kept) -> None:
    found = dict(members(kept))
    assert found[f"blobs/{HASH[:2]}/{HASH}"] == FILE
    assert found["keys/identity.seed"] == (kept.settings.data / "keys" / "identity.seed").read_bytes()


def test_a_file_that_is_damaged_or_gone_is_named_and_keeps_no_backup_from_being_made(
    kept: Kept, tmp_path: Path
) -> None:
    wrong = "0" * 64
    place = kept.settings.data / "blobs" / "00" / wrong
    place.parent.mkdir()
    place.write_bytes(b"something else")
    recipients = [identity.to_public() for identity in keys.identities(kept.key)]
    try:
        taken = take(kept.settings, NodeKeys.open(kept.settings.data), tmp_path / "b", recipients, silent)
    finally:
        place.unlink()
    assert taken.manifest.missing == (wrong,)
    assert verify(tmp_path / "b", keys.identities(kept.key), silent).manifest.missing == (wrong,)


def test_one_changed_byte_anywhere_is_noticed(kept: Kept, tmp_path: Path) -> None:
    data = kept.backup.read_bytes()
    for at in (200, len(data) // 2, len(data) - 1):
        (tmp_path / "b").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(Flaw):
            verify(tmp_path / "b", keys.identities(kept.key), silent)


def test_a_backup_that_was_cut_short_is_noticed(kept: Kept, tmp_path: Path) -> None:
    data = kept.backup.read_bytes()
    for length in (0, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "b").write_bytes(data[:length])
        with pytest.raises(Flaw):
            verify(tmp_path / "b", keys.identities(kept.key), silent)


def test_another_key_does_not_open_it(kept: Kept, tmp_path: Path) -> None:
    keys.create(tmp_path / "other.key")
    with pytest.raises(Flaw, match="not for this key"):
        verify(kept.backup, keys.identities(tmp_path / "other.key"), silent)


def _without(name: str, parts: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return [part for part in parts if part[0] != name]


FORGERIES = {
    "another row": lambda parts: [
        (name, bases.zstandard.compress(b"\x90") if ".zst" in name else data) for name, data in parts
    ],
    "another setting": lambda parts: [
        (name, data + b'host = "0.0.0.0"\n' if name == "node.toml" else data) for name, data in parts
    ],
    "no signature": lambda parts: _without(manifest.SIGNATURE, parts),
    "no manifest": lambda parts: _without(manifest.CONTENTS, parts),
    "a member less": lambda parts: _without("keys/recovery.hash", parts),
    "a member more": lambda parts: [*parts[:2], ("keys/more.seed", b"00"), *parts[2:]],
    "something after the end": lambda parts: [*parts, ("keys/more.seed", b"00")],
    "a member that leads out": lambda parts: [parts[0], ("keys/../../out.seed", b"00"), *parts[1:]],
    "a member of an absolute path": lambda parts: [parts[0], ("/tmp/out.seed", b"00"), *parts[1:]],
    "no title": lambda parts: parts[1:],
    "another node's key": lambda parts: [
        (name, b"11" * 32 if name == "keys/identity.seed" else data) for name, data in parts
    ],
    "a table of another service": lambda parts: [
        (name.replace("databases/catalog/own", "databases/sync/own"), data) for name, data in parts
    ],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_the_node_did_not_sign_is_refused_and_leaves_no_node(kept: Kept, tmp_path: Path, forgery: str) -> None:
    file = forged(kept, tmp_path / "b", FORGERIES[forgery](members(kept)))
    with pytest.raises(Flaw):
        restored(kept, tmp_path / "new", file)
    assert not (tmp_path / "new").exists()


def test_a_manifest_that_somebody_else_signed_is_refused(kept: Kept, tmp_path: Path) -> None:
    """Everything agrees with it; only the signature is not by the node whose key is in the backup."""
    other = SigningKey(bytes(32))
    statement, signature = kept.taken.sealed(other)
    parts = [part for part in members(kept) if part[0] not in {manifest.CONTENTS, manifest.SIGNATURE}]
    file = forged(kept, tmp_path / "b", [*parts, (manifest.CONTENTS, statement), (manifest.SIGNATURE, signature)])
    with pytest.raises(Flaw, match="not signed by the node"):
        verify(file, keys.identities(kept.key), silent)


def test_a_bomb_of_rows_is_not_unfolded(kept: Kept, tmp_path: Path) -> None:
    bomb = bases.zstandard.compress(bytes(bases.MEMBER_BYTES + 1))
    assert len(bomb) < 100_000
    parts = [(name, bomb if ".zst" in name else data) for name, data in members(kept)]
    with pytest.raises(Flaw, match="larger than any"):
        verify(forged(kept, tmp_path / "b", parts), keys.identities(kept.key), silent)


def test_a_folder_that_holds_something_is_not_touched(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(Flaw, match="not empty"):
        restored(kept, tmp_path)
    assert files(tmp_path) == {"note": b"mine"}


def test_databases_that_hold_something_are_not_touched(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", f"sqlite:///{kept.settings.data}/{{service}}.db")
    with pytest.raises(Flaw, match="database of catalog is not empty"):
        restored(kept, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_restore_that_fails_in_the_middle_leaves_no_node(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "renew", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(Flaw, match="the disk is full"):
        restored(kept, tmp_path / "new")
    assert not (tmp_path / "new" / "keys" / "identity.seed").exists()
    with bases.base(Settings.read(tmp_path / "new"), "catalog") as database, database.reading() as session:
        assert session.exec(select(OwnRow)).first() is None


def test_a_backup_that_cannot_be_finished_leaves_no_file(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "rows", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    recipients = [identity.to_public() for identity in keys.identities(kept.key)]
    with pytest.raises(Flaw, match="the disk is full"):
        take(kept.settings, NodeKeys.open(kept.settings.data), tmp_path / "b", recipients, silent)
    assert files(tmp_path) == {}


def test_neither_a_backup_nor_a_key_is_ever_written_over(kept: Kept) -> None:
    recipients = [identity.to_public() for identity in keys.identities(kept.key)]
    before = kept.backup.read_bytes(), kept.key.read_bytes()
    with pytest.raises(Flaw, match="is there already"):
        take(kept.settings, NodeKeys.open(kept.settings.data), kept.backup, recipients, silent)
    with pytest.raises(Flaw, match="is there already"):
        keys.create(kept.key)
    assert (kept.backup.read_bytes(), kept.key.read_bytes()) == before


def test_a_node_that_never_ran_has_nothing_to_back_up(tmp_path: Path) -> None:
    create(tmp_path)
    (tmp_path / "node.toml").write_text('node = "ece"\n')
    recipient = keys.recipient(keys.create(tmp_path / "k"))
    with pytest.raises(Flaw, match="no database of catalog yet"):
        take(Settings.read(tmp_path), NodeKeys.open(tmp_path), tmp_path / "b", [recipient], silent)
    assert not (tmp_path / "catalog.db").exists()
