"""`python -m local.up`: run the local stack in the foreground."""

import argparse
import asyncio
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.component import Component
from local.errors import StackError
from local.install import install
from local.issuer import BROWSER_LIFETIME_S
from local.next_steps import describe
from local.paths import NODE, ROOT
from local.shutdown import wait_for_shutdown
from local.stack import DEFAULT_PORTS, Options, Stack


def main() -> int:
    """Run the stack until Ctrl-C, until one of its components crashes, or until the parent process ends."""
    # Before the installation, which takes a while: the parent may end meanwhile.
    parent = os.getppid()
    arguments = _make_parser().parse_args()
    options = Options(
        folder=arguments.dir.resolve(),
        node=arguments.node,
        ports=dict.fromkeys(DEFAULT_PORTS, 0) if arguments.free_ports else DEFAULT_PORTS,
        settings=dict(arguments.set),
        app=arguments.app,
        host_json=arguments.host_json,
        with_host=not arguments.emulators_only,
        every_event_twice=arguments.every_event_twice,
        sign_in_lifetime_s=arguments.sign_in_lifetime,
    )
    try:
        install(options.node)
        with locked(options.folder):
            return asyncio.run(_run(options, parent, exit_with_stdin=arguments.exit_with_stdin))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.up", description=main.__doc__)
    parser.add_argument("--dir", type=Path, default=Path(".local"), help="folder for logs, certificates and stack.json")
    parser.add_argument("--free-ports", action="store_true", help="use any free ports instead of the usual ones")
    parser.add_argument("--emulators-only", action="store_true", help="do not run the function app")
    parser.add_argument("--every-event-twice", action="store_true", help="deliver each message and blob event twice")
    parser.add_argument(
        "--sign-in-lifetime", type=int, default=BROWSER_LIFETIME_S, metavar="S", help="lifetime of the console's tokens"
    )
    parser.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="an app setting (repeatable)"
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin closes")
    parser.add_argument("--node", type=Path, default=NODE, help="the Node that runs the emulators")
    parser.add_argument("--app", type=Path, default=ROOT / "function_app.py", help="the function app to run")
    parser.add_argument("--host-json", type=Path, default=ROOT / "host.json", help="its host.json")
    return parser


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' must have the form NAME=VALUE")
    return name, value


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the folder against a second stack. Raises StackError. The lock ends with this process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StackError(f"A stack is already running in {folder}. Use it, or stop it first.") from None
        yield


async def _run(options: Options, parent: int, *, exit_with_stdin: bool) -> int:
    stack = Stack(options)
    shutdown = asyncio.create_task(wait_for_shutdown(parent, exit_with_stdin=exit_with_stdin))
    starting = asyncio.create_task(stack.start())
    ends: list[asyncio.Future[Any]] = [shutdown, stack.crashed]
    try:
        await asyncio.wait([*ends, starting], return_when=asyncio.FIRST_COMPLETED)
        if not shutdown.done() and not stack.crashed.done():
            starting.result()
            print(describe(options.folder, stack.addresses.get("api")), flush=True)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if shutdown.done():
            shutdown.result()
            print("\nStopping ...", flush=True)
            return 0
        _print_crash(stack.crashed.result())
        return 1
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await stack.stop()


def _print_crash(component: Component) -> None:
    code = component.process.returncode
    print(f"{component.name} ended by itself (exit code {code}).\n{component.read_log_tail()}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
