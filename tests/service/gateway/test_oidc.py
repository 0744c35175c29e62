"""Tokens of an issuer: who logged in there is known here, and nothing else passes for it."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from gateway.issuer import AGAIN_SECONDS, FRESH_SECONDS, Issuer, read_keys
from gateway.oidc import TOKEN_BYTES, Bearers, claim
from tests.service.gateway.house import House, house
from tests.service.gateway.issuer import AUDIENCE, ROLES, issuing, provider, published
from weft.identity import Role
from weft.problems import Unavailable
from weft.settings import Settings

ECHO = "/api/v1/documents/eclac/a"


@pytest.fixture
async def issuer():
    async with issuing() as made:
        yield made


@pytest.fixture
async def node(tmp_path, keys, issuer):
    given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_roles": ROLES}
    async with house(tmp_path, keys, "here", **given) as made:
        yield made


async def asked(node: House, token: str, method: str = "GET") -> httpx.Response:
    return await node.at.request(method, ECHO, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("kid", ["rsa", "ec", "ed"])
async def test_who_logged_in_has_the_highest_role_that_the_claim_gives(node: House, issuer, kid):
    answer = await asked(node, issuer.token(kid))
    assert answer.json()["caller"] == [f"ana at {issuer.url}", "editor", ""]
    both = await asked(node, issuer.token(kid, roles=["weft-editors", "weft-operators"]))
    assert both.json()["caller"][1] == "operator"
    assert (await asked(node, issuer.token(kid), "PUT")).status_code == 200


async def test_keys_of_the_node_go_on_beside_tokens(node: House):
    _, held = await node.key("reviewer")
    assert (await node.at.get(ECHO, headers=held)).json()["caller"][1] == "reviewer"
    assert (await asked(node, "x")).status_code == 401


async def test_a_good_token_without_a_role_here_is_told_so(node: House, issuer):
    for roles in (["others"], [], None, "operator", {"weft-operators": True}, [["weft-operators"]]):
        answer = await asked(node, issuer.token(roles=roles))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), roles


def unsigned(claims, header):
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join(parts)


def by_shared_secret(issuer, secret: bytes) -> str:
    """A token that is signed with the public key, as if that were a secret."""
    text = unsigned(issuer.claims(), {"alg": "HS256", "kid": "rsa"})
    signature = base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{text}.{signature}"


def hostile(issuer) -> dict[str, str]:
    own = rsa.generate_private_key(65537, 2048)
    public = issuer.private["rsa"][0].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    now = int(time.time())
    good = issuer.token()
    head, body, signature = good.split(".")
    return {
        "none": unsigned(issuer.claims(), {"alg": "none"}) + ".",
        "none, with a key's id": unsigned(issuer.claims(), {"alg": "none", "kid": "rsa"}) + ".",
        "None in other letters": unsigned(issuer.claims(), {"alg": "nOnE", "kid": "rsa"}) + ".",
        "HS256 with the public key": by_shared_secret(issuer, pem),
        "HS256 with the key's id": by_shared_secret(issuer, b"rsa"),
        "HS256 with nothing": by_shared_secret(issuer, b""),
        "another algorithm than the key's": jwt.encode(
            issuer.claims(), issuer.private["ec"][0], algorithm="ES256", headers={"kid": "rsa"}
        ),
        "a key that it brings along": jwt.encode(
            issuer.claims(), own, algorithm="RS256", headers={"kid": "rsa", "jwk": published("rsa", own, "RS256")}
        ),
        "a key that it points to": jwt.encode(
            issuer.claims(), own, algorithm="RS256", headers={"kid": "own", "jku": f"{issuer.url}/keys"}
        ),
        "no key's id where there are several": jwt.encode(issuer.claims(), issuer.private["rsa"][0], algorithm="RS256"),
        "another audience": issuer.token(aud="another"),
        "no audience": issuer.token(aud=None),
        "audiences without a client": issuer.token(aud=[AUDIENCE, "another"]),
        "expired": issuer.token(exp=now - 60),
        "no end": issuer.token(exp=None),
        "not yet": issuer.token(nbf=now + 120),
        "of the future": issuer.token(iat=now + 120),
        "of no time": issuer.token(iat=None),
        "another issuer": issuer.token(iss="https://accounts.example.org"),
        "its issuer with a slash": issuer.token(iss=f"{issuer.url}/"),
        "nobody": issuer.token(sub=None),
        "somebody without a name": issuer.token(sub=""),
        "a name of many lines": issuer.token(sub="ana\nRole: operator"),
        "a critical header": issuer.token(headers={"crit": ["exp"], "exp": now}),
        "huge": issuer.token(more="x" * TOKEN_BYTES),
        "deep": unsigned(issuer.claims(), {"alg": "RS256", "kid": "rsa"}).split(".", 1)[0] + "." + "W1tb" * 3000 + ".x",
        "a deep header": base64.urlsafe_b64encode(b'{"alg":' + b"[" * 8000).decode() + ".e30.x",
        "an end beyond all numbers": issuer.token(exp=float("inf")),
        "changed": f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        "cut": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.x",
        "not a header": f"e30.{body}.{signature}",
    }


async def test_what_is_no_good_token_is_refused_whatever_it_says_of_itself(node: House, issuer):
    for kind, token in hostile(issuer).items():
        answer = await asked(node, token)
        assert (answer.status_code, answer.json().get("code")) == (401, "unauthenticated"), (kind, answer.text)
    assert node.catalog.paths == []
    assert (await asked(node, issuer.token())).status_code == 200


async def test_tokens_of_other_clients_are_refused_where_clients_are_named(tmp_path, keys, issuer):
    given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_roles": ROLES, "oidc_clients": ["portal"]}
    async with house(tmp_path, keys, "here", **given) as made:
        assert (await asked(made, issuer.token(azp="portal", aud=[AUDIENCE, "x"]))).status_code == 200
        assert (await asked(made, issuer.token(client_id="portal"))).status_code == 200
        for other in ("another", None, ["portal"]):
            assert (await asked(made, issuer.token(azp=other))).status_code == 401


async def test_each_subject_is_counted_by_itself(tmp_path, keys, issuer):
    given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_roles": ROLES, "requests_per_minute": 2}
    async with house(tmp_path, keys, "here", **given) as made:
        again = [issuer.token("rsa"), issuer.token("ec"), issuer.token("ed")]
        assert [(await asked(made, token)).status_code for token in again] == [200, 200, 429]
        assert (await asked(made, issuer.token(sub="ben"))).status_code == 200


async def test_a_flood_of_unknown_keys_asks_the_issuer_once(node: House, issuer):
    assert (await asked(node, issuer.token())).status_code == 200
    for number in range(20):
        assert (await asked(node, issuer.token(headers={"kid": f"made up {number}"}))).status_code == 401
    assert issuer.asked == 1


@pytest.fixture
def clock():
    return [1_000.0]


@pytest.fixture
def keyed(issuer, clock):
    return Issuer(issuer.url, clock=lambda: clock[0])


async def test_a_new_key_is_fetched_within_a_minute_and_an_old_one_ends(keyed, issuer, clock):
    assert await keyed.key("rsa")
    issuer.private["new"] = issuer.private.pop("rsa")
    clock[0] += AGAIN_SECONDS - 1
    assert await keyed.key("new") is None
    clock[0] += 1
    assert await keyed.key("new")
    assert await keyed.key("rsa") is None


async def test_the_last_keys_stay_good_while_the_issuer_is_down(keyed, issuer, clock):
    assert await keyed.key("rsa")
    issuer.down = True
    clock[0] += 2 * FRESH_SECONDS
    assert await keyed.key("rsa")
    assert issuer.asked == 2


async def test_without_any_key_the_answer_is_not_that_the_token_is_bad(keyed, issuer, clock):
    issuer.down = True
    with pytest.raises(Unavailable):
        await keyed.key("rsa")
    issuer.down = False
    clock[0] += AGAIN_SECONDS
    assert await keyed.key("rsa")


@pytest.mark.parametrize(
    "extra", [{"issuer": "https://another.example.org"}, {"jwks_uri": "file:///etc/passwd"}, {"x": "y" * 300_000}, {}]
)
async def test_an_answer_that_is_not_the_issuers_own_is_not_used(keyed, issuer, extra):
    issuer.extra = extra
    if extra:
        with pytest.raises(Unavailable):
            await keyed.key("rsa")
    else:
        assert await keyed.key("rsa")


async def test_a_token_is_believed_no_longer_than_it_says(tmp_path, issuer):
    now = [time.time()]
    settings = Settings(
        node="eclac",
        data=tmp_path,
        oidc_issuer=issuer.url,
        oidc_audience=AUDIENCE,
        oidc_roles={"weft-editors": "editor"},
    )
    bearers = Bearers(settings, Issuer(issuer.url), clock=lambda: now[0])
    token = issuer.token(exp=int(now[0]) - 5)  # over, and still within the leeway
    assert (await bearers.caller(token)).role is Role.EDITOR
    issuer.private.clear()
    bearers._issuer = Issuer(issuer.url)
    with pytest.raises(Unavailable):
        await bearers.caller(token)


def test_keys_that_are_weak_secret_or_for_something_else_are_left_out(issuer):
    weak = rsa.generate_private_key(65537, 1024)
    good = published("good", issuer.private["rsa"][0], "RS256")
    listed = [
        published("weak", weak, "RS256"),
        {**good, "kid": "enc", "use": "enc"},
        {**good, "kid": "none", "alg": "none"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {"kty": "EC", "kid": "broken"},
        "no key",
        {**good, "alg": "PS256"},
    ]
    assert {kid: key.algorithms for kid, key in read_keys({"keys": listed}).items()} == {"good": ("PS256",)}
    assert read_keys({"keys": 1}) == {}


@pytest.mark.parametrize("given", [{"oidc_issuer": "http://accounts.example.org", "oidc_audience": "x"}, {}])
def test_settings_that_would_take_too_much_are_refused(tmp_path, given):
    with pytest.raises(ValidationError):
        Settings(node="eclac", data=tmp_path, **{"oidc_issuer": "https://accounts.example.org", **given})


def test_a_claim_may_stand_within_another():
    claims = {"realm_access": {"roles": ["a"]}, "https://x.example/roles": ["b"]}
    assert claim(claims, "realm_access.roles") == ["a"]
    assert claim(claims, "https://x.example/roles") == ["b"]
    assert claim(claims, "realm_access.roles.more") is None


async def test_who_logs_in_at_a_real_provider_is_known_at_the_node(tmp_path, keys):
    """The authorization code flow, as a client does it: log in, be sent back with a code, exchange it for a token."""
    with provider({"sub": "ana", "roles": ["weft-editors"]}, {"sub": "ben", "roles": []}) as url:
        given = {"oidc_issuer": url, "oidc_audience": AUDIENCE, "oidc_roles": ROLES}
        async with house(tmp_path, keys, "here", **given) as made:
            ana = await asked(made, logged_in(url, "ana", AUDIENCE), "PUT")
            assert ana.status_code == 200
            assert (await asked(made, logged_in(url, "ben", AUDIENCE))).status_code == 403
            assert (await asked(made, logged_in(url, "ana", "another-client"))).status_code == 401


def logged_in(url: str, user: str, client: str) -> str:
    back = "http://127.0.0.1:9/back"
    asked_for = {"response_type": "code", "client_id": client, "redirect_uri": back, "scope": "openid", "state": "s"}
    with httpx.Client(base_url=url) as browser:
        sent_back = browser.post("/oauth2/authorize", params=asked_for, data={"sub": user})
        code = parse_qs(urlsplit(sent_back.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        answer = browser.post("/oauth2/token", data=form, auth=(client, "any"))
        return answer.json()["id_token"]
