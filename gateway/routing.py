"""Which part of the node answers a path. What is not in this table is not reachable from outside."""

from typing import NamedTuple

from gateway.problems import NotYet
from weft.problems import NotFound
from weft.protocol.names import LOCAL

GATEWAY = "gateway"


class Route(NamedTuple):
    """A path and all below it; the first row that fits counts. `staff`: nothing there is for the public."""

    path: str
    service: str
    staff: bool = False


UNDER = (
    Route("/api/v1/documents", "catalog"),
    Route("/api/v1/series", "indicators"),
    Route("/api/v1/observations", "indicators"),
    Route("/api/v1/search/rebuild", "search", staff=True),
    Route("/api/v1/search/verify", "search", staff=True),
    Route("/api/v1/search", "search"),
    Route("/api/v1/network", "sync"),
    Route("/api/v1/sync", "sync", staff=True),
    Route("/api/v1/keys", GATEWAY, staff=True),
)
EXACT = {
    **dict.fromkeys(("/.well-known/weft", "/feeds/introduction", "/feeds/challenge"), "sync"),
    **dict.fromkeys(("/feeds/session", "/feeds/broker"), "sync"),
    **dict.fromkeys(("/", "/search", "/docs", "/style.css", "/openapi.json"), GATEWAY),
    **dict.fromkeys(("/healthz", "/readyz", "/version", "/metrics"), GATEWAY),
}
FEED_SERVICES = ("catalog", "indicators")
LATER = (
    *(f"/api/v1/{part}" for part in ("frameworks", "goals", "targets", "indicators", "barriers", "measures")),
    *(f"/api/v1/{part}" for part in ("analysis", "countries")),
    *("/sdmx", "/oai", "/dcat", "/feeds.atom", "/sitemap.xml"),
)
HEALTH = frozenset({"/healthz", "/readyz", "/version"})


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
    if any(within(path, part) for part in LATER):
        raise NotYet(f"{path[:200]} is not in this release")
    raise NotFound(f"nothing answers at {path[:200]}")


def route_of(path: str) -> Route | None:
    """The row of the table that a path falls under."""
    return next((route for route in UNDER if within(path, route.path)), None)


def within(path: str, part: str) -> bool:
    return path == part or path.startswith(f"{part}/")
