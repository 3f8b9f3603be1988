"""What stops the host: a signal, or the end of stdin, which closes when the parent process ends."""

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress

_CHUNK = 4096


def make_stop_event() -> asyncio.Event:
    """Return an event that is set when the host is to stop."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    threading.Thread(target=_watch_stdin, args=(loop, stopping), daemon=True).start()
    return stopping


def _watch_stdin(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """Read stdin to its end, in a thread: an event loop cannot watch a file or /dev/null."""
    # A closed stdin raises one of these errors. It counts as ended.
    with suppress(OSError, AttributeError):
        while os.read(sys.stdin.fileno(), _CHUNK):
            pass
    # The loop may be closed by now.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(stopping.set)
