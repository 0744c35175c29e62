"""What a visitor does with a node's public API: put a brief, look for it, wait for it to arrive. For the journey and tests."""

import time
from collections.abc import Callable

import httpx

from weft.cli.client import Failed
from weft.demo.five import http
from weft.demo.local import LocalNode

WAIT_SECONDS = 30.0
DOCUMENTS = "/api/v1/documents"


def brief(**fields: object) -> dict[str, object]:
    """A short brief in Spanish, written for this journey."""
    return {
        "type": "policy-brief",
        "title": "La salud de las vendedoras ambulantes",
        "description": "Ilustración escrita para la demostración.",
        "text": "Las vendedoras ambulantes trabajan sin protección social y postergan sus consultas médicas.",
        "language": "es",
        "creator": ["ECLAC (illustration)"],
        "subject": ["trabajo informal"],
        "themes": ["health-promotion"],
        "groups": ["vulnerable-women"],
        "countries": ["170"],
        "issued": "2026-11",
        "status": "published",
        "audience": "network",
        **fields,
    }


def until(what: str, holds: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    """Wait until something holds.

    Raises:
        Failed: it does not within the time.
    """
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failed(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def found(node: LocalNode, words: str, key: str, role: str | None = None) -> bool:
    answer = http(node, role).get("/api/v1/search", params={"q": words, "limit": 100})
    answer.raise_for_status()
    origin, id_ = key.split("/")
    return any(item["key"] == f"{origin}/document/{id_}" for item in answer.json()["items"])


def shown(node: LocalNode, key: str, role: str | None = None) -> bool:
    return http(node, role).get(f"{DOCUMENTS}/{key}").status_code == 200


def shows_as_due(node: LocalNode, key: str, due: bool) -> bool:
    """Whether a node's editor sees a document where it is due, and does not where it is not."""
    return shown(node, key, "editor") == due


def forgotten(node: LocalNode, words: str, key: str) -> bool:
    """Whether a node's index no longer has a document, even for its editor."""
    return not found(node, words, key, "editor")


def put(node: LocalNode, key: str, document: dict[str, object]) -> None:
    """Create or revise as an editor: what is there is read first, and named in If-Match."""
    client = http(node, "editor")
    present = client.get(f"{DOCUMENTS}/{key}")
    headers = {"If-Match": present.headers["ETag"]} if present.status_code == 200 else {}
    expect(client.put(f"{DOCUMENTS}/{key}", json=document, headers=headers))


def remove(node: LocalNode, key: str) -> None:
    client = http(node, "editor")
    etag = client.get(f"{DOCUMENTS}/{key}").headers["ETag"]
    expect(client.delete(f"{DOCUMENTS}/{key}", headers={"If-Match": etag}))


def public(node: LocalNode, origin: str) -> int:
    """How many documents of an origin a node shows to anybody."""
    return int(expect(http(node, None).get(DOCUMENTS, params={"origin": origin, "limit": 1})).json()["total"])


def expect(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise Failed(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer
