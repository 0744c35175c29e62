"""A stranger with docs/operate alone: the commands of install.md and backup.md, run as they stand there, from nothing to a
restored node. Only what is this machine's differs: where folders are, which ports are free, whose password.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, page
from tests.network import elastic, proxy
from tests.network.certificates import Authority
from tests.network.postgres import MISSING, Cluster, binaries
from weft.cli.demo import PACKAGED
from weft.demo.local import free_ports
from weft.demo.visitor import until

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ADDRESS = "weft.eclac.example"
PORTS = ("8400", "8411", "8412", "8413", "8414", "4222", "8443", "8080")
SECONDS = 240
PROGRAMS = binaries()
pytestmark = [
    pytest.mark.network,
    pytest.mark.timeout(360),
    pytest.mark.skipif(PROGRAMS is None, reason=MISSING),
    pytest.mark.skipif(proxy.PROGRAM is None, reason=proxy.MISSING),
    pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine"),
]


class Desk:
    """Where the stranger sits: a machine of folders, a PostgreSQL, and a certificate for the node's address."""

    def __init__(self, folder: Path, cluster: Cluster, search: str) -> None:
        self.folder = folder
        self._shells: list[subprocess.Popen[bytes]] = []
        ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.port = ports["8400"]
        self._differs = {
            f"https://{ADDRESS}": f"https://127.0.0.1:{ports['8443']}",
            "weft:PASSWORD@localhost/": f"weft:any@127.0.0.1:{cluster.port}/",
            "WEFT_ELASTICSEARCH_URL=http://127.0.0.1:9200\n": f"WEFT_ELASTICSEARCH_URL={search}\n" if search else "",
            **{where: f"{folder}{where}" for where in ("/srv/", "/etc/weft", "/backup/")},
            **{f"127.0.0.1:{old}": f"127.0.0.1:{new}" for old, new in ports.items()},
            **{f"--port {old}": f"--port {new}" for old, new in ports.items()},
        }
        authority = Authority(folder / "authority")
        for place in ("srv", "etc/weft", "backup", "deploy/proxy", "tmp"):
            (folder / place).mkdir(parents=True)
        for name, file in zip(("tls_certificate", "tls_key"), authority.issue("127.0.0.1"), strict=True):
            shutil.copy(file, folder / "etc" / "weft" / name)
        self._copy_proxy()
        shutil.copy(PACKAGED / "eclac" / "documents.ndjson", folder / "briefs.ndjson")
        self._environment = {
            "PATH": f"{Path(sys.executable).parent}:{PROGRAMS}:{os.environ['PATH']}:/usr/sbin",
            "HOME": str(folder),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(cluster.port),
            "PGUSER": "weft",
            "SSL_CERT_FILE": str(authority.file),
            "CURL_CA_BUNDLE": str(authority.file),
            "WEFT_NATS_PORT": ports["4222"],
            "WEFT_PORT": ports["8400"],
        }

    def follow(self, text: str) -> str:
        """Run the commands of a page in one new shell, one after the other, and return what was said."""
        blocks = BLOCK.findall(text)
        assert blocks
        script = "set -eu\n" + "\n".join(blocks)
        for there, here in self._differs.items():
            script = script.replace(there, here)
        said = self.folder / f"said-{len(self._shells)}"
        with said.open("wb") as out:
            shell = subprocess.Popen(
                ["bash", "-x", "-c", script],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._shells.append(shell)
        code = shell.wait(SECONDS)
        told = said.read_text(encoding="utf-8", errors="replace")
        assert code == 0, told[-5000:]
        return told

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, timeout=60, check=False
        )

    def lose(self) -> None:
        """The machine is gone, with everything that was started on it."""
        for shell in self._shells:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
        pid = self.folder / "tmp" / "nginx.pid"
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGTERM)
            until("nginx has ended", lambda: not pid.exists())

    def _copy_proxy(self) -> None:
        text = (ROOT / "deploy" / "proxy" / "nginx.conf").read_text().replace(" /tmp/", f" {self.folder}/tmp/")
        if os.getuid() == 0:
            text = f"user root;\n{text}"  # its workers have to reach the test's folder
        (self.folder / "deploy" / "proxy" / "nginx.conf").write_text(text)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    assert PROGRAMS
    cluster = Cluster(PROGRAMS)
    with elastic.server() as search:
        try:
            cluster.start()
            made = Desk(tmp_path, cluster, search)
            try:
                yield made
            finally:
                made.lose()
        finally:
            cluster.remove()


def test_a_stranger_brings_up_a_node_backs_it_up_and_restores_it_elsewhere(desk: Desk) -> None:
    install, backup = page("operate/install.md"), page("operate/backup.md")
    here, _, elsewhere = backup.partition("## Restoring")
    assert desk.follow(install).count("Recovery key") == 1
    documents = len((desk.folder / "briefs.ndjson").read_text(encoding="utf-8").splitlines())
    told = json.loads(_last_object(desk.follow(here)))
    assert told["node"] == "eclac"
    assert told["databases"]["catalog"]["from"] == "postgresql"
    assert told["databases"]["catalog"]["rows"]["own"] == documents
    desk.lose()
    desk.follow(elsewhere)
    found = desk.run("curl", "-sS", f"http://127.0.0.1:{desk.port}/api/v1/documents?origin=eclac&limit=1")
    public = desk.run("weft", "sync", "status", str(desk.folder / "srv" / "restored"), "--json")
    assert public.returncode == 0, public.stderr
    assert json.loads(found.stdout)["total"] > 5


def _last_object(said: str) -> str:
    """The JSON that the last command printed, without what the shell and programs in the background say."""
    return said[said.rindex("\n{\n") : said.rindex("\n}") + 2]
