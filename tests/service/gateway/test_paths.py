"""No spelling of a path reaches anything but what was authorised under it."""

import asyncio
import posixpath
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import paths, routing
from gateway.app import create
from gateway.problems import CrookedPath, NotYet
from tests.service.gateway.house import NODE, House, wiring_of
from weft.problems import NotFound
from weft.wiring import SERVICES

PIECES = st.sampled_from(
    [
        *(
            "/",
            "//",
            ".",
            "..",
            "%2e",
            "%2E%2e",
            "%2f",
            "%2F",
            "%5c",
            "\\",
            "%00",
            "%",
            "%25",
            "%252e",
            "%252f",
            ";",
            "%3b",
        ),
        *(
            "internal",
            "readers",
            "eca",
            "metrics",
            "openapi.json",
            "healthz",
            "api",
            "v1",
            "documents",
            "api/v1/documents",
        ),
        *(
            "feeds",
            NODE,
            "catalog",
            "local",
            "network",
            "commits",
            "%69nternal",
            "INTERNAL",
            "é",
            "%c3%a9",
            "%c0%ae",
            "?",
            "#",
        ),
        *(
            "/api/v1/documents/",
            "/feeds/eclac/catalog/network/",
            "/api/v1/sync/",
            "http://eclac",
            "@",
            " ",
            "\t",
            "%0a",
        ),
    ]
)
SEGMENTS = st.sampled_from(["..", ".", "%2e%2E", "%252e%252e", "internal", "x", "", "a%2f..", "secret", "v1", "%2e."])
BELOW = st.builds(
    lambda prefix, segments: "/".join([prefix, *segments]),
    st.sampled_from(["/api/v1/documents", "/api/v1/sync", "/feeds/eclac/catalog/network", ""]),
    st.lists(SEGMENTS, max_size=7),
)
PATHS = BELOW | st.lists(PIECES, max_size=12).map(lambda pieces: "/" + "".join(pieces))


class Recorder:
    """A service that notes under which paths callers reached it; the gateway's own questions name themselves."""

    def __init__(self, name):
        self.name = name
        self.seen = []

    async def __call__(self, scope, receive, send):
        if (b"x-request-id", b"gateway") not in scope["headers"]:
            self.seen.append((scope["path"], scope["raw_path"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def door(tmp_path_factory, keys):
    wiring = wiring_of(tmp_path_factory.mktemp("door"), keys, requests_per_minute=10**9)
    recorders = {name: Recorder(name) for name in SERVICES}
    wiring.apps.update(recorders)
    return create(wiring), recorders


async def ask(gateway, raw: bytes) -> int:
    statuses = []

    async def receive():
        return {"type": "http.disconnect"} if statuses else {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        statuses.append(message.get("status"))

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"eclac")],
        "client": ("127.0.0.1", 1),
        "server": None,
        "asgi": {"version": "3.0"},
        "path": unquote(raw.decode("latin-1")),
        "raw_path": raw,
    }
    await gateway(scope, receive, send)
    return statuses[0]


@settings(max_examples=400, deadline=None)
@given(PATHS)
def test_a_service_is_reached_only_under_the_paths_that_are_its_own(door, text):
    gateway, recorders = door
    for recorder in recorders.values():
        recorder.seen.clear()
    asyncio.run(ask(gateway, text.encode().partition(b"?")[0]))
    for name, recorder in recorders.items():
        for path, raw in recorder.seen:
            assert unquote(raw.decode("ascii")) == path
            for reading in (path, unquote(path), posixpath.normpath(path), posixpath.normpath(unquote(unquote(path)))):
                assert routing.service_of(reading, NODE) == name
                assert not reading.startswith("/internal")


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/documents/../../../internal/secret", "/api/v1/documents/%2e%2e/%2e%2e/%2e%2e/internal/secret"),
        *(
            "/api/v1/documents//internal",
            "/api/v1/documents/",
            "/api/v1/documents/a%2fb/c",
            "/api/v1/documents/a%5cb/c",
        ),
        *(
            "/api/v1/documents/a%00",
            "/api/v1/documents/%252e%252e/x",
            "/api/v1/documents/%zz",
            "/api/v1/documents/%c0%ae",
        ),
        *("", "internal/secret", "http://eclac/internal/secret", "//internal/secret", "*"),
    ],
)
def test_a_crooked_path_is_refused(path):
    with pytest.raises(CrookedPath):
        paths.read(path.encode())


@pytest.mark.parametrize(
    "path",
    [
        *("/internal/secret", "/internal", "/api/v1/documentsx", "/api", "/readers", "/metrics/x", "/openapi.json/x"),
        *(
            "/feeds/eca/catalog/network/commits",
            "/feeds/eclac/sync/network/commits",
            "/feeds/eclac/search/network/head",
        ),
        *("/feeds/eclac/catalog/local/commits", "/feeds/eclac/catalog/network", "/feeds/challenge/x", "/feeds"),
    ],
)
def test_what_is_not_in_the_table_is_not_found(path):
    with pytest.raises(NotFound):
        routing.service_of(path, NODE)


@pytest.mark.parametrize("path", ["/api/v1/analysis", "/api/v1/analysis/gaps", "/sdmx/v2/data", "/oai", "/sitemap.xml"])
def test_a_part_of_a_later_release_says_so(path):
    with pytest.raises(NotYet):
        routing.service_of(path, NODE)


@pytest.mark.parametrize("text", ["/", "/api/v1/documents/eclac/a.b_c-d", "/x/~!$&'()*+,;=:@", "/é/中/ب"])
def test_a_plain_path_is_passed_on_in_its_one_spelling(text):
    path = paths.read(quote(text, safe="/~!$&'()*+,;=:@").encode())
    assert path.text == text
    assert paths.read(path.raw) == path


@pytest.mark.parametrize(
    "target",
    ["/internal/secret", "//internal/secret", "/api/v1/documents/../../../internal/secret", "http://x/internal/secret"],
)
async def test_nothing_under_internal_is_reached_by_any_way_of_writing_a_request(both: House, target):
    reader, writer = await asyncio.open_connection("127.0.0.1", both.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answer.split()[1] in {b"400", b"404"}
    assert all(not stand.paths for stand in both.stands.values())


async def test_a_head_or_an_address_that_is_too_large_is_refused(node: House):
    assert (await node.at.get("/healthz", headers={"X-Long": "x" * 33_000})).status_code == 431
    assert (await node.at.get("/healthz?" + "x" * 9_000)).status_code == 414
