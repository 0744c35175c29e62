"""Files are read as a whole or as any part of it, by whoever may read the document, and by nobody else."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.catalog.desk import US
from tests.service.catalog.files_desk import Files, opened
from weft.database import Database
from weft.identity import Role

DATA = random.Random(4).randbytes(3_000).hex().encode()
LARGE = random.Random(5).randbytes(1_300_000).hex().encode()
"""Over two MiB."""


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Files]:
    with opened(database, tmp_path) as made:
        yield made


@pytest.mark.parametrize("fields", [{"audience": "local"}, {"audience": "local", "status": "draft"}])
def test_who_may_not_read_the_document_cannot_tell_that_it_has_files(desk: Files, fields: dict[str, str]) -> None:
    id_, _ = desk.with_file(DATA, **fields)
    hidden, absent = desk.read_file(id_, by=Role.ANONYMOUS), desk.read_file("never-was", by=Role.ANONYMOUS)
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["code"] == absent.json()["code"]
    assert desk.read_file(id_).content == DATA
    assert desk.read_file(id_, by=Role.READER).status_code == (404 if fields.get("status") else 200)


def test_a_restricted_file_is_for_the_peer_that_was_approved_under_its_name_alone(desk: Files) -> None:
    desk.admit("eca", "ece")
    id_, _ = desk.with_file(DATA, audience=["eca"])
    path = f"/{US}/{id_}/files/a.txt"
    assert desk.as_peer(path, "eca", "identity-of-eca").content == DATA
    assert desk.as_peer(path, "eca", "another").status_code == 404
    assert desk.as_peer(path, "ece", "identity-of-ece").status_code == 404
    assert desk.as_peer(f"/{US}/{id_}", "eca", "identity-of-eca").status_code == 404  # records go by feeds


def test_no_address_gives_bytes_for_their_hash(desk: Files) -> None:
    id_, _ = desk.with_file(DATA)
    sha256 = hashlib.sha256(DATA).hexdigest()
    for path in (f"/{US}/{id_}/files/{sha256}", f"/{US}/{sha256}", f"/{US}/other/files/{sha256}"):
        assert desk.get(path).status_code in {404, 422}


def test_a_head_is_the_same_without_the_bytes(desk: Files) -> None:
    id_, _ = desk.with_file(DATA)
    head, whole = desk.read_file(id_, method="HEAD"), desk.read_file(id_)
    assert head.content == b""
    assert {**head.headers, "x-request-id": ""} == {**whole.headers, "x-request-id": ""}


def test_who_has_the_file_already_gets_no_bytes(desk: Files) -> None:
    id_, _ = desk.with_file(DATA)
    etag = desk.read_file(id_).headers["ETag"]
    assert desk.read_file(id_, headers={"If-None-Match": etag}).status_code == 304
    assert desk.read_file(id_, headers={"If-None-Match": '"other"'}).status_code == 200
    assert desk.read_file(id_, headers={"If-Match": etag}).status_code == 200
    assert desk.read_file(id_, headers={"If-Match": '"other"'}).status_code == 412


@pytest.mark.parametrize("if_range", ['"other"', 'W/"x"', "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_download_goes_on_only_while_the_file_is_the_same(desk: Files, if_range: str) -> None:
    id_, _ = desk.with_file(DATA)
    etag = desk.read_file(id_).headers["ETag"]
    part = desk.read_file(id_, headers={"Range": "bytes=10-", "If-Range": etag})
    assert (part.status_code, part.content) == (206, DATA[10:])
    whole = desk.read_file(id_, headers={"Range": "bytes=10-", "If-Range": if_range})
    assert (whole.status_code, whole.content) == (200, DATA)


def test_a_range_that_is_not_there_says_how_much_there_is(desk: Files) -> None:
    id_, _ = desk.with_file(DATA)
    answer = desk.read_file(id_, headers={"Range": f"bytes={len(DATA)}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"


def test_every_range_is_the_slice_of_the_file(desk: Files) -> None:
    id_, _ = desk.with_file(LARGE)
    places = st.integers(0, len(LARGE) - 1) | st.sampled_from([0, 2**20 - 1, 2**20, 2**21, len(LARGE) - 1])

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(places, st.integers(0, 3_000_000))
    def each(first: int, more: int) -> None:
        answer = desk.read_file(id_, headers={"Range": f"bytes={first}-{first + more}"})
        last = min(first + more, len(LARGE) - 1)
        assert answer.status_code == 206
        assert answer.content == LARGE[first : last + 1]
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(LARGE)}"

    each()


def test_bytes_of_ours_that_are_lost_are_said_to_be(desk: Files) -> None:
    id_, _ = desk.with_file(DATA)
    for path in desk.kept():
        path.unlink()
    answer = desk.read_file(id_)
    assert (answer.status_code, answer.json()["code"]) == (503, "file-lost")
