"""Applying feeds: what peers send is shown, replaced, hidden, or refused with its reason."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from services.catalog.app import MIGRATIONS
from services.catalog.kinds import KINDS
from tests.service.catalog.desk import US, Catalog, document, leaving
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.identity import Role
from weft.inbox.apply import apply
from weft.inbox.effects import Rejected, Show
from weft.inbox.models import QuarantineRow
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox
from weft.journal import seal
from weft.log import feeds, serve
from weft.protocol import frames
from weft.protocol.commits import open_commit
from weft.protocol.names import START, Key, Version
from weft.records import wire
from weft.records.models import ShownRow, TagRow

TIMES = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z"}
KEY = Key("eca", "document", "river")


def body(**changed: Any) -> bytes:
    """A body as a peer sends it; None leaves a field out."""
    fields = {**leaving(document()), **TIMES, **changed}
    return wire.write({name: value for name, value in fields.items() if value is not None})


def show(catalog: Catalog, *shows: Show) -> list[Rejected]:
    with catalog.node.database.writing() as session:
        return KINDS.projection.show(session, shows)


def shown(number: int, data: bytes, *, public: bool = True, key: Key = KEY) -> Show:
    return Show(key, Version(1 << 32, number), data, public)


def test_a_record_is_shown_replaced_and_hidden(catalog: Catalog) -> None:
    assert show(catalog, shown(1, body())) == []
    first = catalog.get("/eca/river", by=Role.ANONYMOUS).json()
    assert (first["origin"], first["version"], first["visibility"]) == ("eca", "1.00000000.1", "public")
    assert show(catalog, shown(2, body(title="Changed", countries=["4"], themes=[]), public=False)) == []
    assert catalog.get("/eca/river", by=Role.ANONYMOUS).status_code == 404
    assert catalog.get("/eca/river", by=Role.READER).json()["title"] == "Changed"
    assert catalog.get(params={"country": "MX"}).json()["total"] == 0
    with catalog.node.database.writing() as session:
        KINDS.projection.hide(session, [KEY, Key("eca", "document", "never-there"), Key("eca", "measure", "other")])
    with catalog.node.database.reading() as session:
        assert not session.exec(select(ShownRow)).all()
        assert not session.exec(select(TagRow)).all()


def test_hiding_leaves_other_origins_alone(catalog: Catalog) -> None:
    show(catalog, shown(1, body()), shown(1, body(), key=Key("ece", "document", "river")))
    catalog.put("river", document())
    with catalog.node.database.writing() as session:
        KINDS.projection.hide(session, [KEY])
    assert {item["origin"] for item in catalog.get().json()["items"]} == {"ece", US}


def test_fields_and_terms_of_a_later_release_are_kept_and_shown(catalog: Catalog) -> None:
    later = body(type="podcast", themes=["oceans"], countries=["484", "999"], reviewed={"by": ["x"], "at": 1.5})
    assert show(catalog, shown(1, later)) == []
    told = catalog.get("/eca/river").json()
    assert (told["type"], told["themes"], told["reviewed"]) == ("podcast", ["oceans"], {"by": ["x"], "at": 1.5})
    assert told["countries"][1] == {"m49": "999", "iso2": None, "iso3": None}


def test_a_body_cannot_say_who_it_is_of(catalog: Catalog) -> None:
    lies = {"origin": US, "key": f"{US}/document/x", "version": "9.00000000.9", "visibility": "public", "audience": "x"}
    assert show(catalog, shown(1, body(**lies), public=False)) == []
    answer = catalog.get("/eca/river")
    assert [answer.text.count(f'"{name}":') for name in (*lies, "title")] == [1, 1, 1, 1, 0, 1]
    assert (answer.json()["origin"], answer.json()["visibility"]) == ("eca", "restricted")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "malformed"),
        (b"\xff", "UTF-8"),
        (b"[1]", "object"),
        (b"[" * 200_000, "deep"),
        (body(title=None), "title"),
        (body(title=7), "title"),
        (body(title="x" * 501), "title"),
        (body(title="a\0b"), "U+0000"),
        (body(title="a\u202eb"), "U+202E"),
        (body(type="NO SLUG"), "type"),
        (body(countries="484"), "countries"),
        (body(countries=["MEX"]), "countries"),
        (body(updated_at="yesterday"), "updated_at"),
        (body(updated_at="2026-99-01T00:00:00.000Z"), "updated_at"),
        (body(source="javascript:alert(1)"), "source"),
        (body(later="\x07"), "later"),
        (body(later="x")[:-1] + b',"n":NaN}', "n: is not a number"),
        (body(later="x")[:-1] + b',"title":"twice"}', "twice"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_reason_and_the_rest_is_shown(
    catalog: Catalog, data: bytes, reason: str
) -> None:
    other = Key("eca", "document", "other")
    (rejected,) = show(catalog, shown(3, data), shown(1, body(), key=other))
    assert (rejected.key, rejected.version) == (KEY, Version(1 << 32, 3))
    assert reason in rejected.reason
    assert catalog.get("/eca/river").status_code == 404
    assert catalog.get("/eca/other").status_code == 200


def test_an_unknown_kind_is_no_document(catalog: Catalog) -> None:
    (rejected,) = show(catalog, shown(1, body(), key=Key("eca", "poem", "m1")))
    assert rejected.reason == "unknown-kind"


def test_a_thousand_records_are_shown_in_one_call(catalog: Catalog) -> None:
    many = [shown(1, body(), key=Key("eca", "document", f"d{at}")) for at in range(1_000)]
    assert show(catalog, *many) == []
    assert show(catalog, *many) == []
    assert catalog.get().json()["total"] == 1_000


def test_what_one_catalog_writes_another_shows(catalog: Catalog, tmp_path: Path) -> None:
    """The whole way but the wire: put, seal, open, apply, answer."""
    catalog.admit("ece")
    catalog.put("open", document())
    catalog.put("shared", document(audience=["ece"]))
    catalog.put("kept", document(audience="local"))
    us = catalog.node.incarnation
    with catalog.node.database.writing() as session:
        seal.seal_all(session, us)
    there = Database(f"sqlite:///{tmp_path}/there.db")
    upgrade(there, KERNEL["log"], KERNEL["inbox"], KERNEL["records"], MIGRATIONS)
    for audience in ("network", "ece"):
        feed = us.feed(audience)
        with catalog.node.database.reading() as session:
            page = serve.page(session, feed, START, since=0, bodies=seal.current_bodies, key=us.key)
        for sent in page.commits:
            commit = open_commit(
                frames.parse(sent.to_bytes()), feed=feed, keys={us.key.public.fingerprint: us.key.public}
            )
            with there.writing() as session:
                row = feeds.found_or_opened(session, feed)
                apply(session, Inbox(KINDS.projection), row, commit, moment=Moment("2026-01-01T00:00:00.000Z", 0.0))
    with there.reading() as session:
        documents = {row.id: row for row in session.exec(select(ShownRow))}
        assert not session.exec(select(QuarantineRow)).all()
    assert {id_: row.public for id_, row in documents.items()} == {"open": True, "shared": False}
    assert documents["open"].rest == wire.members({"text": document()["text"]})
    there.close()
