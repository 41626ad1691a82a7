"""Connect-time guard against server-side request forgery: which addresses a crawl may connect to.

Twisted asks the reactor's name resolver for every connection, for names and for literal addresses in any spelling, on
every hop (redirects, robots.txt), and connects to the very addresses that it answers. So the check sits there: nothing
can be rebound between check and connect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Self

from twisted.internet.address import IPv4Address as TcpAddress4
from twisted.internet.address import IPv6Address as TcpAddress6
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution
from zope.interface import implementer

_METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
"""Cloud metadata services: AWS and most others, Alibaba, Azure, Oracle, AWS over IPv6."""

_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_EMBEDDING_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
"""NAT64 (RFC 6052, RFC 8215) and IPv4-compatible addresses: the last 32 bits are an IPv4 address."""


def refusal(address: str, *, allow_private: bool) -> str | None:
    """Say why a crawl may not connect to `address` (a canonical IP address), or None if it may.

    `allow_private` lets loopback and private addresses through, never metadata services, link-local, multicast or
    reserved ones.
    """
    return _refusal(ip_address(address.partition("%")[0]), allow_private)


def _refusal(address: IPv4Address | IPv6Address, allow_private: bool) -> str | None:
    if address in _METADATA:
        return "a cloud metadata address"
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return _refusal(inner, allow_private)
    if address.is_unspecified or address.is_multicast or address.is_link_local:
        return "not a host's address"
    if not address.is_loopback and (address.is_reserved or address in _THIS_NETWORK):
        return "a reserved address"
    if address.is_private:
        return None if allow_private else "a loopback or private address"
    return None if address.is_global else "a shared address"


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an IPv6 one stands for: mapped, 6to4, Teredo, NAT64, IPv4-compatible."""
    if address.is_loopback or address.is_unspecified:
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in _EMBEDDING_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


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
