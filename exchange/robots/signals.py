"""The signals that stop a robot."""

import asyncio
import os
import signal

_STOPPED_BY_SECOND_SIGNAL = 130


def stop_at_signals() -> asyncio.Event:
    """Return an event that the first signal sets. The second one ends the process."""
    stop = asyncio.Event()

    def handle() -> None:
        if stop.is_set():
            # The author's function may hold a thread, which a usual exit would wait for.
            os._exit(_STOPPED_BY_SECOND_SIGNAL)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, handle)
    return stop
