"""Prometheus metrics of a process. docs/operate/metrics.md lists them; a test keeps that list whole."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

REQUESTS = Counter("weft_requests", "Requests answered.", ["service", "route", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "weft_request_seconds", "Time to the first byte of an answer.", ["service", "route"], registry=REGISTRY
)
SEALED = Counter("weft_sealed_changes", "Changes sealed into own feeds.", ["feed"], registry=REGISTRY)
APPLIED = Counter("weft_applied_changes", "Changes applied from feeds.", ["service", "feed"], registry=REGISTRY)
REFUSED = Counter("weft_refused_frames", "Frames refused, by reason.", ["service", "feed", "code"], registry=REGISTRY)
PENDING = Gauge("weft_pending_changes", "Changes acknowledged and not yet sealed.", ["service"], registry=REGISTRY)
BEHIND = Gauge(
    "weft_feed_behind_changes",
    "Changes between our cursor and the holder's head; NaN while no head is known.",
    ["service", "feed"],
    registry=REGISTRY,
)
BEHIND_SECONDS = Gauge(
    "weft_feed_behind_seconds",
    "How long something has been known and not applied; NaN while no head is known.",
    ["service", "feed"],
    registry=REGISTRY,
)
INDEX_TODO = Gauge("weft_index_todo", "Records that wait to be indexed.", [], registry=REGISTRY)
WEBHOOK_DELIVERIES = Counter(
    "weft_webhook_deliveries", "Attempts to deliver to webhooks, by outcome.", ["outcome"], registry=REGISTRY
)


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
