"""Importing in bulk: all or nothing, dry runs, going on without what is refused, and importing again."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from services.catalog.documents import DOCUMENT
from tests.service.catalog.desk import US, Catalog, document
from weft.identity import Role
from weft.journal import seal
from weft.journal.models import OwnRow, PendingRow
from weft.records import imports, portions, reports
from weft.records import lines as import_lines
from weft.records.models import ShownRow

DEMO = Path(__file__).parents[3] / "demo"


def lines(*documents: dict[str, Any] | bytes) -> bytes:
    return b"".join(
        one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in documents
    )


def counts(report: dict[str, Any]) -> tuple[int, int, int, int]:
    return report["created"], report["revised"], report["unchanged"], report["refused"]


def versions(catalog: Catalog) -> dict[str, int]:
    with catalog.node.database.reading() as session:
        pending = len(session.exec(select(PendingRow)).all())
        rows = {row.id: row.number for row in session.exec(select(OwnRow))}
        assert pending == sum(rows.values())
        assert rows == {row.id: row.number for row in session.exec(select(ShownRow)) if row.audience}
    return rows


def numbered(count: int, **changed: Any) -> list[dict[str, Any]]:
    return [document(id=f"d{at}", title=f"Document {at}", **changed) for at in range(count)]


@pytest.mark.parametrize("node", ["eca", "ece", "eclac", "escap", "escwa"])
def test_the_demonstrations_documents_come_in_and_again_change_nothing(catalog: Catalog, node: str) -> None:
    catalog.admit("eca")
    data = (DEMO / node / "documents.ndjson").read_bytes()
    count = len(data.splitlines())
    first = catalog.load(data)
    assert (first.status_code, counts(first.json())) == (200, (count, 0, 0, 0))
    before = versions(catalog)
    again = catalog.load(data)
    assert counts(again.json()) == (0, 0, count, 0)
    assert versions(catalog) == before
    for line in data.splitlines():
        given = json.loads(line)
        told = catalog.get(f"/{US}/{given['id']}").json()
        assert [country["m49"] for country in told["countries"]] == given["countries"]
        assert {told[name] == given[name] for name in given if name not in {"id", "countries"}} == {True}


def test_a_report_says_what_became_of_each_line(catalog: Catalog) -> None:
    catalog.put("d1", document(title="Document 1"))
    catalog.put("d2", document(title="Another title"))
    report = catalog.load(lines(*numbered(3))).json()
    assert counts(report) == (1, 1, 1, 0)
    assert [(line["line"], line["id"], line["outcome"]) for line in report["lines"]] == [
        (1, "d0", "created"),
        (2, "d1", "unchanged"),
        (3, "d2", "revised"),
    ]


def test_a_dry_run_says_the_same_and_writes_nothing(catalog: Catalog) -> None:
    catalog.put("d1", document(title="Document 1"))
    catalog.put("d2", document(title="Another title"))
    before, rung = versions(catalog), catalog.node.ring.rung
    data = lines(*numbered(3), document(id="d3", title=""))
    tried = catalog.load(data, "?dry_run=true")
    assert (tried.status_code, counts(tried.json()), tried.json()["dry_run"]) == (200, (1, 1, 1, 1), True)
    assert (versions(catalog), catalog.node.ring.rung) == (before, rung)
    done = catalog.load(data, "?keep_going=true").json()
    assert done["lines"] == tried.json()["lines"]


def broken() -> Iterator[tuple[dict[str, Any] | bytes, str, str]]:
    yield b"{not json}\n", "malformed", "JSON"
    yield b'{"id": "x\xff"}\n', "malformed", "UTF-8"
    yield b"[]\n", "malformed", "object"
    yield document(), "invalid", "id"
    yield document(id=7), "invalid", "id"
    yield document(id="Upper Case"), "invalid", "id"
    yield document(id=".."), "invalid", "id"
    yield document(id="d0"), "invalid", "line 1"
    yield document(id="x", titel="y"), "invalid", "titel"
    yield document(id="x", title="a\0b"), "invalid", "title"
    yield document(id="x", audience=["nobody"]), "invalid", "nobody"
    yield document(id="gone"), "deleted", "gone"
    yield document(id="x", text="水" * 180_000), "too-large", "524288"
    yield document(id="x", relation=[f"{US}/document/narrow"]), "reference-too-wide", "narrow"


@pytest.mark.parametrize(("line", "code", "said"), list(broken()))
def test_one_line_that_cannot_be_taken_refuses_all_or_only_itself(
    catalog: Catalog, line: dict[str, Any] | bytes, code: str, said: str
) -> None:
    catalog.put("narrow", document(audience="local"))
    catalog.put("gone", document())
    catalog.request("DELETE", f"/{US}/gone", headers={"If-Match": "*"})
    with catalog.node.database.reading() as session:
        before = {row.id: row.number for row in session.exec(select(OwnRow))}
    data = lines(document(id="d0"), line, b"\n", document(id="d9"))
    refused = catalog.load(data)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "import-refused")
    (told,) = problem["lines"]
    assert (told["line"], told["outcome"], told["code"]) == (2, "refused", code)
    assert said in told["detail"]
    with catalog.node.database.reading() as session:
        assert {row.id: row.number for row in session.exec(select(OwnRow))} == before
    going = catalog.load(data, "?keep_going=true")
    assert (going.status_code, counts(going.json())) == (200, (2, 0, 0, 1))
    assert [one["line"] for one in going.json()["lines"]] == [1, 2, 4]
    assert catalog.get(f"/{US}/d9").status_code == 200


def test_documents_of_one_import_may_refer_to_each_other_in_any_order(catalog: Catalog) -> None:
    catalog.put("b", document(audience="local"))
    refers = document(id="a", relation=[f"{US}/document/b"])
    assert catalog.load(lines(refers)).status_code == 422
    assert catalog.load(lines(refers, document(id="b"))).status_code == 200
    narrower = lines(document(id="b", audience="local"))
    assert catalog.load(narrower).json()["lines"][0]["code"] == "reference-too-wide"
    both = lines(document(id="b", audience="local"), document(id="a", audience="local", relation=[f"{US}/document/b"]))
    assert catalog.load(both).status_code == 200


def test_what_refers_to_a_refused_line_is_judged_without_it(catalog: Catalog) -> None:
    for id_ in ("a", "b", "c"):
        catalog.put(id_, document(audience="local", title=id_))
    wide = [
        document(id="a", relation=[f"{US}/document/b"]),
        document(id="b", relation=[f"{US}/document/c"]),
        document(id="c", title=""),
        document(id="d"),
    ]
    report = catalog.load(lines(*wide), "?keep_going=true").json()
    assert [(line["id"], line["outcome"]) for line in report["lines"]] == [
        ("a", "refused"),
        ("b", "refused"),
        ("c", "refused"),
        ("d", "created"),
    ]
    assert catalog.get(by=Role.ANONYMOUS).json()["total"] == 1


def test_refusals_without_end_end_the_import(catalog: Catalog) -> None:
    chain = [document(id=f"c{at}", relation=[f"{US}/document/c{at + 1}"]) for at in range(imports.ROUNDS + 5)]
    local = [{**one, "audience": "local"} for one in chain]
    assert catalog.load(lines(*local, document(id=f"c{len(chain)}", audience="local"))).status_code == 200
    before = versions(catalog)
    refused = catalog.load(lines(*chain), "?keep_going=true")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert versions(catalog) == before


def test_an_import_is_written_in_portions_and_can_be_sealed(catalog: Catalog) -> None:
    count = 2 * portions.RECORDS + 1
    report = catalog.load(lines(*numbered(count))).json()
    assert counts(report) == (count, 0, 0, 0)
    assert len(report["lines"]) == reports.LINES
    assert catalog.node.ring.rung == 3
    assert len(versions(catalog)) == count
    with catalog.node.database.writing() as session:
        sealed = seal.seal_all(session, catalog.node.incarnation)
    assert sum(len(commit.header.changes) for commit in sealed) == count


def test_the_report_has_refused_lines_before_others(catalog: Catalog) -> None:
    data = lines(*numbered(reports.LINES + 10), document(id="last", title=""))
    report = catalog.load(data, "?keep_going=true").json()
    assert len(report["lines"]) == reports.LINES
    assert report["lines"][-1]["id"] == "last"


def pages(catalog: Catalog, pragma: str) -> int:
    """The answer of SQLite's page counter or limit, on the connection that writes."""
    with catalog.node.database.writing() as session:
        return int(session.connection().exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


def test_an_import_that_fills_the_disk_goes_on_when_it_is_sent_again(catalog: Catalog) -> None:
    if not catalog.node.database.sqlite:
        pytest.skip("SQLite alone has what this fails by")
    before = pages(catalog, "page_count")
    catalog.load(lines(*({**one, "id": f"first-{one['id']}"} for one in numbered(1_000))))
    portion = pages(catalog, "page_count") - before
    pages(catalog, f"max_page_count = {before + portion + portion * 13 // 10}")
    data = lines(*numbered(1_600))
    stopped = catalog.load(data)
    assert (stopped.status_code, stopped.json()["code"]) == (503, "import-interrupted")
    assert (stopped.json()["created"], len(versions(catalog))) == (1_000, 2_000)
    assert catalog.get("/eclac/d0").status_code == 200
    pages(catalog, "max_page_count = 1000000")
    assert counts(catalog.load(data).json()) == (600, 0, 1_000, 0)


def test_what_is_too_much_is_refused_whole(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    def chunked(data: bytes) -> Iterator[bytes]:
        yield from (data[at : at + 65_536] for at in range(0, len(data), 65_536))

    long_line = lines(*numbered(1)) + b'{"id": "' + b"x" * import_lines.LINE_BYTES + b'"}'
    assert catalog.load(chunked(long_line)).status_code == 413  # type: ignore[arg-type]
    assert "line 2" in catalog.load(long_line + b"\n").json()["detail"]
    assert catalog.load(b"{}\n" * (import_lines.LINES + 1)).status_code == 413
    monkeypatch.setattr(import_lines, "FILE_BYTES", 5_000)
    assert catalog.load(lines(*numbered(20))).status_code == 413
    assert versions(catalog) == {}


def test_an_import_says_that_it_is_one(catalog: Catalog) -> None:
    for media_type in ("application/json", "", "text/plain"):
        answer = catalog.request("POST", "/bulk", content=b"{}", headers={"Content-Type": media_type})
        assert (answer.status_code, answer.json()["code"]) == (415, "not-lines")
    with_parameter = {"Content-Type": "application/x-ndjson; charset=utf-8"}
    assert catalog.request("POST", "/bulk", content=b"", headers=with_parameter).status_code == 200


def test_ends_of_lines_and_blank_lines_make_no_difference(catalog: Catalog) -> None:
    one, two = (lines(each) for each in numbered(2))
    data = b"\n" + one.replace(b"\n", b"\r\n") + b"  \n" + two.rstrip(b"\n")
    report = catalog.load(data).json()
    assert [(line["line"], line["id"]) for line in report["lines"]] == [(2, "d0"), (4, "d1")]


@given(st.lists(st.binary(max_size=6), max_size=12), st.lists(st.integers(1, 9), max_size=12))
@settings(max_examples=200, deadline=None)
def test_however_the_bytes_arrive_the_lines_are_the_same(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"\n".join(pieces)

    async def arriving() -> AsyncIterator[bytes]:
        at = 0
        for cut in [*cuts, len(data)]:
            yield data[at : at + cut]
            at += cut

    async def read() -> list[tuple[int, str | None]]:
        staged = await imports.stage(arriving(), imports.NDJSON, US, DOCUMENT)
        return [(line.line, line.code) for line in staged.lines]

    wanted = [number for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    assert [number for number, _ in asyncio.run(read())] == wanted
