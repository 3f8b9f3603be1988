"""Connections to addresses that somebody else named: only to such as the whole internet can reach.

A name is resolved once, and what it resolved to is checked where the connection itself is made: a name that leads
elsewhere a moment later leads nowhere.
"""

import asyncio
import socket
from typing import Any

import aiohttp

from functions.domain.public_addresses import is_public

_RESOLVE_S = 5.0

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


class NotPublicError(OSError):
    """The address is not public, so it is not called."""


def guarded_connector() -> aiohttp.TCPConnector:
    """Make a connector whose every connection goes to a public address."""
    return aiohttp.TCPConnector(socket_factory=_public_socket, use_dns_cache=False)


def _public_socket(address: AddressInfo) -> socket.socket:
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise NotPublicError("this address is not public")
    return socket.socket(family, kind, protocol)


async def resolved(host: str) -> set[str]:
    """Return the numeric addresses that a name leads to; raises OSError (also for a time-out), UnicodeError."""
    async with asyncio.timeout(_RESOLVE_S):
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return {str(where[0]) for *_, where in found}
