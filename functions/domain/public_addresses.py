"""Which addresses the exchange may call: a robot's `base_url` is somebody else's word, and the call is ours."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

# Azure's own service for virtual machines: public by its number, and nobody's robot.
_AZURE_PLATFORM = IPv4Address("168.63.129.16")
# IPv4 in other clothes: what is translated to must be public as well.
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


def is_public(address: str) -> bool:
    """Say whether a numeric address is one that anybody on the internet could reach; False for what is no address."""
    try:
        # A zone (`fe80::1%eth0`) only ever belongs to an address that is not public.
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return _public_v4(found)
    embedded = _embedded(found)
    if embedded is not None:
        return _public_v4(embedded)
    return found.is_global and not found.is_multicast


def url_faults(url: str) -> list[str]:
    """Say what is wrong with a robot's URL by itself, wherever its name leads to."""
    parts = urlsplit(url)
    faults = []
    if parts.scheme != "https":
        faults.append("base_url: only https is called.")
    if parts.username is not None or parts.password is not None:
        faults.append("base_url: a user name or password in a URL is not sent.")
    if parts.query or parts.fragment:
        faults.append("base_url: it must have no query and no fragment, as '/batch/' is added to it.")
    return faults


def _public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and address != _AZURE_PLATFORM


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to this one end up at, if there is one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
