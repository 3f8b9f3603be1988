"""What stops the stack and the token issuer."""

import asyncio
import os
import signal
import stat
import sys

from local.errors import StackError

_PARENT_POLL_S = 0.5


async def wait_for_shutdown(parent: int | None, *, exit_with_stdin: bool) -> None:
    """Wait for SIGINT, SIGTERM or SIGHUP, for the end of the process `parent`, or until stdin closes.

    The parent is watched unless it is None, stdin if `exit_with_stdin` is set. Raises StackError if stdin cannot be
    watched.
    """
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, signalled.set)
    waits: list[asyncio.Future[object]] = [asyncio.ensure_future(signalled.wait())]
    if parent is not None:
        waits.append(asyncio.ensure_future(_wait_until_orphaned(parent)))
    if exit_with_stdin:
        waits.append(asyncio.ensure_future((await _open_stdin()).read()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)


async def _wait_until_orphaned(parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - no event reports it
        await asyncio.sleep(_PARENT_POLL_S)


async def _open_stdin() -> asyncio.StreamReader:
    # The event loop accepts other devices too, but never reports their end.
    mode = os.fstat(0).st_mode
    if not stat.S_ISFIFO(mode) and not stat.S_ISSOCK(mode):
        raise StackError("--exit-with-stdin needs a pipe as stdin. Leave the option out, or start this with a pipe.")
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader
