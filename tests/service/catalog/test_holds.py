"""Bytes stay while anybody holds them, go when nobody does, and no upload ever counts on bytes that are about to go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlmodel import Session

from services.catalog import holds
from services.catalog.app import MIGRATIONS
from services.catalog.holds import Lease
from tests.service.house import migrated
from weft.blobs.store import Blob, Kept
from weft.database import Database
from weft.journal import removed
from weft.journal.removed import Removed
from weft.journal.wishes import Wish
from weft.problems import NotNow, Unavailable
from weft.protocol.names import Key, Version
from weft.records.documents import KIND
from weft.records.files import File

US = "eclac"
NOW, SOON, LATE = "2026-03-01T00:00:00.000Z", "2026-03-01T00:05:00.000Z", "2026-03-01T00:11:00.000Z"


def sha(number: int) -> str:
    return f"{number:064x}"


def blob(number: int, origin: str = US) -> Blob:
    return Blob(origin, sha(number))


def kept(number: int, origin: str = US) -> Kept:
    return Kept(blob(number, origin), 10)


def key(id_: str = "a", origin: str = US) -> Key:
    return Key(origin, KIND, id_)


def file(number: int, name: str = "a.pdf") -> File:
    return File(name=name, media_type="application/pdf", size=10, sha256=sha(number), parts=(sha(9),))


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with migrated(address, MIGRATIONS) as made:
        yield made


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened


def name_it(session: Session, lease: Lease, number: int, id_: str = "a") -> None:
    holds.use(session, lease)
    holds.refer(session, [(key(id_), [file(number)])])


def test_bytes_that_are_being_sent_stay_until_they_are_named_or_their_time_is_over(session: Session) -> None:
    holds.lease(session, kept(1), NOW)
    assert holds.doom(session, US, SOON) == []
    assert holds.doom(session, US, LATE) == [blob(1)]


def test_bytes_that_a_document_names_stay(session: Session) -> None:
    name_it(session, holds.lease(session, kept(1), NOW), 1)
    assert holds.doom(session, US, LATE) == []


def test_bytes_whose_upload_ended_without_a_document_go_at_once(session: Session) -> None:
    holds.end(session, holds.lease(session, kept(1), NOW))
    assert holds.doom(session, US, NOW) == [blob(1)]


def test_bytes_that_no_document_names_any_more_go(session: Session) -> None:
    name_it(session, holds.lease(session, kept(1), NOW), 1)
    name_it(session, holds.lease(session, kept(2), NOW), 2)
    assert holds.doom(session, US, NOW) == [blob(1)]
    holds.let_go(session, [key()])
    assert holds.doom(session, US, NOW) == [blob(1), blob(2)]
    holds.gone(session, [blob(1), blob(2)])
    assert holds.doom(session, US, NOW) == []


def test_bytes_that_another_document_names_too_stay(session: Session) -> None:
    name_it(session, holds.lease(session, kept(1), NOW), 1, "a")
    name_it(session, holds.lease(session, kept(1), NOW), 1, "b")
    holds.let_go(session, [key("a")])
    assert holds.doom(session, US, NOW) == []
    holds.let_go(session, [key("b")])
    assert holds.doom(session, US, NOW) == [blob(1)]


def test_the_same_bytes_of_another_origin_hold_nothing(session: Session) -> None:
    name_it(session, holds.lease(session, kept(1), NOW), 1)
    holds.refer(session, [(key(origin="eca"), [file(1)])])
    holds.let_go(session, [key()])
    assert holds.doom(session, US, NOW) == [blob(1)]


def test_a_deletion_that_can_be_taken_back_keeps_its_files(session: Session) -> None:
    name_it(session, holds.lease(session, kept(1), NOW), 1, "a")
    name_it(session, holds.lease(session, kept(1), NOW), 1, "b")
    holds.let_go(session, [key("a"), key("b")])
    removed.keep(session, (KIND, "b"), Version.parse("1.00000001.2"), Removed(Wish(("network",)), b"{}"), due="")
    assert holds.doom(session, US, LATE) == []
    removed.wipe(session, [(KIND, "b")])
    assert holds.doom(session, US, LATE) == [blob(1)]


def test_what_a_peer_deleted_waits_for_nothing(session: Session) -> None:
    """Its id may be that of a document of ours which can be taken back."""
    holds.end(session, holds.lease(session, kept(1, "eca"), NOW))
    holds.refer(session, [(key("b", "eca"), [file(1)])])
    removed.keep(session, (KIND, "b"), Version.parse("1.00000001.2"), Removed(Wish(("network",)), b"{}"), due="")
    holds.let_go(session, [key("b", "eca")])
    assert holds.doom(session, US, NOW) == [blob(1, "eca")]


def test_bytes_that_are_about_to_go_cannot_be_counted_on(session: Session) -> None:
    holds.end(session, holds.lease(session, kept(1), NOW))
    holds.doom(session, US, NOW)
    with pytest.raises(NotNow):
        holds.lease(session, kept(1), NOW)
    holds.gone(session, [blob(1)])
    name_it(session, holds.lease(session, kept(1), NOW), 1)
    assert holds.doom(session, US, LATE) == []


def test_an_upload_that_took_too_long_is_told_so(session: Session) -> None:
    lease = holds.lease(session, kept(1), NOW)
    holds.doom(session, US, LATE)
    with pytest.raises(Unavailable):
        holds.use(session, lease)


def test_of_two_uploads_of_the_same_bytes_one_that_ends_does_not_end_the_other(session: Session) -> None:
    first, second = holds.lease(session, kept(1), NOW), holds.lease(session, kept(1), NOW)
    holds.end(session, first)
    assert holds.doom(session, US, SOON) == []
    name_it(session, second, 1)
    assert holds.doom(session, US, LATE) == []


def test_room_is_made_with_what_was_fetched_and_is_not_just_being_kept(session: Session) -> None:
    holds.end(session, holds.lease(session, kept(1, "eca"), NOW))
    holds.refer(session, [(key(origin="eca"), [file(1), file(2, "b.pdf")])])
    holds.lease(session, kept(2, "eca"), NOW)
    name_it(session, holds.lease(session, kept(3), NOW), 3)
    assert {each.blob for each in holds.cached(session, US)} == {blob(1, "eca"), blob(2, "eca")}
    assert holds.cached_bytes(session, US) == 20
    holds.evict(session, [blob(1, "eca"), blob(2, "eca")], SOON)
    assert holds.doom(session, US, SOON) == [blob(1, "eca")]
    assert holds.cached_bytes(session, US) == 10


def test_what_is_found_in_the_store_stays_if_it_is_named_and_goes_if_not(session: Session) -> None:
    holds.refer(session, [(key(), [file(1)])])
    holds.adopt(session, [kept(1), kept(2)], NOW)
    assert holds.doom(session, US, NOW) == [blob(2)]


def test_what_is_known_already_is_not_found_anew(session: Session) -> None:
    lease = holds.lease(session, kept(1), NOW)
    holds.adopt(session, [kept(1)], NOW)
    assert holds.doom(session, US, SOON) == []
    name_it(session, lease, 1)


class Holding(RuleBasedStateMachine):
    """Uploads, documents and the eraser in any order. `store` is what the disk has."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        with self.database.writing() as session:
            for table in ("document_file", "blob", "blob_loose"):
                session.connection().exec_driver_sql(f"DELETE FROM {table}")
        self.store: set[int] = set()
        self.leases: list[tuple[Lease, int]] = []
        self.doomed: list[Blob] = []
        self.documents: dict[str, int] = {}

    @rule(number=st.integers(1, 2))
    def upload(self, number: int) -> None:
        try:
            with self.database.writing() as session:
                lease = holds.lease(session, kept(number), NOW)
        except NotNow:
            return
        self.leases.append((lease, number))
        self.store.add(number)

    @rule(id_=st.sampled_from("ab"), at=st.integers(0, 3))
    def name(self, id_: str, at: int) -> None:
        if at < len(self.leases):
            lease, number = self.leases.pop(at)
            with self.database.writing() as session:
                name_it(session, lease, number, id_)
            self.documents[id_] = number

    @rule(at=st.integers(0, 3))
    def give_up(self, at: int) -> None:
        if at < len(self.leases):
            with self.database.writing() as session:
                holds.end(session, self.leases.pop(at)[0])

    @rule(id_=st.sampled_from("ab"))
    def delete(self, id_: str) -> None:
        with self.database.writing() as session:
            holds.let_go(session, [key(id_)])
        self.documents.pop(id_, None)

    @rule()
    def look(self) -> None:
        with self.database.writing() as session:
            self.doomed = holds.doom(session, US, SOON)

    @rule()
    def erase(self) -> None:
        self.store -= {int(each.sha256, 16) for each in self.doomed}
        with self.database.writing() as session:
            holds.gone(session, self.doomed)
        self.doomed = []

    @invariant()
    def what_is_named_or_being_sent_is_there(self) -> None:
        assert set(self.documents.values()) <= self.store
        assert {number for _, number in self.leases} <= self.store

    def teardown(self) -> None:
        """In the end nothing is left but what is named."""
        for _ in range(len(self.leases)):
            self.give_up(0)
        self.look()
        self.erase()
        assert self.store == set(self.documents.values())


def test_in_whatever_order_things_happen_what_is_held_is_there_and_nothing_else_stays(
    database: Database, tmp_path: Path
) -> None:
    machine = type("Machine", (Holding,), {"database": database})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))
