"""Connect-time guard against server-side request forgery: which addresses a crawl may connect to.

Twisted asks the reactor's name resolver for every connection, for names and for literal addresses in any spelling, on
every hop (redirects, robots.txt), and connects to the very addresses that it answers. So the check sits there: nothing
can be rebound between check and connect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Self

from twisted.internet.address import IPv4Address as TcpAddress4
from twisted.internet.address import IPv6Address as TcpAddress6
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution
from zope.interface import implementer

from harvester.crawl.addresses import refusal


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name
        self.task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


@implementer(IHostnameResolver)
class GuardedResolver:
    """The reactor's name resolver of every crawl; `refused` tells, per host, why it may not be connected to."""

    def __init__(self, reactor: Any, *, allow_private: bool, timeout: float) -> None:
        self.reactor = reactor
        self.allow_private = allow_private
        self.timeout = timeout
        self.refused: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Make it from the settings of a crawler, or of a Scrapy process (which knows no source's settings)."""
        return cls(
            reactor,
            allow_private=crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES"),
            timeout=crawler.settings.getfloat("DNS_TIMEOUT"),
        )

    def install_on_reactor(self) -> None:
        """Become the resolver that every connection of this process asks."""
        self.reactor.installNameResolver(self)

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Resolve as Twisted asks (an IResolutionReceiver is told); addresses that are refused are never told."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolution.task = asyncio.ensure_future(self._resolve(resolutionReceiver, hostName, portNumber))
        return resolution

    async def _resolve(self, receiver: Any, host: str, port: int) -> None:
        for family, address in await self._lookup(host, port):
            why = refusal(address[0], allow_private=self.allow_private)
            if why is None:
                kind = TcpAddress6 if family == socket.AF_INET6 else TcpAddress4
                receiver.addressResolved(kind("TCP", *address))
            else:
                self.refused[host] = f"{host} is {address[0]}, {why}"
        receiver.resolutionComplete()

    async def _lookup(self, host: str, port: int) -> list[tuple[int, Any]]:
        loop = asyncio.get_running_loop()
        try:
            found = await asyncio.wait_for(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), self.timeout)
        except (OSError, UnicodeError, TimeoutError):
            return []
        return [(family, address) for family, _, _, _, address in found if family in {socket.AF_INET, socket.AF_INET6}]
