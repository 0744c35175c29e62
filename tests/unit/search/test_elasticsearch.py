"""What only a server can do to its client: be away, be another, be full, lose an index, and be shared by several nodes."""

import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from elasticsearch import BadRequestError, TransportError
from hypothesis import given
from hypothesis import strategies as st

from services.search.engine.elasticsearch import place as cursor
from services.search.engine.elasticsearch.engine import ElasticsearchEngine
from services.search.engine.elasticsearch.server import Address, Circuit
from services.search.engine.interface import Away, InvalidQuery, Lost, Order, Remove
from tests.unit.search.engines import SERVER, Place, Server, place
from tests.unit.search.strangers import certificate, silent, stranger

_NOWHERE = Address(urls="http://127.0.0.1:1")


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Iterator[Place]:
    yield from place("elasticsearch", tmp_path)


def test_a_node_whose_name_begins_like_anothers_keeps_its_index(place, document, ask, ids):
    one = Server(SERVER, f"{place.node}-documents")
    first, second = place.begin(), one.begin()
    first.write([document("health", id="first")])
    second.write([document("health", id="second")])
    first.replace([document("health", id="anew")])
    first.sweep()
    assert ids(ask(first, "health")) == ["anew"]
    assert ids(ask(second, "health")) == ["second"]
    assert one.indexes() == 1
    one.clear()


def test_an_index_that_is_lost_is_said_to_be_and_never_made_by_a_write(place, engine, document, ask):
    engine.write([document("health")])
    place.lose()
    assert engine.generation() == ""
    with pytest.raises(Lost):
        engine.write([document("health")])
    for asked in (lambda: ask(engine, "health"), engine.count, engine.latest, lambda: list(engine.held())):
        with pytest.raises(Lost):
            asked()
    assert place.indexes() == 0
    engine.replace([document("health")])
    assert ask(engine, "health").total == 1


def test_an_index_of_the_same_name_that_was_made_by_another_is_another_generation(place, engine):
    before = engine.generation()
    (name,) = place.names()
    told = place.client.indices.get(index=name)[name]
    place.lose()
    place.client.indices.create(index=name, mappings=told["mappings"], aliases={place.alias: {}})
    assert engine.generation() not in ("", before)


def test_an_index_of_another_format_is_none(place, engine):
    place.client.indices.put_mapping(index=place.alias, meta={"format": 0})
    assert engine.generation() == ""


def test_a_document_that_the_index_cannot_hold_is_refused_by_name_and_the_others_are_written(
    place, engine, document, ask, ids
):
    (name,) = place.names()
    told = place.client.indices.get(index=name)[name]["mappings"]
    told["properties"]["type"] = {"type": "integer"}  # as when somebody else made the index
    place.lose()
    place.client.indices.create(index=name, mappings=told, aliases={place.alias: {}})
    refusals = engine.write([document("health", id="a", type="7"), document("health", id="b", type="brief")])
    assert [refusal.key for refusal in refusals] == ["eclac/document/b"]
    assert "[type]" in refusals[0].why
    assert ids(ask(engine, "health")) == ["a"]


def _full(place: Server, *, full: bool) -> None:
    """What a server does to an index when its disk is nearly full, and takes back when there is room."""
    place.client.indices.put_settings(index=place.alias, settings={"index.blocks.read_only_allow_delete": full or None})


def test_a_server_that_has_room_again_soon_gets_what_it_could_not_take(place, engine, document, ask):
    _full(place, full=True)
    room = threading.Timer(0.8, _full, [place], {"full": False})
    room.start()
    try:
        assert engine.write([document("health")]) == []
    finally:
        room.join()
    assert ask(engine, "health").total == 1


def test_a_server_that_stays_full_is_away_and_nothing_is_refused_for_ever(place, engine, document, ask):
    _full(place, full=True)
    with pytest.raises(Away, match="429"):
        engine.write([document("health")])
    assert ask(engine, "health").total == 0  # reading goes on
    _full(place, full=False)
    engine.write([document("health")])
    assert ask(engine, "health").total == 1


def test_versions_are_kept_when_the_server_has_forgotten_its_deletions(place, engine, document, ask):
    place.client.indices.put_settings(index=place.alias, settings={"index.gc_deletes": "1ms"})
    first = document("health", id="it", version=4)
    engine.write([first])
    engine.write([Remove(key=first.key, version=5)])
    place.client.indices.forcemerge(index=place.alias, max_num_segments=1)
    engine.write([first])
    assert ask(engine, "health").total == 0


def test_a_server_that_is_not_there_is_away_whatever_is_asked(document, ask):
    engine = ElasticsearchEngine(_NOWHERE, "eca")
    for asked in (engine.generation, engine.count, engine.sweep, lambda: ask(engine, "x"), lambda: engine.replace([])):
        with pytest.raises(Away, match="does not answer"):
            asked()
    engine.close()


