"""`python -m operations.dead_letters list` and `... resend`: list dead letters and resend them.

Dead letters are messages that failed at every delivery (`dispatch`, `import`, `notify`), events of uploads that the app
failed to handle (`blobs`), and events that Event Grid could not deliver (`events`). Resending a message sends it to its
queue again. Resending an event validates the upload on this machine, as the app would. Resending is idempotent, and
does not repeat what was done before.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from azure.core.exceptions import HttpResponseError

from exchange.bootstrap import Connections, connect, make_services
from exchange.domain.blob_names import batch_of_result
from exchange.domain.errors import ExchangeError
from exchange.settings import Settings, SettingsError
from exchange.use_cases.validate_upload import validate_upload
from operations.dead_letters.event_grid import EventGridSource
from operations.dead_letters.poison_queue import PoisonQueueSource
from operations.dead_letters.service_bus import ServiceBusSource
from operations.dead_letters.source import DeadLetter, Source
from operations.dead_letters.table import format_table
from operations.settings import LOCAL, read_settings

QUEUES = ("dispatch", "import", "notify", "blobs", "events")


def main(command_line: Sequence[str] | None = None) -> int:
    """Run the command. Return 0 if it succeeded for every dead letter and every source."""
    arguments = _make_parser().parse_args(command_line)
    if arguments.command == "resend" and arguments.all == bool(arguments.ids):
        _make_parser().error("name the dead letters to resend: either --all, or ids as `list` shows them")
    if arguments.command == "resend" and arguments.queue and arguments.ids:
        _make_parser().error("leave --queue out, because each id names its queue")
    try:
        settings = read_settings(arguments.settings)
        print(f"Dead letters of the exchange at {settings.azure.cosmos_endpoint}", flush=True)
        return asyncio.run(_run(arguments, settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m operations.dead_letters",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    list_command = commands.add_parser("list", help="list dead letters")
    resend_command = commands.add_parser("resend", help="resend dead letters")
    for command in (list_command, resend_command):
        command.add_argument("--queue", choices=QUEUES, help="only the dead letters of this queue")
        command.add_argument(
            "--settings", type=Path, help=f"a file with the app's settings (default: the environment, or else {LOCAL})"
        )
    resend_command.add_argument("--all", action="store_true", help="all dead letters that exist now")
    resend_command.add_argument("ids", nargs="*", type=_parse_id, metavar="ID", help="an id from the list: dispatch/3")
    return parser


def _parse_id(text: str) -> tuple[str, str]:
    """Return the name of the source and the name of the dead letter in it."""
    source, _, name = text.partition("/")
    if source not in QUEUES or not name:
        raise argparse.ArgumentTypeError(f"'{text}' is not the id of a dead letter, such as dispatch/3")
    return source, name


async def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    connections = connect(settings)
    try:
        sources = [source for source in make_sources(settings, connections) if arguments.queue in {None, source.name}]
        if arguments.command == "list":
            return await _list(sources)
        return await _resend(sources, None if arguments.all else arguments.ids)
    finally:
        await connections.close()


def make_sources(settings: Settings, connections: Connections) -> Sequence[Source]:
    """Make the sources, in the order in which they are listed."""
    services = make_services(settings, connections)

    async def validate(blob: str) -> None:
        await validate_upload(batch_of_result(blob), services)

    return (
        ServiceBusSource("dispatch", settings.azure.dispatch_queue, connections.queues),
        ServiceBusSource("import", settings.azure.import_queue, connections.queues),
        ServiceBusSource("notify", settings.azure.notify_queue, connections.queues),
        PoisonQueueSource(connections.poison_queue, validate),
        EventGridSource(connections.blobs, validate),
    )


async def _list(sources: Sequence[Source]) -> int:
    found: dict[str, list[DeadLetter]] = {source.name: [] for source in sources}

    async def read(source: Source) -> bool:
        found[source.name] = await source.list_all()
        return True

    succeeded = await asyncio.gather(*(_try(source, read) for source in sources))
    rows = [(f"{name}/{letter.name}", letter) for name, letters in found.items() for letter in letters]
    if rows:
        print(format_table(rows))
    elif all(succeeded):
        print("There are no dead letters.")
    return 0 if all(succeeded) else 1


async def _resend(sources: Sequence[Source], ids: Sequence[tuple[str, str]] | None) -> int:
    names = None if ids is None else _group_by_source(ids)
    handled: list[str] = []

    async def resend(source: Source) -> bool:
        return await _resend_from(source, None if names is None else names[source.name], handled)

    succeeded = [await _try(source, resend) for source in sources if names is None or source.name in names]
    if not handled and all(succeeded):
        print("There are no dead letters.")
    return 0 if all(succeeded) else 1


async def _resend_from(source: Source, names: Collection[str] | None, handled: list[str]) -> bool:
    succeeded = True
    async for result in source.resend(names):
        handled.append(result.name)
        succeeded = succeeded and result.fault is None
        outcome = "resent" if result.fault is None else f"not resent. {result.fault}"
        print(f"{source.name}/{result.name}: {outcome}", flush=True)
    return succeeded


def _group_by_source(ids: Sequence[tuple[str, str]]) -> dict[str, set[str]]:
    return {source: {name for other, name in ids if other == source} for source, _ in ids}


async def _try(source: Source, action: Callable[[Source], Awaitable[bool]]) -> bool:
    """Run the action. If the source cannot be reached, print the reason and return False: others may be reachable."""
    try:
        return await action(source)
    except ExchangeError as error:
        print(f"{source.name}: {error}", file=sys.stderr)
    except HttpResponseError as error:
        print(
            f"{source.name}: Azure refused the request (HTTP {error.status_code}). Check your roles.", file=sys.stderr
        )
    return False


if __name__ == "__main__":
    sys.exit(main())
