"""Which addresses the exchange may call: a robot's `base_url` is somebody else's word, and the call is ours."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

# What Python's tables, which differ from version to version, let pass or may: Azure's own service for virtual machines,
# which is public by its number alone, the IETF's assignments, a network's own NAT64, and what was once site-local.
_NOBODYS: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")),
    *map(IPv6Network, ("64:ff9b:1::/48", "fec0::/10", "5f00::/16", "3fff::/20", "100:0:0:1::/64")),
)
# IPv4 in other clothes: what is translated to must be public as well.
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")


def is_public(address: str) -> bool:
    """Say whether a numeric address is one that anybody on the internet could reach; False for what is no address."""
    try:
        # A zone (`fe80::1%eth0`) only ever belongs to an address that is not public.
        found = ip_address(address)
    except ValueError:
        return False
    reached = found if isinstance(found, IPv4Address) else _embedded(found) or found
    return reached.is_global and not reached.is_multicast and not any(reached in network for network in _NOBODYS)


def url_faults(url: str) -> list[str]:
    """Say what is wrong with a robot's URL by itself, wherever its name leads to."""
    parts = urlsplit(url)
    faults = []
    if parts.scheme != "https":
        faults.append("base_url: only https is called.")
    if parts.username is not None:
        faults.append("base_url: a user name or password in a URL is not sent.")
    if "?" in url or "#" in url:
        faults.append("base_url: it must have no query and no fragment, as '/batch/' is added to it.")
    return faults


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to this one end up at, if there is one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in (_NAT64, _COMPATIBLE, _TRANSLATED)):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