_UNREACHABLE = TransportError("no route")


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _asks(circuit: Circuit, error: Exception | None = None) -> bool:
    """Whether the server was asked."""
    asked = False
    try:
        with circuit.asking():
            asked = True
            if error:
                raise error
    except (Away, Lost):
        pass
    return asked


def test_a_server_that_does_not_answer_is_asked_after_growing_pauses_by_one_at_a_time():
    clock = _Clock()
    circuit = Circuit(clock)
    asked_at = []
    for tenth in range(400):
        clock.now = tenth / 10
        if _asks(circuit, _UNREACHABLE):
            asked_at.append(clock.now)
    pauses = [round(later - earlier, 1) for earlier, later in pairwise(asked_at)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert set(pauses[4:]) == {8.0}


def test_while_one_asks_again_the_others_are_told_at_once_and_its_answer_lets_all_in():
    clock = _Clock()
    circuit = Circuit(clock)
    _asks(circuit, _UNREACHABLE)
    clock.now = 1.5
    with circuit.asking():
        assert not _asks(circuit)
    assert _asks(circuit)
    assert _asks(circuit)
    _asks(circuit, _UNREACHABLE)
    clock.now = 2.6
    assert _asks(circuit)  # the pauses begin anew


def test_a_bug_in_a_question_is_not_taken_for_an_outage(engine):
    with pytest.raises(BadRequestError), engine._circuit.asking():
        engine._client.search(index=engine._alias, query={"no-such-query": {}})
    assert engine.count() == 0


@given(
    before=st.integers(1, 9_999),
    first=st.integers(0, 99_991_231) | st.floats(0, 1e6, width=32),
    version=st.integers(0, 10**18 - 1),
)
def test_a_cursor_leads_back_to_its_place_and_fits_into_an_address(before, first, version):
    written = cursor.write(before, 20_000, [first, version])
    assert len(written) <= 100
    assert cursor.read(written, by_date=isinstance(first, int)) == (before, (first, version))


def test_a_cursor_of_another_order_is_refused(engine, document, ask):
    engine.write([document("health", id=f"n{n}", version=n) for n in range(3)])
    with pytest.raises(InvalidQuery):
        ask(engine, "health", limit=1, after=ask(engine, "health", limit=1).next, order=Order.DATE)


def test_what_comes_between_two_pages_moves_nothing(engine, document, ask, ids):
    engine.write([document("health", id=f"n{n}", version=n + 1, issued=f"{2000 + n}") for n in range(6)])
    first = ask(engine, limit=3)
    engine.write([document("health", id="newest", version=9, issued="2020")])
    assert ids(first) + ids(ask(engine, limit=3, after=first.next)) == ["n5", "n4", "n3", "n2", "n1", "n0"]


_PRODUCT = {"X-Elastic-Product": "Elasticsearch"}


def test_a_server_of_another_product_is_away_and_says_so():
    with stranger(200, {}) as (port, _):
        engine = ElasticsearchEngine(Address(urls=f"http://127.0.0.1:{port}"), "eca")
        with pytest.raises(Away, match="not Elasticsearch"):
            engine.generation()
        engine.close()


def test_the_key_or_the_user_of_the_address_goes_with_every_request_and_a_refusal_is_an_outage():
    with stranger(401, _PRODUCT) as (port, told):
        for address in (
            Address(urls=f"http://127.0.0.1:{port}", key="c2VjcmV0"),
            Address(urls=f"http://weft:p%40ss@127.0.0.1:{port}"),
        ):
            engine = ElasticsearchEngine(address, "eca")
            with pytest.raises(Away, match="401"):
                engine.generation()
            engine.close()
    assert told == ["ApiKey c2VjcmV0", f"Basic {b64encode(b'weft:p@ss').decode()}"]


def test_a_server_is_believed_only_with_a_certificate_of_the_authority_that_is_set(tmp_path):
    authority, tls = certificate(tmp_path)
    with stranger(404, _PRODUCT, tls) as (port, told):
        engine = ElasticsearchEngine(Address(urls=f"https://127.0.0.1:{port}", authority=authority), "eca")
        assert engine.generation() == ""
        engine.close()
        assert len(told) == 1
        engine = ElasticsearchEngine(Address(urls=f"https://127.0.0.1:{port}"), "eca")
        with pytest.raises(Away, match="does not answer"):
            engine.generation()
        engine.close()
    assert len(told) == 1


def test_a_server_that_takes_too_long_is_away_and_the_next_who_asks_does_not_wait(ask):
    with silent() as port:
        engine = ElasticsearchEngine(Address(urls=f"http://127.0.0.1:{port}"), "eca")
        with pytest.raises(Away, match="does not answer"):
            ask(engine, "health")
        began = time.monotonic()
        with pytest.raises(Away):
            ask(engine, "health")
        assert time.monotonic() - began < 0.5
        engine.close()
