"""Sovereign. Nothing leaves the node that its audience does not allow; who loses the right to a record loses the record.

Each test plants a word in a document and looks for it everywhere. What was erased may stay for a while, at whoever was
allowed to have it, as bytes of no record: in free pages and the write-ahead log of SQLite, in index segments that are not
merged yet. That is the limit of what a promise about a copy can mean, and these tests do not look there.
"""

from collections.abc import Iterator

import pytest

from tests import databases
from tests.promises.canary import answered, canary, kept, on_disk, published, told
from tests.promises.desk import Editor, found, made, running
from weft.demo.local import LocalNode
from weft.demo.visitor import until

Three = tuple[LocalNode, LocalNode, LocalNode]
DATABASES = {"catalog", "search", "sync"}
ADDRESSES = {"/api/v1/documents", "/api/v1/search", "/api/v1/search/suggest"}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    ece, eca, eclac = made(tmp_path_factory.mktemp("sovereign"), "ece", "eca", "eclac")
    with running(ece, eca, eclac):
        yield ece, eca, eclac


@pytest.fixture(scope="module")
def editor(nodes: Three) -> Editor:
    return Editor(nodes[0])


def test_what_everybody_may_have_is_found_by_every_way_of_looking(nodes: Three, editor: Editor) -> None:
    """Otherwise the tests below would prove nothing."""
    ece, eca, _ = nodes
    word = canary()
    editor.put("open", word)
    until("it has arrived and is found", lambda: answered(eca, "open", word, None) == ADDRESSES)
    until("the broker has it", lambda: published(ece, word) == {"catalog_network"})
    assert kept(eca, word) == DATABASES
    files = {f"{service}.db" for service in DATABASES} if not databases.SERVER else {"index"}
    assert {name.partition("-")[0] for name in on_disk(eca, word)} >= files


@pytest.mark.parametrize("status", ["published", "draft"])
def test_a_private_document_leaves_no_byte_at_any_other_node(nodes: Three, editor: Editor, status: str) -> None:
    ece, *others = nodes
    word, id_ = canary(), f"private-{status}"
    editor.put(id_, word, audience="local", status=status)
    until("its editor finds it", lambda: found(ece, word, id_, "editor"))
    passed_by(editor, *others)
    assert answered(ece, id_, word, None) == set()
    assert published(ece, word) == set()
    for node in others:
        assert on_disk(node, word) == set()
        assert told(node, id_, word) == set()


def test_a_document_for_one_peer_reaches_its_staff_and_leaves_no_byte_at_the_others(
    nodes: Three, editor: Editor
) -> None:
    ece, eca, eclac = nodes
    word = canary()
    editor.put("for-eca", word, audience=["eca"])
    until("ECA's editor has it", lambda: answered(eca, "for-eca", word, "editor") == ADDRESSES)
    until("the broker has it for ECA", lambda: published(ece, word) == {"catalog_eca"})
    passed_by(editor, eclac)
    assert answered(eca, "for-eca", word, None) == answered(ece, "for-eca", word, None) == set()
    assert on_disk(eclac, word) == set()
    assert told(eclac, "for-eca", word) == set()


def test_who_loses_the_right_to_a_document_loses_it_and_the_origins_broker_forgets_it(
    nodes: Three, editor: Editor
) -> None:
    ece, eca, eclac = nodes
    word, after = canary(), "Nothing to see"
    editor.put("narrowed", word)
    for node in (eca, eclac):
        until("everybody has it", lambda node=node: answered(node, "narrowed", word, None) == ADDRESSES)
    until("the broker has it", lambda: published(ece, word) == {"catalog_network"})

    editor.put("narrowed", word, audience=["eca"])
    until("ECLAC has lost it", lambda: told(eclac, "narrowed", word) == kept(eclac, word) == set())
    until("ECA's staff has it", lambda: answered(eca, "narrowed", word, "editor") == ADDRESSES)
    assert answered(eca, "narrowed", word, None) == set()
    until("the public stream has forgotten it", lambda: published(ece, word) == {"catalog_eca"})

    editor.put("narrowed", after, audience="local")
    until("ECA has lost it", lambda: told(eca, "narrowed", word) == kept(eca, word) == set())
    until("no stream has it", lambda: published(ece, word) == set())
    assert kept(ece, word) == set()


def passed_by(editor: Editor, *nodes: LocalNode) -> None:
    """What was edited later for everybody has arrived, so what was edited before has too, if it ever will."""
    word = canary()
    editor.put("passes-by", word)
    for node in nodes:
        until("what came later has arrived", lambda node=node: answered(node, "passes-by", word, None) == ADDRESSES)
