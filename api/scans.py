"""Scans of labels, counted by the server: whose address counts, and when counts are written down."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from litestar import Request

from ledger.scans.counter import ScanCounter

PAUSE = 5.0  # seconds between two flushes: so much is lost in a crash

Networks = Sequence[IPv4Network | IPv6Network]


class Counting:
    """Writes counts down until told to stop."""

    def __init__(self, counter: ScanCounter) -> None:
        self._counter = counter
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """One flush after the other; the last when it stops."""
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), PAUSE)
            await asyncio.to_thread(self._counter.flush)

    def stop(self) -> None:
        """After one more flush."""
        self._stopped.set()


def address_of(request: Request[Any, Any, Any], proxies: Networks) -> str:
    """Who asks: the peer, or behind a proxy of ours whom the last proxy in the row names. "" where nobody is named.

    What anybody else writes into X-Forwarded-For is not believed.
    """
    client = request.scope.get("client")
    peer = client[0] if client else ""
    named = [one.strip() for one in request.headers.get("x-forwarded-for", "").split(",")]
    while named and _is_of(peer, proxies):
        peer = named.pop()
    return peer


def _is_of(address: str, networks: Networks) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks if network.version == ip.version)
