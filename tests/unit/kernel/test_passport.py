"""Passports inside a node: what the gateway says of a caller is believed, for a short time, and nothing else is."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from weft.identity import ANONYMOUS, Caller, Role
from weft.passport import AUDIENCE, LIFE_SECONDS, REUSE_SECONDS, Passports
from weft.problems import Unauthenticated

EDITOR = Caller("Ana", Role.EDITOR)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def passports(clock) -> Passports:
    return Passports(b"k" * 32, clock)


@pytest.mark.parametrize(
    "caller", [EDITOR, ANONYMOUS, Caller("ece", Role.PEER, "f" * 32), Caller("search", Role.SERVICE)]
)
def test_a_passport_says_who_calls(passports, caller):
    assert passports.check(passports.issue(caller)) == caller


def test_a_passport_is_used_again_for_a_while_and_then_made_anew(passports, clock):
    first = passports.issue(EDITOR)
    assert passports.issue(EDITOR) == first
    clock.now += REUSE_SECONDS + 1
    assert passports.issue(EDITOR) != first


def test_an_expired_passport_is_refused_also_after_it_was_checked(passports, clock):
    passport = passports.issue(EDITOR)
    passports.check(passport)
    clock.now += LIFE_SECONDS
    with pytest.raises(Unauthenticated):
        passports.check(passport)
    with pytest.raises(Unauthenticated):
        Passports(b"k" * 32, clock).check(passport)


def forged(key=None, algorithm="EdDSA", **claims) -> str:
    said = {"sub": "Ana", "role": "operator", "peer": "", "aud": AUDIENCE, "exp": 2_000_000, **claims}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm=algorithm)


@pytest.mark.parametrize(
    "passport",
    [
        forged(Ed25519PrivateKey.from_private_bytes(b"o" * 32)),
        forged(None, "none"),
        forged("k" * 32, "HS256"),
        forged(Ed25519PrivateKey.from_private_bytes(b"k" * 32), aud="weft-session"),
        forged(Ed25519PrivateKey.from_private_bytes(b"k" * 32), role="emperor"),
        forged(Ed25519PrivateKey.from_private_bytes(b"k" * 32), exp=None),
        forged(Ed25519PrivateKey.from_private_bytes(b"k" * 32), exp=999_999),
        "not a passport",
        "",
    ],
    ids=[
        "other key",
        "no signature",
        "other algorithm",
        "other audience",
        "unknown role",
        "no end",
        "over",
        "text",
        "empty",
    ],
)
def test_anything_but_the_nodes_own_passport_is_refused(passports, passport):
    with pytest.raises(Unauthenticated):
        passports.check(passport)


def test_the_caches_do_not_grow_without_bound(passports):
    for at in range(2_500):
        passports.check(passports.issue(Caller(f"caller {at}", Role.READER)))
    assert max(len(passports._issued), len(passports._checked)) <= 1_000


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.ANONYMOUS, {Role.ANONYMOUS}),
        (Role.READER, {Role.ANONYMOUS, Role.READER}),
        (Role.EDITOR, {Role.ANONYMOUS, Role.READER, Role.EDITOR}),
        (Role.REVIEWER, {Role.ANONYMOUS, Role.READER, Role.EDITOR, Role.REVIEWER}),
        (Role.OPERATOR, {Role.ANONYMOUS, Role.READER, Role.EDITOR, Role.REVIEWER, Role.OPERATOR}),
        (Role.PEER, {Role.PEER}),
        (Role.SERVICE, {Role.SERVICE}),
    ],
)
def test_a_role_includes_the_ones_below_it_and_peers_and_services_are_no_people(role, may):
    assert {other for other in Role if Caller("x", role).may(other)} == may
