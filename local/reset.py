"""`python -m local.reset`: delete what the local stack keeps on disk."""

import argparse
import sys
from pathlib import Path

from local.data import data_folder, delete_data, locked
from local.errors import StackError

_MEGABYTE = 1_000_000


def main() -> int:
    """Delete the references, robots, batches and files that the local stack keeps on disk, after asking."""
    parser = argparse.ArgumentParser(prog="python -m local.reset", description=main.__doc__)
    parser.add_argument("--dir", type=Path, default=Path(".local"), help="folder of the stack")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    folder = arguments.dir.resolve()
    try:
        with locked(folder):
            return _reset(folder, asks=not arguments.yes)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1


def _reset(folder: Path, *, asks: bool) -> int:
    data = data_folder(folder)
    if not data.exists():
        print(f"There is no data in {data}.")
        return 0
    if asks and not sys.stdin.isatty():
        raise StackError(
            "Nothing was deleted, because there is no terminal to ask on. To delete it, type: make reset ARGS=--yes"
        )
    size = sum(file.stat().st_size for file in data.rglob("*") if file.is_file())
    print(f"{data} has {size / _MEGABYTE:.1f} MB: the references, robots, batches and files of the local stack.")
    if asks and not _ask("Delete all of it? [y/N] "):
        print("Nothing was deleted.")
        return 1
    delete_data(folder)
    print("It was deleted.")
    return 0


def _ask(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        print()
        return False


if __name__ == "__main__":
    sys.exit(main())
