"""A key's life: made once, recognised, listed without its secret, used, revoked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect

from gateway import keys
from gateway.app import create
from gateway.gate import MIGRATIONS
from gateway.models import KeyRow
from tests.service.gateway.house import House
from weft.database import Database
from weft.database.migrate import tables, upgrade
from weft.database.statements import table
from weft.identity import Role
from weft.problems import Unauthenticated

ECHO = "/api/v1/documents/eclac/a"


async def test_a_key_gives_its_holder_the_role_that_it_was_made_with(node: House):
    for role in ("reader", "editor", "reviewer", "operator"):
        _, held = await node.key(role)
        assert (await node.at.get(ECHO, headers=held)).json()["caller"] == [f"an {role}", role, ""]
        assert (await node.at.put(ECHO, headers=held)).status_code == (403 if role == "reader" else 200)
    assert (await node.at.put(ECHO)).status_code == 401


async def test_a_secret_is_shown_once_and_kept_nowhere(node: House):
    id_, held = await node.key("editor")
    secret = held["Authorization"].rpartition("_")[2]
    listed = await node.at.get("/api/v1/keys", headers=node.operator)
    assert [key["id"] for key in listed.json()["items"]] == [id_]
    assert secret not in listed.text
    files = list(node.wiring.settings.data.glob("gateway.db*"))
    assert files
    assert all(secret.encode() not in file.read_bytes() for file in files)


async def test_a_revoked_key_is_refused_at_its_next_use(node: House):
    id_, held = await node.key("editor")
    assert (await node.at.get(ECHO, headers=held)).status_code == 200
    assert (await node.at.delete(f"/api/v1/keys/{id_}", headers=node.operator)).status_code == 204
    refused = await node.at.get(ECHO, headers=held)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert (await node.at.delete(f"/api/v1/keys/{id_}", headers=node.operator)).status_code == 204
    assert (await node.at.delete("/api/v1/keys/000000000000", headers=node.operator)).status_code == 404


async def test_only_operators_make_list_and_revoke_keys(node: House):
    for role, status in (("editor", 403), ("reviewer", 403)):
        id_, held = await node.key(role)
        assert (await node.at.get("/api/v1/keys", headers=held)).status_code == status
        made = await node.at.post("/api/v1/keys", json={"name": "x", "role": "operator"}, headers=held)
        assert made.status_code == status
        assert (await node.at.delete(f"/api/v1/keys/{id_}", headers=held)).status_code == status
    assert (await node.at.get("/api/v1/keys")).status_code == 401


@pytest.mark.parametrize(
    "credentials",
    [
        *("Bearer weft_000000000000_wrong", "Bearer weft_", "Bearer x", "Bearer", "Basic YTpi", "weft_1_2", ""),
        *("Weft x", "Weft eyJhbGciOiJub25lIn0.eyJhdWQiOiJ3ZWZ0LW9wZXJhdG9yIn0.", f"Bearer {'x' * 5000}"),
    ],
)
async def test_credentials_that_are_not_good_are_never_taken_for_nobodys(node: House, credentials):
    answer = await node.at.get(ECHO, headers={"Authorization": credentials})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert node.catalog.paths == []


async def test_a_nonce_is_no_token(node: House):
    assert (await node.at.get(ECHO, headers={"Authorization": f"Weft {node.tokens.nonce()}"})).status_code == 401


async def test_a_key_with_another_keys_secret_is_refused(node: House):
    _, one = await node.key("operator")
    id_, _ = await node.key("reader")
    mixed = f"Bearer weft_{id_}_{one['Authorization'].split('_', 2)[2]}"
    assert (await node.at.get(ECHO, headers={"Authorization": mixed})).status_code == 401


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": "x", "role": "peer"}, "role"),
        ({"name": "x", "role": "service"}, "role"),
        ({"name": "x\n", "role": "editor"}, "name"),
        ({"name": "", "role": "editor"}, "name"),
        ({"name": "x", "role": "editor", "more": 1}, "more"),
        ({"name": "x", "role": "editor", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "role": "editor", "expires_at": "99999-01-01T00:00:00Z"}, "expires_at"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_the_field(node: House, asked, field):
    answer = await node.at.post("/api/v1/keys", json=asked, headers=node.operator)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, field)


async def test_keys_are_listed_page_by_page(node: House):
    made = [(await node.key("reader"))[0] for _ in range(5)]
    listed, address = [], "/api/v1/keys?limit=2"
    while address:
        answer = await node.at.get(address, headers=node.operator)
        assert answer.json()["total"] == 5
        listed += [key["id"] for key in answer.json()["items"]]
        address = answer.links.get("next", {}).get("url")
    assert listed == made


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/keys.db")
    upgrade(made, MIGRATIONS)
    yield made
    made.close()


async def test_an_expired_key_is_refused(database):
    soon = (datetime.now(UTC) - timedelta(milliseconds=5)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made = await database.write(keys.make, name="x", role=Role.EDITOR, expires_at=soon)
    with pytest.raises(Unauthenticated, match="expired"):
        await keys.Keyring(database).holder(made.secret)


async def test_what_another_process_revoked_is_refused_within_a_second(database):
    now = [0.0]
    keyring = keys.Keyring(database, clock=lambda: now[0])
    made = await database.write(keys.make, name="x", role=Role.EDITOR)
    await keyring.holder(made.secret)
    await database.write(keys.revoke, made.row.id)
    now[0] = keys.FRESH_SECONDS
    with pytest.raises(Unauthenticated, match="revoked"):
        await keyring.holder(made.secret)


async def test_uses_are_noted_together(database):
    keyring = keys.Keyring(database)
    made = await database.write(keys.make, name="x", role=Role.EDITOR)
    await keyring.holder(made.secret)
    assert (await database.read(keys.find, made.row.id)).last_used_at is None
    await keyring.note()
    assert (await database.read(keys.find, made.row.id)).last_used_at


async def test_a_search_for_unknown_keys_takes_bounded_memory(database, monkeypatch):
    monkeypatch.setattr(keys, "CACHED", 5)
    keyring = keys.Keyring(database)
    for number in range(12):
        with pytest.raises(Unauthenticated):
            await keyring.holder(f"weft_{number}_x")
    assert len(keyring._fresh) <= 5


async def test_the_schema_is_that_of_the_models(database):
    assert "api_key" in tables(database)
    found = {column["name"]: column["nullable"] for column in inspect(database.engine).get_columns("api_key")}
    assert found == {column.name: column.nullable for column in table(KeyRow).columns}


async def test_keys_outlive_the_process(node: House):
    _, held = await node.key("editor")
    assert create(node.wiring) is not node.gateway
    again = keys.Keyring(Database(node.wiring.settings.database("gateway")))
    assert (await again.holder(held["Authorization"].removeprefix("Bearer "))).role == "editor"
