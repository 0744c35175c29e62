"""Keys on disk and the tokens minted with them, without a server."""

import base64
import json
import stat
from pathlib import Path

import pytest

from weft.nats.keys import USER, Exposed, Key, valid_user
from weft.nats.trust import Trust, inbox_of, peer_permissions


def claim(jwt: str) -> dict[str, object]:
    body = jwt.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def test_seeds_are_readable_by_their_owner_only_and_open_as_they_were_made(tmp_path: Path) -> None:
    made = Trust.create(tmp_path / "trust")
    seeds = list((tmp_path / "trust").glob("*.seed"))
    assert len(seeds) == 5
    assert {stat.S_IMODE(seed.stat().st_mode) for seed in seeds} == {0o600}
    assert Trust.open(tmp_path / "trust") == made


def test_keys_are_never_made_over_existing_ones(tmp_path: Path) -> None:
    made = Trust.create(tmp_path)
    with pytest.raises(FileExistsError):
        Trust.create(tmp_path)
    assert Trust.open(tmp_path) == made


def test_a_seed_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    Trust.create(tmp_path)
    (tmp_path / "account.seed").chmod(0o644)
    with pytest.raises(Exposed, match="chmod 600"):
        Trust.open(tmp_path)


def test_revocations_are_remembered_and_can_be_taken_back(tmp_path: Path) -> None:
    trust = Trust.create(tmp_path)
    user, other = Key.create(USER).public, Key.create(USER).public
    trust.revoke(user)
    trust.revoke(other)
    trust.readmit(other)
    again = Trust.open(tmp_path)
    assert again.revoked == {user}
    nats = claim(again.account_jwt())["nats"]
    assert isinstance(nats, dict)
    assert list(nats["revocations"]) == [user]


def test_a_peer_gets_a_token_for_its_public_key_and_its_own_readers_only(tmp_path: Path) -> None:
    trust, key = Trust.create(tmp_path), Key.create(USER)
    token = claim(trust.peer_jwt(key.public, "eca"))
    assert token["sub"] == key.public
    assert token["iss"] == trust.peers.public
    nats = token["nats"]
    assert isinstance(nats, dict)
    assert nats["pub"] == {"allow": ["$JS.API.CONSUMER.MSG.NEXT.*.eca"]}
    assert nats["sub"] == {"allow": ["_INBOX_eca.>"]}


@pytest.mark.parametrize("name", ["", "*", ">", "e.a", "e ca", "ECA", "eca\n", "a" * 65, "é", "-a"])
def test_a_name_that_could_widen_permissions_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a peer's name"):
        peer_permissions(name)
    with pytest.raises(ValueError, match="not a peer's name"):
        inbox_of(name)


@pytest.mark.parametrize(
    "public",
    [
        "",
        "U",
        "é" * 56,
        "U" * 56,
        "U" * 1_000_000,
        # The public key of an account, and one of a user with a changed letter.
        "AC5SOJPDHZ2S3S4BG5KUIJJNQ2NJJQWOPDLINNNY7USCHJCGCOZGVATC",
        "UCWJIRFGBKQ5S4GGSSS46EZSWAVRYO63STCLZ65GKQ6YH5PL2EUUPEHA",
    ],
    ids=["empty", "short", "not ASCII", "no checksum", "huge", "an account's", "changed"],
)
def test_what_is_not_the_public_key_of_a_user_is_refused(public: str) -> None:
    with pytest.raises(ValueError, match="public key"):
        valid_user(public)


def test_the_public_key_of_a_user_is_taken_as_it_is() -> None:
    public = Key.create(USER).public
    assert valid_user(public) == public


def test_a_seed_does_not_show_when_its_key_is_printed() -> None:
    key = Key.create(USER)
    assert key.seed.decode() not in repr(key)
