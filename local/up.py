"""`python -m local.up`: keep the local stack in the foreground."""

import argparse
import asyncio
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.ending import ending
from local.install import install
from local.parts import Part
from local.paths import NODE, ROOT
from local.problem import StackError
from local.stack import DEFAULT_PORTS, Options, Stack


def main() -> int:
    """Run the stack until Ctrl-C, a crash of one part, or the end of whoever started it."""
    # Before the installation, which takes its time: the parent may be gone after it.
    parent = os.getppid()
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
            return asyncio.run(_run(options, parent, lifeline=given.lifeline))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


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


async def _run(options: Options, parent: int, *, lifeline: bool) -> int:
    stack = Stack(options)
    end = asyncio.create_task(ending(parent, lifeline=lifeline))
    starting = asyncio.create_task(stack.start())
    last: list[asyncio.Future[Any]] = [end, stack.crashed]
    try:
        await asyncio.wait([*last, starting], return_when=asyncio.FIRST_COMPLETED)
        if not end.done() and not stack.crashed.done():
            starting.result()
            print(f"{'logs':<11}{options.folder / 'logs'}\nCtrl-C ends it.", flush=True)
            await asyncio.wait(last, return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            end.result()
            print("\nStopping ...", flush=True)
            return 0
        return _say_crash(stack.crashed.result())
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await stack.end()


def _say_crash(part: Part) -> int:
    print(f"{part.name} ended by itself (exit code {part.process.returncode}).\n{part.tail()}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
