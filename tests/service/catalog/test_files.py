"""Files are sent whole and checked, and are part of their document."""

import base64
import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.catalog import files_api
from tests.service.catalog.desk import US, document
from tests.service.catalog.files_desk import Files, opened, version_of
from tests.unit.blobs import build
from weft.database import Database
from weft.identity import Role
from weft.records.files import FILES

DATA = random.Random(4).randbytes(3_000).hex().encode()
LARGE = random.Random(5).randbytes(1_300_000).hex().encode()
"""Over two MiB."""


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Files]:
    with opened(database, tmp_path) as made:
        yield made


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def test_a_file_is_read_as_it_was_sent(desk: Files) -> None:
    id_, _ = desk.with_file(LARGE)
    answer = desk.read_file(id_, by=Role.ANONYMOUS)
    sha256 = hashlib.sha256(LARGE).hexdigest()
    assert answer.content == LARGE
    assert answer.headers["ETag"] == f'"{sha256}"'
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Length"] == str(len(LARGE))
    assert answer.headers["Repr-Digest"] == digest(LARGE)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_document_tells_its_files_and_what_makes_up_each_stays_between_nodes(desk: Files) -> None:
    id_, version = desk.document()
    answer = desk.send_file(
        id_, version, "brief.pdf?title=The+brief&language=ES", pdf := build.pdf(), "application/pdf"
    )
    told = {
        "name": "brief.pdf",
        "media_type": "application/pdf",
        "size": len(pdf),
        "sha256": hashlib.sha256(pdf).hexdigest(),
        "title": "The brief",
        "language": "es",
    }
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/documents/{US}/{id_}/files/brief.pdf"
    assert answer.headers["Weft-After"] == f"{US}/document/{id_}@{version_of(answer)}"
    assert answer.json()["files"] == desk.get(f"/{US}/{id_}").json()["files"] == [told]
    assert desk.get("").json()["items"][0]["files"] == [told]


