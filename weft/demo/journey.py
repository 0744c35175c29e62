"""The journey: what a person would do to believe in the network, each step seen through another node's public API."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

from weft.cli.client import Failed
from weft.demo.five import NDJSON, Network, http, total, upload
from weft.demo.local import LocalNode
from weft.demo.visitor import (
    DOCUMENTS,
    brief,
    expect,
    forgotten,
    found,
    public,
    put,
    remove,
    shown,
    shows_as_due,
    until,
)
from weft.exchange.session import PeerAuth
from weft.keys import NodeKeys
from weft.nats.bus import Bus
from weft.origin.publisher import subject_of
from weft.protocol import frames, statements
from weft.protocol.names import Feed
from weft.protocol.statements import Head

IMPORTED = 2_000
BRIEF = "eclac/vendedoras-ambulantes-salud"


class Journey:
    """Its steps, in order: every public method but `steps` is one, named as what holds after it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.others = [node for node in network.nodes if node.name != "eclac"]

    def steps(self) -> list[Callable[[], None]]:
        return [
            self.all_five_are_equal,
            self.a_brief_in_spanish_is_found_elsewhere_by_an_inflected_form,
            self.its_revision_is_found_and_the_old_text_is_not,
            self.a_private_document_and_a_draft_are_found_at_home_by_their_editor_alone,
            self.an_audience_of_one_then_all_then_none_is_obeyed,
            self.a_revised_series_is_read_elsewhere_with_its_provenance,
            self.a_killed_node_catches_up_with_an_import,
            self.a_deleted_broker_store_loses_nothing,
            self.a_deleted_brief_is_gone_everywhere,
            self.a_commit_with_one_flipped_byte_is_refused_and_shown,
        ]

    def all_five_are_equal(self) -> None:
        self.network.settle(_quiet)
        counts = self.network.records()
        public = {name: (found["series"],) for name, found in counts.items()}
        if len(set(public.values())) != 1:
            raise Failed(f"the nodes do not show the same series: {counts}")

    def a_brief_in_spanish_is_found_elsewhere_by_an_inflected_form(self) -> None:
        put(self.network["eclac"], BRIEF, brief())
        for name in ("escap", "eca"):
            until(f"found at {name}", partial(found, self.network[name], "vendedora ambulante", BRIEF))

    def its_revision_is_found_and_the_old_text_is_not(self) -> None:
        revised = brief(
            text="Las recicladoras trabajan sin seguro y postergan sus controles.", title="La salud de las recicladoras"
        )
        put(self.network["eclac"], BRIEF, revised)
        for node in self.others:
            until(f"found at {node.name}", partial(found, node, "recicladora", BRIEF))
            if found(node, "ambulantes", BRIEF):
                raise Failed(f"{node.name} still finds the old text")

    def a_private_document_and_a_draft_are_found_at_home_by_their_editor_alone(self) -> None:
        ece = self.network["ece"]
        hidden = {
            "ece/journey-private": brief(title="Confidential xylograph memo", language="en", audience="local"),
            "ece/journey-draft": brief(
                title="Unfinished xylograph outline", language="en", audience="local", status="draft"
            ),
        }
        for key, document in hidden.items():
            put(ece, key, document)
            until(f"{key} found by its editor", partial(found, ece, "xylograph", key, "editor"))
        self.network.settle(_quiet)
        for key in hidden:
            if found(ece, "xylograph", key) or shown(ece, key):
                raise Failed(f"the public sees {key} at ece")
            for node in self.network.nodes:
                if node is not ece and (found(node, "xylograph", key, "editor") or shown(node, key, "editor")):
                    raise Failed(f"{node.name} has {key}")

    def an_audience_of_one_then_all_then_none_is_obeyed(self) -> None:
        key, ece = "ece/journey-audience", self.network["ece"]
        may = {"eca": ["eca"], "all": [node.name for node in self.network.nodes if node is not ece], "none": []}
        for audience, names in ((["eca"], may["eca"]), ("network", may["all"]), ("local", may["none"])):
            put(ece, key, brief(title="Zugzwang for an audience", language="en", audience=audience))
            for node in self.network.nodes:
                if node is not ece:
                    until(
                        f"{node.name} shows what it may of {audience}",
                        partial(shows_as_due, node, key, node.name in names),
                    )
            self.network.settle(_quiet)
            for node in self.network.nodes:
                if node is not ece and found(node, "zugzwang", key, "editor") != (node.name in names):
                    raise Failed(f"with audience {audience}, the index of {node.name} is wrong")
                if shown(node, key) != (audience == "network"):
                    raise Failed(f"with audience {audience}, the public at {node.name} sees the wrong thing")

    def a_revised_series_is_read_elsewhere_with_its_provenance(self) -> None:
        client = http(self.network["escwa"], "editor")
        listed = expect(client.get("/api/v1/series", params={"origin": "escwa", "limit": 1})).json()["items"][0]
        path = f"/api/v1/series/escwa/{listed['key'].split('/')[2]}"
        answer = expect(client.get(path))
        revised = {
            name: answer.json()[name]
            for name in ("dimensions", "attributes", "title", "observations")
            if name in answer.json()
        }
        revised["observations"]["OBS_VALUE"][-1] = "12.345"
        etag = expect(
            client.put(path, json={**revised, "audience": "network"}, headers={"If-Match": answer.headers["ETag"]})
        ).headers["ETag"]

        def read() -> bool:
            seen = http(self.network["ece"], None).get(path)
            told: dict[str, Any] = seen.json()
            value = told["observations"]["OBS_VALUE"][-1]
            return bool(seen.headers.get("ETag") == etag and told["origin"] == "escwa" and value == "12.345")

        until("the revision is read at ece, with its origin and version", read)

    def a_killed_node_catches_up_with_an_import(self) -> None:
        eca, escap = self.network["eca"], self.network["escap"]
        file = self.network.folder / "imported.ndjson"
        lines = (
            json.dumps({"id": f"journey-{at}", **brief(title=f"Imported {at}", language="en")})
            for at in range(IMPORTED)
        )
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        before = total(escap, DOCUMENTS)
        with ThreadPoolExecutor(1) as pool:
            importing = pool.submit(upload, http(escap, "editor"), f"{DOCUMENTS}/bulk", NDJSON, [file])
            until("the import has begun to arrive", lambda: importing.done() or public(eca, "escap") > 10)
            eca.kill()
            importing.result()
        if total(escap, DOCUMENTS) != before + IMPORTED:
            raise Failed("the import is not whole at escap")
        eca.start()
        eca.wait_ready()
        self.network.settle(_quiet, 120)
        if public(eca, "escap") != public(escap, "escap"):
            raise Failed("eca does not show all of escap's documents")

    def a_deleted_broker_store_loses_nothing(self) -> None:
        before = self.network.records()
        for node in self.network.nodes:
            node.stop()
            shutil.rmtree(node.folder / "nats")
            node.start()
            node.wait_ready()
        self.network.settle(_quiet, 120)
        if self.network.records() != before:
            raise Failed(f"the records were {before}, are {self.network.records()}")
        put(self.network["ece"], "ece/journey-after-loss", brief(title="After the loss", language="en"))
        until("a change still arrives", lambda: shown(self.network["escwa"], "ece/journey-after-loss"))

    def a_deleted_brief_is_gone_everywhere(self) -> None:
        remove(self.network["eclac"], BRIEF)
        for node in self.network.nodes:
            until(f"gone at {node.name}", partial(shows_as_due, node, BRIEF, False))
            until(f"gone from the index of {node.name}", partial(forgotten, node, "recicladora", BRIEF))

    def a_commit_with_one_flipped_byte_is_refused_and_shown(self) -> None:
        feed = Feed.parse("eclac/catalog/network")
        eclac, escap = self.network["eclac"], self.network["escap"]
        edit = partial(put, eclac, "eclac/journey-flipped", brief(title="Un solo bit"))
        raw = bytearray(asyncio.run(next_commit(escap, eclac, feed, edit)))
        raw[len(raw) // 2] ^= 1
        asyncio.run(publish(eclac, feed, bytes(raw)))

        def refused() -> bool:
            told = escap.operator.get("/api/v1/sync/status")
            return any(item["feed"] == str(feed) for item in told["refusals"])

        until("escap shows that it refused a commit", refused)
        self.network.settle(_quiet)


def _quiet(_: str) -> None:
    """Steps say nothing between their beginning and their end."""


async def next_commit(reader: LocalNode, origin: LocalNode, feed: Feed, edit: Callable[[], None]) -> bytes:
    """The commit that an edit makes, read as an approved peer reads it."""
    ours, theirs = NodeKeys.open(reader.folder), NodeKeys.open(origin.folder)
    auth = PeerAuth(reader.name, ours.identity, theirs.identity.public)
    async with httpx.AsyncClient(base_url=origin.url, auth=auth, timeout=30) as client:
        told = frames.parse(expect(await client.get(f"/feeds/{feed}/head")).content)
        after = statements.decode(Head, told.statement).cursor
        await asyncio.to_thread(edit)
        answer = expect(await client.get(f"/feeds/{feed}/commits", params={"after": str(after), "wait": "20"}))
        return next(frame.to_bytes() for frame in frames.split(answer.content) if frame.kind == frames.COMMIT)


async def publish(origin: LocalNode, feed: Feed, payload: bytes) -> None:
    """Put bytes into an origin's stream, as whoever broke into its broker could."""
    bus = Bus(
        f"nats://127.0.0.1:{origin.operator.settings.nats_port}",
        NodeKeys.open(origin.folder).trust.service_credentials(),
        name="intruder",
    )
    await bus.start()
    await bus.publish(subject_of(feed), payload, message_id=f"intruder-{time.time_ns()}")
    await bus.close()
