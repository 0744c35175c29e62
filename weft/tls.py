"""The TLS context that the HTTP clients of a process share: each of its own would read all authorities again."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """What httpx trusts by default. Making one took 25 ms and 0.75 MiB, once for each client and peer."""
    return httpx.create_ssl_context()
