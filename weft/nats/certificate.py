"""The certificate of the node's broker, and the pin by which a peer knows it. Nobody else has to vouch for it.

What is pinned is the key: the certificate can be made anew, for other host names or a later end, and stays the same to all
who hold the pin.
"""

import hashlib
import ipaddress
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""RFC 5280: no well-defined end. What ends trust is another pin in the descriptor."""
PEM_BYTES = 16 * 1024


class NotTheBroker(ValueError):
    """A certificate that is none, or whose key is not the pinned one."""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """The files of the server's certificate and key."""

    certificate: Path
    key: Path

    def trusted(self) -> ssl.SSLContext:
        """What trusts this server alone."""
        pem = first(self.certificate.read_bytes())
        return trusted(pem, pin_of(pem))


def first(raw: bytes) -> str:
    """The server's own certificate in PEM: the first of a file that may go on with those that vouch for it.

    Raises:
        NotTheBroker: there is none.
    """
    return _first(raw).public_bytes(serialization.Encoding.PEM).decode()


def pin_of(pem: str) -> str:
    """SHA-256 of the certificate's public key, in hexadecimal.

    Raises:
        NotTheBroker: it is no certificate.
    """
    return _pin(_first(pem.encode()).public_key())


def trusted(pem: str, pin: str) -> ssl.SSLContext:
    """A context that trusts this one certificate, whatever host shows it: the pin says whose it is.

    Raises:
        NotTheBroker: it has another key than the pinned one.
    """
    if (found := pin_of(pem)) != pin:
        raise NotTheBroker(f"the broker's key is {found}, and {pin} is pinned")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # trust the server's own, though somebody else issued it
    context.load_verify_locations(cadata=pem)
    return context


def ensure(folder: Path, hosts: Iterable[str] = ()) -> Tls:
    """The certificate and key that the node made for its broker; made now if they are not there.

    It is made anew with the same key when one of the hosts is not named in it.
    """
    tls = Tls(certificate=folder / "tls.pem", key=folder / "tls.key")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not tls.key.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write(tls.key, _private(key))
    wanted = {_name(host) for host in ("localhost", "127.0.0.1", *hosts)}
    if not tls.certificate.exists() or not wanted <= _names(_first(tls.certificate.read_bytes())):
        made = serialization.load_pem_private_key(tls.key.read_bytes(), None)
        if not isinstance(made, ec.EllipticCurvePrivateKey):
            raise NotTheBroker(f"{tls.key} is not a key that this program made")
        write(tls.certificate, _certificate(made, wanted))
    return tls


def _certificate(key: ec.EllipticCurvePrivateKey, names: set[x509.GeneralName]) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "weft broker")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))  # a clock that is wrong does not end trust
        .not_valid_after(FOREVER)
        .add_extension(x509.SubjectAlternativeName(sorted(names, key=repr)), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _first(raw: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(raw[:PEM_BYTES])
    except ValueError as error:
        raise NotTheBroker(f"not a certificate: {error}") from None


def _names(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pin(key: CertificatePublicKeyTypes) -> str:
    raw = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(raw).hexdigest()


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write(file: Path, raw: bytes) -> None:
    """Whole or not at all; a process that starts beside this one may read it."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
