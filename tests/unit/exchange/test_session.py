"""Sessions between nodes: only the key that was approved opens one, and a token serves nowhere else and not for long."""

import pytest

from weft.exchange.session import LIFE_SECONDS, SESSION, Tokens, statement
from weft.identity import Caller, Role
from weft.problems import Unauthenticated
from weft.protocol.signing import SigningKey

SERVER, PEER, OTHER = (SigningKey(bytes([at]) * 32) for at in (1, 2, 3))


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock) -> Tokens:
    return Tokens(b"i" * 32, SERVER.public, clock)


def opened(
    tokens: Tokens, key: SigningKey = PEER, server: SigningKey = SERVER, name: str = "ece", purpose: str = SESSION
) -> str:
    nonce = tokens.nonce()
    proof = key.sign(purpose, statement(nonce, server.public.fingerprint, name))
    return tokens.open("ece", PEER.public, nonce, proof)


def test_a_peer_that_signs_the_nonce_is_known_by_its_identity(tokens):
    assert tokens.caller(opened(tokens)) == Caller("ece", Role.PEER, PEER.public.fingerprint)


@pytest.mark.parametrize(
    "wrong",
    [{"key": OTHER}, {"server": OTHER}, {"name": "eca"}, {"purpose": "commit"}],
    ids=["another key", "for another server", "as another node", "for another purpose"],
)
def test_a_proof_of_anything_else_opens_no_session(tokens, wrong):
    with pytest.raises(Unauthenticated):
        opened(tokens, **wrong)


def test_a_nonce_is_ours_and_young_or_nothing(tokens, clock):
    nonce = tokens.nonce()
    proof = PEER.sign(SESSION, statement(nonce, SERVER.public.fingerprint, "ece"))
    clock.now += 61
    with pytest.raises(Unauthenticated):
        tokens.open("ece", PEER.public, nonce, proof)
    with pytest.raises(Unauthenticated):
        tokens.open("ece", PEER.public, "made-up", proof)


def test_a_token_ends_by_the_clock_of_the_node_that_gave_it(tokens, clock):
    token = opened(tokens)
    clock.now += LIFE_SECONDS
    with pytest.raises(Unauthenticated):
        tokens.caller(token)


def test_a_token_of_another_node_is_nobody_s(tokens):
    for token in (Tokens(b"o" * 32, OTHER.public).operator(), "", "a.b.c", tokens.nonce()):
        with pytest.raises(Unauthenticated):
            tokens.caller(token)


def test_whoever_can_read_the_keys_is_the_operator(tokens):
    assert tokens.caller(tokens.operator()).role is Role.OPERATOR
