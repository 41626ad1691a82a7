"""Which addresses may be connected to: the pure part of the guard against server-side request forgery."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

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
