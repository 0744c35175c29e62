"""Who may do what at the node's NATS server: operator, accounts and users as signed tokens. Not for people or HTTP.

Three accounts. `system` may change claims, nothing else uses it. `node` holds the streams and the node's own services.
`peers` holds only peers, and imports one thing from `node`: asking a reader made for the peer for its next messages.
Peers are kept apart because a request names the subject for its answers: in one account, a peer could have the server
deliver what it may read into another peer's stream (tried on nats-server 2.15.1: it does).
"""

import base64
import hashlib
import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from weft.nats.keys import ACCOUNT, OPERATOR, USER, Credentials, Key, valid_user

NEXT = "$JS.API.CONSUMER.MSG.NEXT"
PEER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# A revocation cuts off the tokens issued up to its time; it is set beyond any, since clocks can be wrong.
FOREVER = 32_503_680_000
REQUEST_BYTES = 4096
CONNECTIONS_OF_PEERS = 256
SUBSCRIPTIONS_OF_A_PEER = 256


@dataclass(frozen=True)
class Permissions:
    """Subjects that a user may publish and subscribe to; nothing else."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def peer_permissions(peer: str) -> Permissions:
    """A peer asks the readers named after it, in any stream, and hears the answers under its own inbox."""
    name = valid_peer(peer)
    return Permissions(publish=(f"{NEXT}.*.{name}",), subscribe=(f"{inbox_of(name)}.>",))


def inbox_of(peer: str) -> str:
    return f"_INBOX_{valid_peer(peer)}"


def valid_peer(peer: str) -> str:
    if not PEER.fullmatch(peer):
        raise ValueError(f"not a peer's name: {peer[:80]!r} (a-z, 0-9, _ and -, at most 64)")
    return peer


@dataclass
class Trust:
    """The node's NATS keys, and the users that it has cut off."""

    folder: Path
    operator: Key
    system: Key
    node: Key
    peers: Key
    service: Key
    revoked: frozenset[str] = field(default=frozenset())

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make all keys in a folder.

        Raises:
            FileExistsError: there are keys already.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / "operator.seed").exists():
            raise FileExistsError(f"{folder} already holds NATS keys")
        # The operator's seed is written last: where it stands, the others do too.
        for name, kind in (("system", ACCOUNT), ("account", ACCOUNT), ("peers", ACCOUNT), ("service", USER)):
            (folder / f"{name}.seed").unlink(missing_ok=True)
            Key.create(kind).write(folder / f"{name}.seed")
        Key.create(OPERATOR).write(folder / "operator.seed")
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the keys that `create` made."""
        names = ("operator", "system", "account", "peers", "service")
        operator, system, node, peers, service = (Key.read(folder / f"{name}.seed") for name in names)
        cut = folder / "revoked.json"
        revoked = frozenset(map(valid_user, json.loads(cut.read_bytes()))) if cut.exists() else frozenset[str]()
        return cls(folder, operator, system, node, peers, service, revoked)

    def revoke(self, user: str) -> None:
        """Remember, durably, that this user is cut off."""
        self._remember(self.revoked | {valid_user(user)})

    def readmit(self, user: str) -> None:
        """Forget a revocation."""
        self._remember(self.revoked - {user})

    def operator_jwt(self) -> str:
        body = {"type": "operator", "version": 2, "system_account": self.system.public}
        return _token(self.operator, self.operator.public, "weft", body)

    def system_jwt(self) -> str:
        return self._account(self.system, "system", streams=False)

    def node_jwt(self) -> str:
        reading = {"name": "next", "subject": f"{NEXT}.*.*", "type": "service", "response_type": "Stream"}
        return self._account(self.node, "node", streams=True, exports=[reading])

    def account_jwt(self, revocations: frozenset[str] | None = None) -> str:
        """The peers' account, with those cut off (by default: those remembered)."""
        reading = {"name": "next", "subject": f"{NEXT}.*.*", "type": "service", "account": self.node.public}
        cut = dict.fromkeys(sorted(self.revoked if revocations is None else revocations), FOREVER)
        return self._account(self.peers, "peers", streams=False, imports=[reading], revocations=cut)

    def accounts(self) -> dict[str, str]:
        """Every account's token by its public key, as the server is to know them."""
        return {
            self.system.public: self.system_jwt(),
            self.node.public: self.node_jwt(),
            self.peers.public: self.account_jwt(),
        }

    def user_jwt(self, user: str, name: str, permissions: Permissions) -> str:
        """A token for a user of the peers' account; the user keeps its private key to itself."""
        body = {
            "pub": {"allow": list(permissions.publish)},
            "sub": {"allow": list(permissions.subscribe)},
            "subs": SUBSCRIPTIONS_OF_A_PEER,
            "payload": REQUEST_BYTES,
        }
        return self._user(self.peers, valid_user(user), name, body)

    def peer_jwt(self, user: str, peer: str) -> str:
        """A token for an approved peer, for the public key that it sent."""
        return self.user_jwt(user, peer, peer_permissions(peer))

    def service_credentials(self) -> Credentials:
        """The node's own services: everything inside its account."""
        return Credentials(self._user(self.node, self.service.public, "services", {}), self.service)

    def system_credentials(self) -> Credentials:
        """Whoever starts the server; the key lives no longer than the process."""
        key = Key.create(USER)
        return Credentials(self._user(self.system, key.public, "system", {}), key)

    def _remember(self, revoked: frozenset[str]) -> None:
        temporary = self.folder / "revoked.json.new"
        with temporary.open("w") as out:
            json.dump(sorted(revoked), out)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(self.folder / "revoked.json")
        self.revoked = revoked

    def _account(self, key: Key, name: str, *, streams: bool, **more: Any) -> str:
        storage = -1 if streams else 0
        limits = {
            **dict.fromkeys(("subs", "data", "payload", "imports", "exports"), -1),
            **dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), storage),
            "conn": CONNECTIONS_OF_PEERS if key == self.peers else -1,
            "leaf": 0,
            "wildcards": True,
        }
        return _token(self.operator, key.public, name, {"type": "account", "version": 2, "limits": limits, **more})

    def _user(self, account: Key, user: str, name: str, more: dict[str, Any]) -> str:
        unlimited = dict.fromkeys(("subs", "data", "payload"), -1)
        return _token(account, user, name, {"type": "user", "version": 2, **unlimited, **more})


def _token(issuer: Key, subject: str, name: str, body: dict[str, Any]) -> str:
    """A NATS claim: a JWT signed with an nkey, whose id is the hash of its content."""
    claim = {"iat": int(time.time()), "iss": issuer.public, "sub": subject, "name": name, "nats": body}
    digest = hashlib.sha512(_json(claim)).digest()[:32]
    claim["jti"] = base64.b32encode(digest).decode().rstrip("=")
    signed = f"{_base64(_json({'typ': 'JWT', 'alg': 'ed25519-nkey'}))}.{_base64(_json(claim))}"
    return f"{signed}.{_base64(issuer.sign(signed.encode()))}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
