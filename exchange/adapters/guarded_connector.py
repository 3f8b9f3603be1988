"""Connections to addresses that others chose: only to public ones (protection against server-side request forgery).

A host name is resolved once, and the resolved address is checked where the connection is made. A name that resolves to
another address a moment later (DNS rebinding) therefore reaches nothing.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from exchange.domain.public_addresses import is_public

_RESOLVE_S = 5.0
# Threads of its own: a slow name server of a robot must not hold up the validation and the import of others.
_RESOLVERS = ThreadPoolExecutor(32, thread_name_prefix="names")

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


class NotPublicError(OSError):
    """The address is not public, so no connection is made."""


def make_guarded_connector() -> aiohttp.TCPConnector:
    """Make a connector that connects to public addresses only."""
    return aiohttp.TCPConnector(resolver=_Resolver(), socket_factory=_make_public_socket, use_dns_cache=False)


def _make_public_socket(address: AddressInfo) -> socket.socket:
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise NotPublicError("the address is not public")
    return socket.socket(family, kind, protocol)


async def resolve(host: str) -> set[str]:
    """Return the numeric addresses of a host name. Raises OSError (also after a timeout) and UnicodeError."""
    async with asyncio.timeout(_RESOLVE_S):
        found = await _get_addresses(host, 0, socket.AF_UNSPEC)
    return {str(where[0]) for *_, where in found}


class _Resolver(AbstractResolver):
    """Resolves host names for a connector."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the numeric addresses of a host name. Raises OSError and UnicodeError."""
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=str(where[0]), port=port, family=kind, proto=protocol, flags=numeric)
            for kind, _, protocol, _, where in await _get_addresses(host, port, family)
        ]

    async def close(self) -> None:
        """Do nothing: the threads serve all connectors."""


async def _get_addresses(host: str, port: int, family: socket.AddressFamily) -> list[AddressInfo]:
    # Without addresses of a kind that this machine cannot reach.
    flags = socket.AI_ADDRCONFIG
    find = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM, flags=flags)
    return await asyncio.get_running_loop().run_in_executor(_RESOLVERS, find)
