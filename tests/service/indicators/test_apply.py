"""Applying feeds: what peers send is shown, replaced, hidden, or refused with its reason."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlmodel import select

from services.indicators.app import MIGRATIONS
from services.indicators.apply import SERIES
from tests.service.indicators.desk import US, Desk, id_of, ndjson, series
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

TIMES = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z"}
KEY = Key("escwa", "series", id_of(series()))


def body(**changed: Any) -> bytes:
    """A body as a peer sends it; None leaves a field out."""
    return msgspec.json.encode(series(**{"audience": None, **TIMES, **changed}))


def show(desk: Desk, *shows: Show) -> list[Rejected]:
    with desk.node.database.writing() as session:
        return SERIES.show(session, shows)


def shown(number: int, data: bytes, *, public: bool = True, key: Key = KEY) -> Show:
    return Show(key, Version(1 << 32, number), data, public)


def test_a_record_is_shown_replaced_and_hidden(desk: Desk) -> None:
    path = f"/series/escwa/{KEY.id}"
    assert show(desk, shown(1, body())) == []
    assert desk.get(path, by=Role.ANONYMOUS).json()["observations"]["OBS_VALUE"] == ["38.1", "34.20", None]
    show(desk, shown(2, body(title={"en": "Another"}), public=False))
    assert desk.get(path, by=Role.ANONYMOUS).status_code == 404
    item = desk.get(path, by=Role.READER).json()
    assert (item["title"], item["version"], item["visibility"]) == ({"en": "Another"}, "1.00000000.2", "restricted")
    desk.put(series())
    with desk.node.database.writing() as session:
        SERIES.hide(session, [KEY, Key("escwa", "target", KEY.id), KEY._replace(id="never-there")])
    assert [item["origin"] for item in desk.get().json()["items"]] == [US]


def test_fields_of_a_later_release_are_kept_and_shown(desk: Desk) -> None:
    later = body(
        observations={"TIME_PERIOD": ["2015"], "OBS_VALUE": ["1"], "CONFIDENCE": [0.95]},
        attributes={"LICENCE": "CC"},
        title={"pt": "Taxa"},
        review={"by": [1, None]},
    ).replace(b'"SEX"', b'"PLANET":"MARS","SEX"')
    assert show(desk, shown(1, later)) == []
    item = desk.get(f"/series/escwa/{KEY.id}").json()
    assert item["observations"]["CONFIDENCE"] == [0.95]
    assert (item["review"], item["title"]) == ({"by": [1, None]}, {"pt": "Taxa"})
    assert (item["dimensions"]["PLANET"], item["dimensions"]["AGE"]) == ("MARS", "_T")
    [flat] = desk.get("/observations").json()["items"]
    assert (flat["OBS_VALUE"], "CONFIDENCE" in flat, "LICENCE" in flat) == ("1", False, False)
    assert desk.csv()[0]["OBS_VALUE"] == "1"


def test_a_body_cannot_say_whose_it_is(desk: Desk) -> None:
    spoofed = body(origin="eca", key="eca/series/x", version="9.00000000.9", visibility="public", count=7, area={})
    show(desk, shown(1, spoofed, public=False))
    item = desk.get(f"/series/escwa/{KEY.id}").json()
    assert (item["origin"], item["key"], item["version"]) == ("escwa", str(KEY), "1.00000000.1")
    assert (item["visibility"], item["count"], item["area"]["m49"]) == ("restricted", 3, "818")
    in_attributes = body(attributes={"origin": "eca", "OBS_VALUE": "9"})
    show(desk, shown(2, in_attributes))
    assert {row["origin"] for row in desk.get("/observations").json()["items"]} == {"escwa"}
    assert {row["OBS_VALUE"] for row in desk.csv()} == {"38.1", "34.20", ""}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "malformed"),
        (b"\xff", "malformed"),
        (b"[]", "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"a":' * 100_000, "malformed"),
        (body()[:-1] + b',"title":{}}', "twice"),
        (body(later="\x07"), "later"),
        (body(updated_at=None), "updated_at"),
        (body(updated_at="2026-99-01T00:00:00.000Z"), "updated_at"),
        (body(updated_at="yesterday"), "updated_at"),
        (body(observations=None), "observations"),
        (body(observations={"TIME_PERIOD": ["2015"], "OBS_VALUE": ["=cmd"]}), "OBS_VALUE"),
        (body(observations={"TIME_PERIOD": ["2015"], "OBS_VALUE": ["1", "2"]}), "OBS_VALUE"),
        (body(observations={"TIME_PERIOD": ["2015"], "OBS_VALUE": [1]}), "OBS_VALUE"),
        (body(FREQ="H"), "FREQ"),
        (body(REF_AREA="EGY"), "REF_AREA"),
        (body(SEX="F\0"), "SEX"),
        (body(dimensions={"FREQ": "A"}), "dimensions"),
        (body(title={"en": "\u202eevil"}), "title"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_reason_and_the_rest_is_shown(
    desk: Desk, data: bytes, reason: str
) -> None:
    fine = KEY._replace(id="fine")
    [rejected] = show(desk, shown(1, data), shown(1, body(), key=fine))
    assert (rejected.key, rejected.version) == (KEY, Version(1 << 32, 1))
    assert reason in rejected.reason
    assert [item["key"] for item in desk.get().json()["items"]] == [str(fine)]


def test_an_unknown_kind_is_no_series(desk: Desk) -> None:
    target = Key("escwa", "target", "t")
    assert show(desk, shown(1, body(), key=target)) == [Rejected(target, Version(1 << 32, 1), "unknown-kind")]


def test_an_area_that_this_release_does_not_know_is_shown_without_its_other_codes(desk: Desk) -> None:
    assert show(desk, shown(1, body(REF_AREA="998"))) == []
    assert desk.get().json()["items"][0]["area"] == {"m49": "998", "iso2": None, "iso3": None}


def test_what_one_node_writes_another_shows(desk: Desk, tmp_path: Path) -> None:
    desk.load(ndjson(series(AGE=f"Y{at}") for at in range(30)))
    us = desk.node.incarnation
    with desk.node.database.writing() as session:
        seal.seal(session, us)
    feed = us.feed("network")
    with desk.node.database.reading() as session:
        page = serve.page(session, feed, START, since=0, bodies=seal.current_bodies, key=us.key)
    other = Database(f"sqlite:///{tmp_path}/other.db")
    upgrade(other, KERNEL["log"], KERNEL["inbox"], KERNEL["records"], MIGRATIONS)
    keys = {us.key.public.fingerprint: us.key.public}
    with other.writing() as session:
        for raw in page.commits:
            commit = open_commit(frames.parse(raw.to_bytes()), feed=feed, keys=keys)
            row = feeds.found_or_opened(session, feed)
            apply(session, Inbox(SERIES), row, commit, moment=Moment("2026-01-01T00:00:00.000Z", 0.0, 1))
    with other.reading() as theirs, desk.node.database.reading() as ours:
        query = "select origin, id, epoch, number, members, rest, public from series order by id"
        assert theirs.connection().exec_driver_sql(query).all() == ours.connection().exec_driver_sql(query).all()
        assert theirs.exec(select(QuarantineRow)).all() == []
    other.close()