def test_the_same_file_again_changes_nothing_and_another_of_its_name_replaces_it(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    again = desk.send_file(id_, version, "a.txt", DATA)
    assert (again.status_code, version_of(again)) == (200, version)
    other = desk.send_file(id_, version, "a.txt", b"other")
    assert other.status_code == 200
    assert version_of(other) != version
    assert desk.read_file(id_).content == b"other"
    assert len(other.json()["files"]) == 1


def test_a_file_that_is_taken_out_is_not_there_and_the_others_are(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    version = version_of(desk.send_file(id_, version, "b.txt", b"b"))
    answer = desk.read_file(id_, method="DELETE", headers={"If-Match": f'"{version}"'})
    assert [file["name"] for file in answer.json()["files"]] == ["b.txt"]
    assert desk.read_file(id_).status_code == 404
    assert desk.read_file(id_, "b.txt").content == b"b"
    gone = desk.read_file(id_, method="DELETE", headers={"If-Match": f'"{version_of(answer)}"'})
    assert gone.status_code == 404


def test_putting_the_document_keeps_its_files_and_files_are_no_field_of_it(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    same = desk.put(id_, document(), version=version)
    assert (same.status_code, version_of(same)) == (200, version)
    revised = desk.put(id_, document(title="Another title"), version=version)
    assert [file["name"] for file in revised.json()["files"]] == ["a.txt"]
    assert desk.read_file(id_).content == DATA
    refused = desk.put(id_, document(files=[]), version=version_of(revised))
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["field"] == "files"


def test_a_document_without_files_says_nothing_of_them(desk: Files) -> None:
    id_, version = desk.with_file(DATA)
    assert "files" not in desk.get(f"/{US}/{desk.document()[0]}").json()
    out = desk.read_file(id_, method="DELETE", headers={"If-Match": f'"{version}"'})
    assert "files" not in out.json()


@pytest.mark.parametrize(("headers", "status"), [({}, 428), ({"If-Match": '"1.00000001.1"'}, 412)])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_of_files_says_which_version_of_the_document_it_changes(
    desk: Files, headers: dict[str, str], status: int, method: str
) -> None:
    id_, _ = desk.with_file(DATA)
    answer = desk.read_file(id_, method=method, headers={"Content-Type": "text/plain"} | headers)
    assert answer.status_code == status
    assert desk.read_file(id_).content == DATA


def test_the_bytes_of_a_refused_request_are_not_even_read(desk: Files) -> None:
    def endless() -> Iterator[bytes]:
        yield b"x"
        raise AssertionError("it went on reading")

    id_, _ = desk.document()
    assert desk.send_file(id_, "1.00000001.1", "a.txt", endless()).status_code == 412
    assert desk.kept() == []


@pytest.mark.parametrize("by", [Role.ANONYMOUS, Role.READER])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_editors_change_files(desk: Files, by: Role, method: str) -> None:
    id_, version = desk.with_file(DATA)
    headers = {"If-Match": f'"{version}"', "Content-Type": "text/plain"}
    answer = desk.read_file(id_, method=method, by=by, headers=headers)
    assert answer.status_code == (401 if by is Role.ANONYMOUS else 403)


def test_files_of_others_documents_and_of_none_are_refused(desk: Files) -> None:
    theirs = desk.request("PUT", "/ece/x/files/a.txt", content=b"x", headers={"Content-Type": "text/plain"})
    assert (theirs.status_code, theirs.json()["owner"]) == (409, "ece")
    assert desk.send_file("never-was", "1.00000001.1", "a.txt", b"x").status_code == 404


@pytest.mark.parametrize("field", ["Content-Digest", "Repr-Digest"])
def test_a_digest_is_checked_against_what_came(desk: Files, field: str) -> None:
    id_, version = desk.document()
    wrong = desk.send_file(id_, version, "a.txt", DATA, headers={field: digest(b"other")})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "digest-mismatch")
    assert desk.send_file(id_, version, "a.txt", DATA, headers={field: "x"}).status_code == 400
    assert desk.kept() == []
    assert desk.send_file(id_, version, "a.txt", DATA, headers={field: digest(DATA)}).status_code == 201


@pytest.mark.parametrize(
    ("name", "kind", "data", "status", "code"),
    [
        ("a.pdf", "application/pdf", DATA, 422, "type-denied"),
        ("a.txt", "text/plain", build.pdf() + b"\0", 422, "type-denied"),
        ("a.exe", "text/plain", DATA, 422, "type-denied"),
        ("a.docx", f"{build.OFFICE}.wordprocessingml.document", build.overlapping(), 422, "type-denied"),
        ("a.html", "text/html", b"<script>", 415, "type-not-taken"),
        ("a.txt", "", DATA, 415, "type-not-taken"),
        ("con.txt", "text/plain", DATA, 422, "invalid"),
        ("..%5Ca.txt", "text/plain", DATA, 422, "invalid"),
        ("a%00.txt", "text/plain", DATA, 422, "invalid"),
        ("a%E2%80%AEtxt.exe", "text/plain", DATA, 422, "invalid"),
        ("x" * 200 + ".txt", "text/plain", DATA, 422, "invalid"),
        ("a.txt", "text/plain", b"", 422, "invalid"),
    ],
)
def test_what_is_no_file_that_is_taken_leaves_nothing(
    desk: Files, name: str, kind: str, data: bytes, status: int, code: str
) -> None:
    id_, version = desk.document()
    answer = desk.send_file(id_, version, name, data, kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["hint"]
    assert desk.kept() == []
    assert version_of(desk.get(f"/{US}/{id_}")) == version


def test_an_encoded_body_is_not_taken(desk: Files) -> None:
    id_, version = desk.document()
    answer = desk.send_file(id_, version, "a.txt", DATA, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_more_than_is_taken_is_refused_whether_it_is_said_or_not(desk: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = files_api.LARGE["/api/v1/documents/*/*/files/*"]
    id_, version = desk.document()
    said = desk.send_file(id_, version, "a.txt", b"x", headers={"Content-Length": str(limit + 1)})
    assert said.status_code == 413
    pieces = (b"y" * 1_000_000 for _ in range(limit // 1_000_000 + 1))
    assert desk.send_file(id_, version, "a.txt", pieces).status_code == 413
    assert desk.kept() == []


def test_a_record_at_an_address_that_looks_like_a_files_takes_no_more_than_a_record(desk: Files) -> None:
    body = b'{"title": "' + b"x" * 2_000_000 + b'"}'
    answer = desk.request("PUT", f"/{US}/files", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_a_document_has_so_many_files_and_no_more(desk: Files) -> None:
    id_, version = desk.document()
    for number in range(FILES):
        version = version_of(desk.send_file(id_, version, f"{number}.txt", b"%d" % number))
    assert desk.send_file(id_, version, "one-more.txt", b"x").status_code == 413
    assert desk.send_file(id_, version, "0.txt", b"x").status_code == 200


def test_of_many_who_send_a_file_of_one_name_at_once_one_wins_and_the_others_are_told(desk: Files) -> None:
    id_, version = desk.document()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda at: desk.send_file(id_, version, "a.txt", b"%d" % at * 70_000), range(6)))
    won = [at for at, answer in enumerate(answers) if answer.is_success]
    assert len(won) == 1
    assert {answer.status_code for answer in answers} == {201, 412}
    assert desk.read_file(id_).content == b"%d" % won[0] * 70_000
    desk.erase()
    assert len(desk.kept()) == 1


def test_two_spellings_of_a_name_are_one_file(desk: Files) -> None:
    id_, version = desk.document()
    version = version_of(desk.send_file(id_, version, "re%CC%81sume%CC%81.txt", b"one"))
    answer = desk.send_file(id_, version, "r%C3%A9sum%C3%A9.txt", b"two")
    assert [file["name"] for file in answer.json()["files"]] == ["résumé.txt"]
    read = desk.read_file(id_, "re%CC%81sume%CC%81.txt")
    assert read.content == b"two"
    assert (
        read.headers["Content-Disposition"]
        == "attachment; filename=\"r_sum_.txt\"; filename*=UTF-8''r%C3%A9sum%C3%A9.txt"
    )
