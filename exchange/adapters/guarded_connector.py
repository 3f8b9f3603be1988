"""Connections to addresses that others chose: only to public ones (protection against server-side request forgery).

A host name is resolved once, and the resolved address is checked where the connection is made. A name that resolves to
another address a moment later (DNS rebinding) therefore reaches nothing.
"""

import asyncio
import socket
from typing import Any

import aiohttp

from exchange.domain.public_addresses import is_public

_RESOLVE_S = 5.0

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


class NotPublicError(OSError):
    """The address is not public, so no connection is made."""


def make_guarded_connector() -> aiohttp.TCPConnector:
    """Make a connector that connects to public addresses only."""
    return aiohttp.TCPConnector(socket_factory=_make_public_socket, use_dns_cache=False)


def _make_public_socket(address: AddressInfo) -> socket.socket:
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise NotPublicError("the address is not public")
    return socket.socket(family, kind, protocol)


async def resolve(host: str) -> set[str]:
    """Return the numeric addresses of a host name. Raises OSError (also after a timeout) and UnicodeError."""
    async with asyncio.timeout(_RESOLVE_S):
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return {str(where[0]) for *_, where in found}
