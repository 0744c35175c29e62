"""Bytes go with their last reference, ours and those that were fetched, and not before."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.catalog.documents import DOCUMENT, DocumentIn
from services.catalog.kinds import KINDS
from tests.service.catalog.desk import US, document
from tests.service.catalog.files_desk import Files, opened, version_of
from tests.service.catalog.test_apply import KEY, body, shown
from tests.unit.blobs.conftest import stream
from weft.database import Database
from weft.identity import Role
from weft.journal import seal
from weft.protocol.names import Key
from weft.records import writing

DATA = b"what surveys show\n" * 1000
OTHER = b"what others show\n" * 1000


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Files]:
    with opened(database, tmp_path) as made:
        yield made


def names(desk: Files) -> set[str]:
    """What is kept, after the eraser has looked."""
    desk.erase()
    return {path.name for path in desk.kept()}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sealed(desk: Files) -> None:
    with desk.node.database.writing() as session:
        seal.seal_all(session, desk.node.incarnation)


def removed(desk: Files, id_: str, version: str, query: str = "") -> None:
    answer = desk.request("DELETE", f"/{US}/{id_}{query}", headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 204


def entry(data: bytes, **changed: Any) -> dict[str, Any]:
    """A file as a body names it."""
    said = {"name": "a.txt", "media_type": "text/plain", "size": len(data), "sha256": sha(data), "parts": [sha(data)]}
    return said | changed


def received(desk: Files, *entries: dict[str, Any], number: int = 1, key: Key = KEY, public: bool = True) -> None:
    with desk.node.database.writing() as session:
        assert KINDS.projection.show(session, [shown(number, body(files=list(entries)), public=public, key=key)]) == []


def fetched(desk: Files, data: bytes, origin: str = "eca") -> None:
    """As if it had been read here before."""

    async def keep() -> None:
        async with desk.vault.blobs.stage(stream(data)) as staged:
            await desk.vault.cache(origin, staged)

    assert desk.client.portal is not None
    desk.client.portal.call(keep)


def test_what_a_document_names_stays_and_what_it_replaced_goes(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    assert names(desk) == {sha(DATA)}
    desk.send_file(id_, version, "a.txt", OTHER)
    assert names(desk) == {sha(OTHER)}


def test_what_was_taken_out_goes_unless_another_document_names_it(desk: Files) -> None:
    first, version = desk.with_file(DATA)
    second, other = desk.with_file(DATA, "b.txt")
    desk.read_file(first, method="DELETE", headers={"If-Match": f'"{version}"'})
    assert names(desk) == {sha(DATA)}
    assert desk.read_file(second, "b.txt").content == DATA
    desk.read_file(second, "b.txt", method="DELETE", headers={"If-Match": f'"{other}"'})
    assert names(desk) == set()


def test_a_deletion_that_is_taken_back_finds_its_files(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    removed(desk, id_, version, "?undo_seconds=60")
    assert desk.read_file(id_).status_code in {404, 410}
    assert names(desk) == {sha(DATA)}
    back = desk.request("POST", f"/{US}/{id_}/undelete")
    assert back.status_code == 200, back.text
    assert names(desk) == {sha(DATA)}
    assert desk.read_file(id_).content == DATA


def test_a_deletion_that_was_sealed_takes_its_files_along(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    sealed(desk)
    removed(desk, id_, version)
    assert names(desk) == {sha(DATA)}
    sealed(desk)
    assert names(desk) == set()


def test_what_was_taken_down_is_not_read_any_more_and_goes(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    answer = desk.request(
        "POST",
        f"/{US}/{id_}/takedown",
        json={"reason": "Names a person"},
        headers={"If-Match": f'"{version}"'},
        by=Role.REVIEWER,
    )
    assert answer.is_success, answer.text
    read = desk.read_file(id_, by=Role.ANONYMOUS)
    assert (read.status_code, read.json()["reason"]) == (410, "Names a person")
    sealed(desk)
    assert names(desk) == set()


def test_an_upload_that_came_too_late_leaves_nothing(desk: Files) -> None:
    id_, version = desk.document()

    def late() -> Iterator[bytes]:
        yield DATA
        with desk.node.database.writing() as session:
            meanwhile = DocumentIn.parse(document(title="Meanwhile"), DOCUMENT.name)
            writing.put_many(session, desk.node.incarnation, DOCUMENT, {id_: meanwhile})

    assert desk.send_file(id_, version, "a.txt", late()).status_code == 412
    assert names(desk) == set()


def test_what_a_peers_document_names_no_more_goes_from_the_cache(desk: Files) -> None:
    received(desk, entry(DATA), entry(OTHER, name="b.txt"))
    fetched(desk, DATA)
    fetched(desk, OTHER)
    assert desk.get("/eca/river/files/a.txt", by=Role.ANONYMOUS).content == DATA
    received(desk, entry(OTHER, name="b.txt"), number=2)
    assert names(desk) == {sha(OTHER)}
    with desk.node.database.writing() as session:
        KINDS.projection.hide(session, [KEY])
    assert names(desk) == set()


def test_a_peer_that_names_the_hash_of_our_bytes_gets_nobody_at_them(desk: Files) -> None:
    desk.with_file(DATA, audience="local")
    received(desk, entry(DATA))
    answer = desk.get("/eca/river/files/a.txt", by=Role.ANONYMOUS)
    assert (answer.status_code, answer.json()["code"]) == (503, "owner-unreachable")
    assert "Retry-After" in answer.headers


def test_bytes_of_a_peer_that_are_ours_too_go_from_its_side_alone(desk: Files) -> None:
    id_, _ = desk.with_file(DATA)
    received(desk, entry(DATA))
    fetched(desk, DATA)
    with desk.node.database.writing() as session:
        KINDS.projection.hide(session, [KEY])
    assert names(desk) == {sha(DATA)}
    assert desk.read_file(id_).content == DATA


def test_a_restricted_document_of_a_peer_gives_its_files_to_staff_alone(desk: Files) -> None:
    received(desk, entry(DATA), public=False)
    fetched(desk, DATA)
    assert desk.get("/eca/river/files/a.txt", by=Role.ANONYMOUS).status_code == 404
    assert desk.as_peer("/eca/river/files/a.txt", "ece", "x").status_code == 404
    assert desk.get("/eca/river/files/a.txt", by=Role.READER).content == DATA


def test_the_cache_stays_within_its_budget_and_keeps_what_was_read_last(desk: Files) -> None:
    several = [bytes([number]) * 400_000 for number in range(65, 68)]
    received(desk, *(entry(data, name=f"{number}.txt") for number, data in enumerate(several)))
    ours, _ = desk.with_file(b"ours" * 500_000)
    fetched(desk, several[0])
    fetched(desk, several[1])
    assert names(desk) >= {sha(several[0]), sha(several[1])}
    assert desk.get("/eca/river/files/0.txt").content == several[0]
    fetched(desk, several[2])
    assert names(desk) == {sha(several[0]), sha(several[2]), sha(b"ours" * 500_000)}
    assert desk.get("/eca/river/files/1.txt").status_code == 503
    assert desk.read_file(ours).is_success


def test_what_is_found_in_the_store_after_a_restore_stays_or_goes_as_documents_say(desk: Files) -> None:
    desk.with_file(DATA)
    with desk.node.database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM blob")
    stray = desk.vault.blobs.staging.folder.parent / sha(OTHER)[:2] / sha(OTHER)
    stray.parent.mkdir()
    stray.write_bytes(OTHER)
    assert desk.client.portal is not None
    desk.client.portal.call(desk.vault.eraser._adopt)
    assert names(desk) == {sha(DATA)}


@pytest.mark.parametrize(
    "wrong",
    [{"name": "../a.txt"}, {"sha256": "x"}, {"media_type": "text/html; x=\r\n"}, {"parts": ["x"]}, {"size": 0}],
)
def test_a_file_that_cannot_be_told_safely_is_not_shown(desk: Files, wrong: dict[str, Any]) -> None:
    with desk.node.database.writing() as session:
        rejected = KINDS.projection.show(session, [shown(1, body(files=[entry(DATA, **wrong)]))])
    assert [each.key for each in rejected] == [KEY]


def test_a_type_and_a_size_of_a_later_release_are_shown_and_never_run(desk: Files) -> None:
    received(desk, entry(DATA, media_type="text/html", size=len(DATA)), entry(OTHER, name="huge.txt", size=10**12))
    fetched(desk, DATA)
    answer = desk.get("/eca/river/files/a.txt")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert desk.get("/eca/river/files/huge.txt").json()["code"] == "file-lost"


def test_bytes_that_the_eraser_is_about_to_take_out_are_not_counted_on(desk: Files) -> None:
    id_, version = desk.document()
    with desk.node.database.writing() as session:
        session.connection().exec_driver_sql(
            f"INSERT INTO blob VALUES ('{US}', '{sha(DATA)}', 1, '2026-01-01T00:00:00.000Z', true)"
        )
    assert desk.send_file(id_, version, "a.txt", DATA).json()["code"] == "not-now"
    assert names(desk) == set()
    assert version_of(desk.send_file(id_, version, "a.txt", DATA)) != version
    assert names(desk) == {sha(DATA)}


def test_what_a_peer_may_not_have_any_more_is_refused_to_it(desk: Files) -> None:
    desk.admit("eca")
    id_, version = desk.with_file(DATA, audience=["eca"])
    path = f"/{US}/{id_}/files/a.txt"
    assert desk.as_peer(path, "eca", "identity-of-eca").is_success
    desk.put(id_, document(audience="local"), version=version)
    assert desk.as_peer(path, "eca", "identity-of-eca").status_code == 404
