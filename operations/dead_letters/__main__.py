"""`python -m operations.dead_letters list` and `... resend`.

Dead letters are orders that failed at each delivery (`dispatch`, `import`), events of uploads that the app failed at
(`blobs`), and events that never reached it (`events`). Orders go back to their queue; the uploads of events are
validated here and now, as the event would have had it. Sending again what has been done already changes nothing.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from azure.core.exceptions import HttpResponseError

from exchange.bootstrap import Connections, connect, wire
from exchange.domain.blob_names import batch_of_result
from exchange.domain.errors import ExchangeError
from exchange.settings import Settings, SettingsError
from exchange.use_cases.validate_upload import validate_upload
from operations.dead_letters.box import Box, Letter
from operations.dead_letters.service_bus import DeadOrders
from operations.dead_letters.poison_queue import PoisonedEvents
from operations.dead_letters.table import table
from operations.dead_letters.event_grid import UndeliveredEvents
from operations.settings import LOCAL, read_settings

QUEUES = ("dispatch", "import", "blobs", "events")


def main() -> int:
    """Do what was typed; 0 if all of it could be done."""
    given = _arguments().parse_args()
    if given.command == "resend" and given.all == bool(given.ids):
        _arguments().error("say which: --all, or their ids as they are listed")
    if given.command == "resend" and given.queue and given.ids:
        _arguments().error("the ids say which queue: leave --queue out")
    try:
        settings = read_settings(given.settings)
        print(f"Asking the exchange of {settings.azure.cosmos_endpoint}", flush=True)
        return asyncio.run(_run(given, settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m operations.dead_letters",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="look at them")
    resending = commands.add_parser("resend", help="send them again")
    for command in (listing, resending):
        command.add_argument("--queue", choices=QUEUES, help="only those of this one")
        command.add_argument(
            "--settings", type=Path, help=f"a file of the app's settings; else the environment, else {LOCAL}"
        )
    resending.add_argument("--all", action="store_true", help="all that are there now")
    resending.add_argument("ids", nargs="*", type=_id, metavar="ID", help="as they are listed, such as dispatch/3")
    return parser


def _id(text: str) -> tuple[str, str]:
    """Read an id as it is listed: which box it is of, and its name there."""
    box, _, name = text.partition("/")
    if box not in QUEUES or not name:
        raise argparse.ArgumentTypeError(f"'{text}' is no id of a dead letter: they are like dispatch/3")
    return box, name


async def _run(given: argparse.Namespace, settings: Settings) -> int:
    connections = connect(settings)
    try:
        boxes = [box for box in _boxes(settings, connections) if given.queue in {None, box.name}]
        if given.command == "list":
            return await _list(boxes)
        return await _resend(boxes, None if given.all else given.ids)
    finally:
        await connections.close()


def _boxes(settings: Settings, connections: Connections) -> Sequence[Box]:
    services = make_services(settings, connections)

    async def validate(blob: str) -> None:
        await validate_upload(batch_of_result(blob), services)

    return (
        DeadOrders("dispatch", settings.azure.dispatch_queue, connections.bus),
        DeadOrders("import", settings.azure.import_queue, connections.bus),
        PoisonedEvents(connections.poison, validate),
        UndeliveredEvents(connections.blobs, validate),
    )


async def _list(boxes: Sequence[Box]) -> int:
    found: dict[str, list[Letter]] = {box.name: [] for box in boxes}

    async def look(box: Box) -> bool:
        found[box.name] = await box.letters()
        return True

    seen = await asyncio.gather(*(_reached(box, look) for box in boxes))
    rows = [(f"{name}/{letter.name}", letter) for name, letters in found.items() for letter in letters]
    if rows:
        print(table(rows))
    elif all(seen):
        print("There are no dead letters.")
    return 0 if all(seen) else 1


async def _resend(boxes: Sequence[Box], ids: Sequence[tuple[str, str]] | None) -> int:
    meant = None if ids is None else _by_box(ids)
    done: list[str] = []

    async def send(box: Box) -> bool:
        return await _resend_of(box, None if meant is None else meant[box.name], done)

    went_well = [await _reached(box, send) for box in boxes if meant is None or box.name in meant]
    if not done and all(went_well):
        print("There are no dead letters.")
    return 0 if all(went_well) else 1


async def _resend_of(box: Box, names: Collection[str] | None, done: list[str]) -> bool:
    well = True
    async for resent in box.resend(names):
        done.append(resent.name)
        well = well and resent.fault is None
        print(
            f"{box.name}/{resent.name}: {'sent again' if resent.fault is None else f'left. {resent.fault}'}", flush=True
        )
    return well


def _by_box(ids: Sequence[tuple[str, str]]) -> dict[str, set[str]]:
    return {box: {name for other, name in ids if other == box} for box, _ in ids}


async def _reached(box: Box, act: Callable[[Box], Awaitable[bool]]) -> bool:
    """Do it, and say in a sentence if the place can't be reached: the other places may be."""
    try:
        return await act(box)
    except ExchangeError as error:
        print(f"{box.name}: {error}", file=sys.stderr)
    except HttpResponseError as error:
        print(f"{box.name}: Azure refused (HTTP {error.status_code}): is the role missing?", file=sys.stderr)
    return False


if __name__ == "__main__":
    sys.exit(main())
