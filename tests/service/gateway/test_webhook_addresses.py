"""A webhook reaches public addresses and named networks, and nothing else by any way of writing or naming it."""

import asyncio
import socket
from ipaddress import ip_address, ip_network

import pytest

from gateway.webhooks import message, wire
from gateway.webhooks.addresses import Addresses, Unreachable, public

INNER = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "017700000001"),
    *("169.254.169.254", "172.16.0.1", "192.168.1.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.88.99.1", "localhost"),
    *("[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"),
    *("[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001:0:1::1]", "[2001:db8::1]", "[fd00:ec2::254]", "[fe80::1]"),
    *("[ff02::1]", "[fec0::1]", "[100::1]", "[3fff::1]", "[5f00::1]"),
]


@pytest.mark.parametrize("host", INNER)
async def test_an_address_that_is_not_public_is_refused_however_it_is_written(host):
    with pytest.raises(Unreachable):
        await Addresses(()).destination(f"https://{host}/hook")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"])
def test_a_public_address_is_one(address):
    assert public(ip_address(address))


async def test_a_named_network_may_be_reached_and_there_alone_without_tls():
    addresses = Addresses((ip_network("127.0.0.0/8"),))
    assert (await addresses.destination("http://127.0.0.1:81/x")).addresses == (ip_address("127.0.0.1"),)
    for url in ("http://8.8.8.8/", "https://10.0.0.1/"):
        with pytest.raises(Unreachable):
            await addresses.destination(url)
    assert (await addresses.destination("https://8.8.8.8/")).addresses == (ip_address("8.8.8.8"),)


class Names:
    """A server of names that changes its mind: each look-up has the next answer."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host, port, **_):
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in found]


async def test_a_name_that_means_another_address_a_moment_later_gains_nothing(receiver, monkeypatch):
    port = receiver.url.split(":")[2].split("/")[0]
    rebinding = f"http://rebinding.example:{port}/take"
    made = message.trial("x", node="eclac", at="2026-03-01T10:42:07.000Z")
    loop = asyncio.get_running_loop()

    names = Names(["127.0.0.1"], ["127.0.0.2"])
    monkeypatch.setattr(loop, "getaddrinfo", names)
    outcome = await wire.post(Addresses((ip_network("127.0.0.1/32"),)), rebinding, made, {})
    assert (outcome.status, names.asked) == (204, 1)  # looked up once; what was judged was used
    monkeypatch.setattr(loop, "getaddrinfo", Names(["8.8.8.8", "127.0.0.1"]))
    outcome = await wire.post(Addresses(()), rebinding.replace("http", "https"), made, {})
    assert (outcome.status, "127.0.0.1" in outcome.error) == (0, True)  # one inner address among public ones
    assert len(receiver.got) == 1


async def test_a_receiver_that_never_answers_or_never_ends_holds_nothing_up(monkeypatch):
    monkeypatch.setattr(wire, "SECONDS", 0.3)
    gone = asyncio.Event()

    async def endless(reader, writer):
        head = await reader.readline()
        if b"/body" in head:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while b"/silent" not in head:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n" if b"/body" in head else b"X-More: x\r\n")
                await writer.drain()
            await reader.read()
        except ConnectionError:
            gone.set()
        writer.close()

    made = message.trial("x", node="eclac", at="2026-03-01T10:42:07.000Z")
    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        addresses = Addresses((ip_network("127.0.0.0/8"),))
        async with asyncio.timeout(5):
            assert (await wire.post(addresses, f"{url}/silent", made, {})).status == 0
            assert (await wire.post(addresses, f"{url}/head", made, {})).status == 0
            assert (await wire.post(addresses, f"{url}/body", made, {})).status == 200
            await gone.wait()
