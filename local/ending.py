"""What ends the stack, if no part of it crashes."""

import asyncio
import os
import signal
import stat
import sys

from local.problem import StackError

_PARENT_POLL_S = 0.5


async def ending(parent: int | None, *, lifeline: bool) -> None:
    """Wait for Ctrl-C, SIGTERM or SIGHUP, the end of the parent if one is given, or with a lifeline that of stdin."""
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, signalled.set)
    waits: list[asyncio.Future[object]] = [asyncio.ensure_future(signalled.wait())]
    if parent is not None:
        waits.append(asyncio.ensure_future(_orphaned(parent)))
    if lifeline:
        waits.append(asyncio.ensure_future((await _stdin()).read()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)


async def _orphaned(parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(_PARENT_POLL_S)


async def _stdin() -> asyncio.StreamReader:
    # The event loop takes other devices too, and then never tells of their end.
    kind = os.fstat(0).st_mode
    if not stat.S_ISFIFO(kind) and not stat.S_ISSOCK(kind):
        raise StackError("--lifeline needs a pipe at stdin: the stack ends when it does.")
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader
