"""What docker-compose.yml says, started: two nodes, each part a process, on PostgreSQL and Elasticsearch, TLS between them."""

import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.network import elastic, proxy
from tests.network.certificates import Authority
from tests.network.composed import ComposedNode
from tests.network.postgres import MISSING, Cluster, binaries
from weft.cli.demo import PACKAGED
from weft.cli.health import PARTS
from weft.demo.visitor import until

PROGRAMS = binaries()
pytestmark = [
    pytest.mark.network,
    pytest.mark.timeout(300),
    pytest.mark.skipif(PROGRAMS is None, reason=MISSING),
    pytest.mark.skipif(proxy.PROGRAM is None, reason=proxy.MISSING),
]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ComposedNode, ComposedNode]]:
    assert PROGRAMS
    folder: Path = tmp_path_factory.mktemp("composed")
    authority = Authority(folder / "authority")
    clusters = [Cluster(PROGRAMS), Cluster(PROGRAMS)]
    made: list[ComposedNode] = []
    with elastic.server() as search:
        try:
            for name, cluster in zip(_names("eclac", "eca"), clusters, strict=True):
                cluster.start()
                issued = authority.issue("127.0.0.1")
                node = ComposedNode(name, folder / name, cluster, authority.file, issued, elasticsearch=search)
                made.append(node)
                port = str(node.ports["gateway"])
                done = node.run("init", node.folder / "node", "--node", name, "--url", node.url, "--port", port)
                assert done.returncode == 0, done.stderr
                node.start()
            approve(*made)
            yield made[0], made[1]
        finally:
            for node in made:
                node.stop()
                if search:
                    httpx.delete(f"{search}/weft-{node.name}-*?expand_wildcards=all", trust_env=False)
            for cluster in clusters:
                cluster.remove()


def _names(*names: str) -> list[str]:
    """No index of an earlier run is found under them."""
    return [f"{name}-{secrets.token_hex(3)}" for name in names]


def approve(one: ComposedNode, other: ComposedNode) -> None:
    """Each finds the other at its https address and says yes, as two operators would."""
    assert one.run("peer", "add", one.node.folder, other.url, "--yes").returncode == 0
    done = other.run("peer", "accept", other.node.folder, one.name, "--yes")
    assert done.returncode == 0, done.stderr


def test_every_part_is_healthy_by_the_check_that_the_composition_makes(
    nodes: tuple[ComposedNode, ComposedNode],
) -> None:
    for node in nodes:
        for part in PARTS:
            until(f"{part} of {node.name} is healthy", lambda node=node, part=part: node.healthy(part))  # type: ignore[misc]


def test_what_is_imported_at_one_is_found_at_the_other(nodes: tuple[ComposedNode, ComposedNode]) -> None:
    eclac, eca = nodes
    file = eclac.folder / "briefs.ndjson"
    shutil.copy(PACKAGED / "eclac" / "documents.ndjson", file)
    done = eclac.run("import", eclac.node.folder, "documents", file, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    briefs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    public = [brief for brief in briefs if brief.get("audience") == "network"]
    assert len(public) > 5
    with eca.visitor() as visitor:
        until(
            "ECA shows all of it", lambda: _total(visitor, f"/api/v1/documents?origin={eclac.name}") == len(public), 60
        )
        until(
            "ECA finds all of it", lambda: _total(visitor, f"/api/v1/search?origin={eclac.name}&q=") == len(public), 60
        )
    until("ECA says that its copies are equal", lambda: _equal(eca), 60)


def _total(visitor: httpx.Client, path: str) -> int:
    answer = visitor.get(path)
    return int(answer.json()["total"]) if answer.is_success else -1


def _equal(node: ComposedNode) -> bool:
    return node.run("sync", "status", node.node.folder, "--json").returncode == 0


def test_the_proxy_ends_tls_that_the_authority_vouches_for_and_nothing_weaker(
    nodes: tuple[ComposedNode, ComposedNode],
) -> None:
    eclac, _ = nodes
    with eclac.visitor() as visitor:
        answer = visitor.get("/readyz")
        assert answer.status_code == 200
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "nginx/" not in answer.headers.get("Server", "")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{eclac.url}/readyz", trust_env=False)


def test_peers_call_each_other_through_tls_alone(nodes: tuple[ComposedNode, ComposedNode]) -> None:
    for here, there in (nodes, nodes[::-1]):
        done = here.run("peer", "list", here.node.folder, "--json")
        (peer,) = json.loads(done.stdout)["items"]
        assert (peer["name"], peer["url"], peer["state"]) == (there.name, there.url, "approved")
        asked = (there.folder / "proxy" / "access.log").read_text()
        assert " /feeds/" in asked


def test_nothing_is_kept_in_sqlite_and_no_secret_is_in_an_environment(
    nodes: tuple[ComposedNode, ComposedNode],
) -> None:
    for node in nodes:
        assert not list(node.node.folder.glob("*.db"))
        password = (node.secrets / "database_password").read_text()
        for name, part in node.parts.items():
            assert part.pid is not None, name
            assert password.encode() not in Path(f"/proc/{part.pid}/environ").read_bytes()


def test_the_index_is_where_the_composition_says(nodes: tuple[ComposedNode, ComposedNode]) -> None:
    for node in nodes:
        if not node.elasticsearch:
            pytest.skip(elastic.MISSING)
        assert not (node.node.folder / "index").exists()
        indexes = httpx.get(f"{node.elasticsearch}/_alias/weft-{node.name}-*", trust_env=False)
        assert indexes.status_code == 200
        assert indexes.json()
