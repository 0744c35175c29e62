"""The supervised server: who it lets in, how it is restarted, and that it never outlives its node."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weft.nats import certificate
from weft.nats.bus import Bus
from weft.nats.configuration import Settings
from weft.nats.errors import Refused, ServerFailed, Unavailable
from weft.nats.link import dial
from weft.nats.server import NatsServer
from weft.nats.trust import Trust, inbox_of

if TYPE_CHECKING:
    from conftest import Origin

PARENT = """
import asyncio, pathlib, sys
from weft.nats.configuration import Settings
from weft.nats.server import NatsServer
from weft.nats.trust import Trust

async def main():
    folder = pathlib.Path(sys.argv[1])
    server = NatsServer(folder / "nats", Trust.create(folder / "trust"), Settings(name="eca"))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie, which its parent has not yet looked at, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


async def test_a_revoked_peer_is_cut_at_once_and_others_are_not(origin: Origin) -> None:
    eca, ece = origin.approve("eca"), origin.approve("ece")
    url = origin.server.url
    cut = await dial(url, eca, name="eca", inbox=inbox_of("eca"))
    kept = await dial(url, ece, name="ece", inbox=inbox_of("ece"))
    try:
        await origin.server.revoke(eca.key.public)
        await asyncio.wait_for(cut.lost, 2)
        await kept.client.flush(2)
        assert kept.alive
        assert origin.bus.connected
        with pytest.raises(Refused):
            await dial(url, eca, name="eca", inbox=inbox_of("eca"))
    finally:
        await cut.close()
        await kept.close()


async def test_a_revoked_peer_stays_out_after_restarts_and_also_if_revoked_while_down(origin: Origin) -> None:
    eca, ece, escap = (origin.approve(peer) for peer in ("eca", "ece", "escap"))
    await origin.server.revoke(eca.key.public)
    await origin.server.stop()
    await origin.server.revoke(ece.key.public)
    origin.server.trust = Trust.open(origin.server.trust.folder)
    await origin.server.start()
    for peer, credentials in (("eca", eca), ("ece", ece)):
        with pytest.raises(Refused):
            await dial(origin.server.url, credentials, name=peer, inbox=inbox_of(peer))
    connection = await dial(origin.server.url, escap, name="escap", inbox=inbox_of("escap"))
    await connection.close()


async def test_a_readmitted_peer_is_let_in_again(origin: Origin) -> None:
    eca = origin.approve("eca")
    await origin.server.revoke(eca.key.public)
    await origin.server.readmit(eca.key.public)
    connection = await dial(origin.server.url, eca, name="eca", inbox=inbox_of("eca"))
    await connection.close()


async def test_a_reader_whose_peer_is_revoked_ends_refused(origin: Origin) -> None:
    subject = await origin.feed("NETWORK", "eca")
    eca = origin.approve("eca")
    async with asyncio.timeout(10), aclosing(origin.reader("eca", eca).messages("NETWORK")) as messages:
        await origin.bus.publish(subject, b"1", message_id="1")
        await anext(messages)
        waiting = asyncio.ensure_future(anext(messages))
        await origin.server.revoke(eca.key.public)
        with pytest.raises(Refused):
            await waiting


async def test_a_server_that_cannot_be_told_is_restarted_with_the_new_claims(origin: Origin) -> None:
    eca = origin.approve("eca")
    first = origin.server.pid
    assert first
    os.kill(first, signal.SIGSTOP)
    revoking = asyncio.create_task(origin.server.revoke(eca.key.public))
    await asyncio.wait({revoking}, timeout=6)
    os.kill(first, signal.SIGCONT)
    await asyncio.wait_for(revoking, 20)
    await origin.until(lambda: origin.server.pid not in (None, first) and origin.bus.connected)
    with pytest.raises(Refused):
        await dial(origin.server.url, eca, name="eca", inbox=inbox_of("eca"))


