"""The broker's certificate: made once, made anew with the same key, and trusted by its pin alone."""

import ssl
import subprocess
from pathlib import Path

import pytest

from weft.nats import certificate
from weft.nats.certificate import NotTheBroker, first, pin_of, trusted


def shown(folder: Path) -> str:
    return first((folder / "tls.pem").read_bytes())


def test_it_is_made_once(tmp_path: Path) -> None:
    certificate.ensure(tmp_path)
    before = shown(tmp_path)
    certificate.ensure(tmp_path)
    assert shown(tmp_path) == before
    assert (tmp_path / "tls.key").stat().st_mode & 0o077 == 0


def test_for_new_hosts_it_is_made_anew_and_its_pin_stays(tmp_path: Path) -> None:
    certificate.ensure(tmp_path)
    before = shown(tmp_path)
    certificate.ensure(tmp_path, ["nats1.example.org", "10.0.0.1"])
    after = shown(tmp_path)
    assert after != before
    assert pin_of(after) == pin_of(before)
    certificate.ensure(tmp_path, ["10.0.0.1"])
    assert shown(tmp_path) == after, "it names that host already"


def test_another_key_than_the_pinned_one_is_not_trusted(tmp_path: Path) -> None:
    certificate.ensure(tmp_path / "ours")
    certificate.ensure(tmp_path / "theirs")
    with pytest.raises(NotTheBroker, match="pinned"):
        trusted(shown(tmp_path / "theirs"), pin_of(shown(tmp_path / "ours")))


@pytest.mark.parametrize(
    "pem", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\0" * 100_000]
)
def test_what_is_no_certificate_is_refused(pem: str) -> None:
    with pytest.raises(NotTheBroker):
        trusted(pem, "0" * 64)


def test_of_a_chain_only_the_servers_own_certificate_is_trusted(tmp_path: Path) -> None:
    """Whoever issued it issues others too: trusting the issuer would let all of them in, since no host is compared."""
    authority, server, other = issued(tmp_path)
    chain = server + authority
    context = trusted(first(chain.encode()), pin_of(server))
    store = context.cert_store_stats()
    assert store["x509"] == 1
    assert handshake(context, tmp_path / "server.pem", tmp_path / "server.key")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(context, tmp_path / "other.pem", tmp_path / "other.key")
    assert other


def issued(folder: Path) -> tuple[str, str, str]:
    """An authority's certificate and two that it issued, in PEM, made by somebody else's program."""
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run([*new, "-x509", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"], folder)
    for name in ("server", "other"):
        run([*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr"], folder)
        sign = ["openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2"]
        run([*sign, "-CAcreateserial", "-out", f"{name}.pem"], folder)
    ca, server, other = ((folder / f"{name}.pem").read_text() for name in ("ca", "server", "other"))
    return ca, server, other


def run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=30)


def handshake(client: ssl.SSLContext, pem: Path, key: Path) -> bool:
    """Whether a client accepts a server that shows this certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, key)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="anything.example")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        done = 0
        for side in (ours, theirs):
            try:
                side.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
        if done == 2:
            return True
    return False
