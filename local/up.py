"""`python -m local.up`: keep the local stack in the foreground."""

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from local.install import install
from local.parts import Part
from local.paths import NODE, ROOT
from local.problem import StackError
from local.stack import DEFAULT_PORTS, Options, Stack

_PARENT_POLL_S = 0.5


def main() -> int:
    """Run the stack until Ctrl-C, a crash of one part, or the end of whoever started it."""
    given = _arguments().parse_args()
    options = Options(
        folder=given.dir.resolve(),
        node=given.node,
        ports=dict.fromkeys(DEFAULT_PORTS, 0) if given.free_ports else DEFAULT_PORTS,
        settings=dict(given.set),
        app=given.app,
        host_json=given.host_json,
        with_host=not given.emulators_only,
        every_event_twice=given.every_event_twice,
    )
    try:
        install(options.node)
        with only_one(options.folder):
            return asyncio.run(_run(options, lifeline=given.lifeline))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.up", description=main.__doc__)
    parser.add_argument("--dir", type=Path, default=Path(".local"), help="where logs, certificates and stack.json go")
    parser.add_argument("--free-ports", action="store_true", help="any free ports, not the usual ones")
    parser.add_argument("--emulators-only", action="store_true", help="without the function app")
    parser.add_argument("--every-event-twice", action="store_true", help="deliver each message and blob event twice")
    parser.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="an app setting"
    )
    parser.add_argument("--lifeline", action="store_true", help="end when stdin ends")
    parser.add_argument("--node", type=Path, default=NODE, help="the Node to run the emulators with")
    parser.add_argument("--app", type=Path, default=ROOT / "function_app.py", help="the function app to run")
    parser.add_argument("--host-json", type=Path, default=ROOT / "host.json", help="its host.json")
    return parser


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=VALUE")
    return name, value


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder: a second stack in it is refused. The lock dies with this process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StackError(f"A stack is running in {folder} already: use it, or stop it first.") from None
        yield


async def _run(options: Options, *, lifeline: bool) -> int:
    ended = asyncio.create_task(_end(lifeline=lifeline))
    stack = Stack(options)
    try:
        starting = asyncio.create_task(stack.start())
        await asyncio.wait([ended, starting], return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            starting.cancel()
            return 0
        for name, where in starting.result().items():
            print(f"{name:<11}{where}")
        print(f"{'logs':<11}{options.folder / 'logs'}\nCtrl-C ends it.", flush=True)
        crash = asyncio.create_task(stack.crashed())
        await asyncio.wait([ended, crash], return_when=asyncio.FIRST_COMPLETED)
        return _say_crash(crash.result()) if crash.done() else 0
    finally:
        await stack.end()


def _say_crash(part: Part) -> int:
    print(f"{part.name} ended by itself (exit code {part.process.returncode}).\n{part.tail()}", file=sys.stderr)
    return 1


async def _end(*, lifeline: bool) -> None:
    """Wait for Ctrl-C, for SIGTERM, or for the end of our parent."""
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, signalled.set)
    waits: list[asyncio.Future[object]] = [asyncio.ensure_future(signalled.wait()), asyncio.ensure_future(_orphaned())]
    if lifeline:
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        waits.append(asyncio.ensure_future(reader.read()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)


async def _orphaned() -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(_PARENT_POLL_S)


if __name__ == "__main__":
    sys.exit(main())
