"""A TCP proxy between the app and a dependency. It can cut connections, refuse new ones, and slow down the traffic."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

_PIECE_BYTES = 1 << 16
_CLOSE_TIMEOUT_S = 5.0
_LOOPBACK = "127.0.0.1"


class Proxy:
    """Forwards to one port of this machine. The server behind it keeps its data during an outage."""

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._delay_s = 0.0
        self._loses_response = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        # Bound, but never listening. It reserves the port for this proxy while the proxy refuses connections.
        self._reservation = _bind(0)
        self.port: int = self._reservation.getsockname()[1]
        self._serving: set[asyncio.Task[None]] = set()

    def choose_target(self) -> int:
        """Return the port to which a new connection is forwarded."""
        return self.target

    async def start(self) -> None:
        """Accept connections. The port is always the same."""
        self._server = await asyncio.start_server(self._serve, sock=_bind(self.port))

    def cut(self) -> None:
        """Abort all connections. New ones are still accepted."""
        for writer in self._open:
            writer.transport.abort()

    def stop(self) -> None:
        """Refuse new connections and abort all others."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def lose_next_response(self) -> None:
        """Abort all connections instead of forwarding the next response. The server has then handled the request."""
        self._loses_response = True

    @asynccontextmanager
    async def unreachable(self) -> AsyncIterator[None]:
        """Refuse all connections inside the context."""
        self.stop()
        try:
            yield
        finally:
            await self.start()

    @contextmanager
    def slow(self, delay_s: float) -> Iterator[None]:
        """Delay each piece of a response inside the context."""
        self._delay_s = delay_s
        try:
            yield
        finally:
            self._delay_s = 0.0

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Keep all connections open inside the context, but forward nothing."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    async def close(self) -> None:
        """Stop, and release the port."""
        self.stop()
        self._reservation.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=_CLOSE_TIMEOUT_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            target_reader, target_writer = await asyncio.open_connection(_LOOPBACK, self.choose_target())
        except OSError:
            writer.transport.abort()
            return
        writers = {writer, target_writer}
        self._open |= writers
        forwarders = [
            asyncio.create_task(self._forward(reader, target_writer)),
            asyncio.create_task(self._forward(target_reader, writer, is_response=True)),
        ]
        await asyncio.wait(forwarders, return_when=asyncio.FIRST_COMPLETED)
        for forwarder in forwarders:
            forwarder.cancel()
        self._open -= writers
        for open_writer in writers:
            open_writer.close()

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_response: bool = False
    ) -> None:
        with suppress(OSError):
            while piece := await source.read(_PIECE_BYTES):
                if is_response and self._loses_response:
                    self._loses_response = False
                    self.cut()
                    return
                if is_response:
                    await asyncio.sleep(self._delay_s)
                await self._flowing.wait()
                sink.write(piece)
                await sink.drain()


def _bind(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((_LOOPBACK, port))
    return bound
