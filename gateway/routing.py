"""Which part of the node answers a path. What is not in this table is not reachable from outside."""

from functools import lru_cache
from typing import NamedTuple

from gateway.problems import NotYet
from weft.problems import NotFound
from weft.protocol.names import LOCAL

GATEWAY = "gateway"


class Kind(NamedTuple):
    """A kind of record: `name` in keys, `plural` in paths."""

    name: str
    plural: str
    service: str

    @property
    def takedown(self) -> str:
        return f"{self.name}-takedown"


KINDS = (
    Kind("document", "documents", "catalog"),
    Kind("barrier", "barriers", "catalog"),
    Kind("measure", "measures", "catalog"),
    Kind("series", "series", "indicators"),
    Kind("framework", "frameworks", "indicators"),
    Kind("goal", "goals", "indicators"),
    Kind("target", "targets", "indicators"),
    Kind("indicator", "indicators", "indicators"),
)


class Route(NamedTuple):
    """A path and all below it; the first row that fits counts. `staff`: it is for operators, and the door sees to that."""

    path: str
    service: str
    staff: bool = False


UNDER = (
    *(Route(f"/api/v1/{kind.plural}", kind.service) for kind in KINDS),
    Route("/api/v1/observations", "indicators"),
    Route("/api/v1/codelists", "indicators"),
    Route("/api/v1/search/rebuild", "search", staff=True),
    Route("/api/v1/search/verify", "search", staff=True),
    Route("/api/v1/search", "search"),
    Route("/api/v1/network", "sync"),
    Route("/api/v1/sync", "sync", staff=True),
    Route("/api/v1/keys", GATEWAY, staff=True),
    Route("/api/v1/webhooks", GATEWAY, staff=True),
)
EXACT = {
    **dict.fromkeys(("/.well-known/weft", "/feeds/introduction", "/feeds/challenge"), "sync"),
    **dict.fromkeys(("/feeds/session", "/feeds/broker"), "sync"),
    **dict.fromkeys(("/", "/search", "/network", "/docs", "/style.css", "/openapi.json"), GATEWAY),
    **dict.fromkeys(("/healthz", "/readyz", "/version", "/metrics", "/api/v1/changes"), GATEWAY),
    "/api/v1/countries": "indicators",
}
FEED_SERVICES = ("catalog", "indicators")
LATER = ("/api/v1/analysis", "/sdmx", "/oai", "/dcat", "/feeds.atom", "/sitemap.xml")
HEALTH = frozenset({"/healthz", "/readyz", "/version"})


@lru_cache(1_024)
def service_of(path: str, node: str) -> str:
    """Who answers this path.

    Raises:
        NotFound: nobody.
        NotYet: it belongs to a part that this release does not have.
    """
    if path in EXACT:
        return EXACT[path]
    if (route := route_of(path)) is not None:
        return route.service
    match path.split("/")[1:]:
        case ["feeds", origin, service, audience, _, *_]:
            if origin == node and service in FEED_SERVICES and audience != LOCAL:
                return service
        case ["api", "v1", "countries", _]:
            return GATEWAY
        case ["api", "v1", "countries", _, "indicators"]:
            return "indicators"
    if any(within(path, part) for part in LATER):
        raise NotYet(f"{path[:200]} is not in this release")
    raise NotFound(f"nothing answers at {path[:200]}")


def takes_head(path: str) -> bool:
    """Whether who answers this path tells a HEAD from a GET, since the bytes of a file are not to be fetched for nothing."""
    return within(path, "/api/v1/documents") and "/files/" in path


def route_of(path: str) -> Route | None:
    """The row of the table that a path falls under."""
    return next((route for route in UNDER if within(path, route.path)), None)


@lru_cache(1_024)
def is_staff(path: str) -> bool:
    """Whether a path is for operators alone."""
    route = route_of(path)
    return route is not None and route.staff


def within(path: str, part: str) -> bool:
    return path == part or path.startswith(f"{part}/")
