"""A TCP proxy between the app and what it depends on: it can cut connections, refuse new ones, and be slow."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

_CHUNK = 1 << 16
_END_S = 5.0
_HERE = "127.0.0.1"


class Proxy:
    """Stands before one port of this machine; what is behind it keeps its data while it is out of reach."""

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._pace_s = 0.0
        self._flowing = asyncio.Event()
        self._flowing.set()
        # Bound, and never listening: while we refuse connections, nobody else is given the port.
        self._guard = _bound(0)
        self.port: int = self._guard.getsockname()[1]
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take connections, at the same port each time."""
        self._server = await asyncio.start_server(self._serve, sock=_bound(self.port))

    def cut(self) -> None:
        """Break every connection in the middle; new ones are taken."""
        for writer in self._open:
            writer.transport.abort()

    def stop(self) -> None:
        """Refuse new connections and break all others."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Be out of reach meanwhile."""
        self.stop()
        try:
            yield
        finally:
            await self.start()

    @contextmanager
    def slow(self, pace_s: float) -> Iterator[None]:
        """Hold up each piece of an answer meanwhile."""
        self._pace_s = pace_s
        try:
            yield
        finally:
            self._pace_s = 0.0

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Keep all connections meanwhile, but let nothing pass."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    async def close(self) -> None:
        """End for good."""
        self.stop()
        self._guard.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=_END_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            there, back = await asyncio.open_connection(_HERE, self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._open |= ends
        pumps = [
            asyncio.create_task(self._pump(reader, back)),
            asyncio.create_task(self._pump(there, writer, slow=True)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        self._open -= ends
        for end in ends:
            end.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, slow: bool = False) -> None:
        with suppress(OSError):
            while chunk := await source.read(_CHUNK):
                if slow:
                    await asyncio.sleep(self._pace_s)
                await self._flowing.wait()
                sink.write(chunk)
                await sink.drain()


def _bound(port: int) -> socket.socket:
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind((_HERE, port))
    return taken