async def test_a_server_that_dies_is_started_again_on_the_same_port(origin: Origin) -> None:
    first, port = origin.server.pid, origin.server.port
    assert first
    os.kill(first, signal.SIGKILL)
    await origin.until(lambda: origin.server.pid not in (None, first) and origin.bus.connected)
    assert origin.server.port == port


async def test_a_stopped_server_is_gone_and_not_started_again(origin: Origin) -> None:
    pid = origin.server.pid
    assert pid
    await origin.server.stop()
    assert not alive(pid)
    assert origin.server.pid is None


async def test_a_node_that_is_killed_leaves_no_server_behind(origin: Origin, tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path / "other"), stdout=asyncio.subprocess.PIPE, env=_environment()
    )
    assert parent.stdout
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    assert alive(pid)
    parent.kill()
    await parent.wait()
    await origin.until(lambda: not alive(pid))


async def test_an_orphan_of_the_same_folder_is_ended_before_a_new_server_starts(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats", Trust.create(tmp_path / "trust"), Settings(name="eca"))
    await server.start()
    await server.stop()
    orphan = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "nats-server", "-c", str(server.folder / "server.conf")
    )
    pid_file = server.folder / "server.pid"
    async with asyncio.timeout(10):
        while not pid_file.exists() or pid_file.read_text() != str(orphan.pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    try:
        await server.start()
        await asyncio.wait_for(orphan.wait(), 5)
    finally:
        await server.stop()
        if orphan.returncode is None:
            orphan.kill()


async def test_a_stranger_with_the_id_in_the_pid_file_is_left_alone(tmp_path: Path) -> None:
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    server = NatsServer(tmp_path / "nats", Trust.create(tmp_path / "trust"), Settings(name="eca"))
    server.folder.mkdir()
    (server.folder / "server.pid").write_text(str(stranger.pid))
    try:
        await server.start()
        assert alive(stranger.pid)
    finally:
        await server.stop()
        stranger.kill()
        await stranger.wait()


async def test_a_folder_serves_one_node_only(origin: Origin) -> None:
    second = NatsServer(origin.server.folder, origin.server.trust, Settings(name="eclac"))
    with pytest.raises(ServerFailed, match="in use"):
        await second.start()
    assert origin.server.pid


async def test_a_missing_program_is_told_with_its_remedy(tmp_path: Path) -> None:
    trust = Trust.create(tmp_path / "trust")
    server = NatsServer(tmp_path / "nats", trust, Settings(name="eca"), program="/nowhere/nats-server")
    with pytest.raises(ServerFailed, match="NATS_SERVER_BIN"):
        await server.start()


async def test_a_server_that_cannot_start_says_why(origin: Origin, tmp_path: Path) -> None:
    trust = Trust.create(tmp_path / "other")
    sync = NatsServer(tmp_path / "second", trust, Settings(name="eca", sync_interval="sometimes"))
    with pytest.raises(ServerFailed, match="sometimes"):
        await sync.start()
    taken = NatsServer(tmp_path / "third", trust, Settings(name="eca", port=origin.server.port))
    with pytest.raises(ServerFailed):
        await taken.start()


async def test_over_tls_only_those_who_trust_its_certificate_speak_to_it(tmp_path: Path) -> None:
    tls = certificate.ensure(tmp_path / "tls")
    server = NatsServer(tmp_path / "nats", Trust.create(tmp_path / "trust"), Settings(name="eca", tls=tls))
    await server.start()
    try:
        assert server.url.startswith("tls://")
        bus = Bus(server.url, server.trust.service_credentials(), name="eca", tls=tls.trusted())
        await bus.start()
        await bus.ensure_stream("NETWORK", "feed.network", max_age=60, max_bytes=1 << 20)
        await bus.close()
        another = certificate.ensure(tmp_path / "another").trusted()
        for other in (ssl.create_default_context(), another, None):
            stranger = Bus(server.url, server.trust.service_credentials(), name="eca", tls=other)
            with pytest.raises(Unavailable):
                await stranger.start(1)
            await stranger.close()
    finally:
        await server.stop()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
