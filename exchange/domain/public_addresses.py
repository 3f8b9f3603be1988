"""Which addresses the exchange may call.

The addresses of robots and webhooks are untrusted input (server-side request forgery).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

# Non-public ranges that some Python versions report as global: Azure's service for virtual machines (168.63.129.16),
# the IETF's protocol assignments, local NAT64 prefixes, and former site-local addresses.
_NOT_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")),
    *map(IPv6Network, ("64:ff9b:1::/48", "fec0::/10", "5f00::/16", "3fff::/20", "100:0:0:1::/64")),
)
# IPv6 addresses that stand for an IPv4 address, which must be public too.
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
# The first half of an ISATAP interface id, which the IPv4 address follows (RFC 5214).
_ISATAP = (0x00005EFE, 0x02005EFE)
# All other IPv6 addresses are not assigned, or not for the internet (IANA's registry of global unicast addresses).
_UNICAST = IPv6Network("2000::/3")


def is_public(address: str) -> bool:
    """Return whether a numeric address is reachable from the whole internet. False if it is not an address."""
    try:
        # An address with a zone (`fe80::1%eth0`) is never public.
        found = ip_address(address)
    except ValueError:
        return False
    reached = found if isinstance(found, IPv4Address) else _embedded(found) or found
    if isinstance(reached, IPv6Address) and reached not in _UNICAST:
        return False
    return reached.is_global and not reached.is_multicast and not any(reached in network for network in _NOT_PUBLIC)


def find_url_faults(url: str, field: str = "base_url") -> list[str]:
    """Return what is wrong with the URL in this field, without resolving its host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # The models accept more, for example a bracket in a user name.
        return [f"{field} must be a URL whose host is a name or an address."]
    faults = []
    if parts.scheme != "https":
        faults.append(f"{field} must begin with https://.")
    if parts.username is not None:
        faults.append(f"{field} must not contain a user name or password.")
    return faults


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that this address stands for, if there is one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    is_isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    if is_isatap or any(address in network for network in (_NAT64, _COMPATIBLE, _TRANSLATED)):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
