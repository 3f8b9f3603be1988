"""What `make up` prints when the stack is ready: where things are, and what to type next."""

import shlex
import sys
from pathlib import Path

from local.paths import ROOT


def list_pages(api: str) -> dict[str, str]:
    """Return the addresses that a person opens in a browser, the most useful first."""
    return {"console": f"{api}/console/", "docs": f"{api}/docs"}


def describe(folder: Path, api: str | None, data: Path | None = None) -> str:
    """Return the text for a stack with its files in this folder.

    `api` is None without the function app. `data` is where the stack keeps its data, or None if that is in memory.
    """
    places = {
        **(list_pages(api) if api else {}),
        "tokens": f"{_shorten(folder / 'stack.json')}, one for each role",
        "logs": str(folder / "logs"),
        "data": f"{_shorten(data)}, kept until `make reset`" if data else "in memory, lost at the end",
    }
    lines = [f"{name:<11}{place}" for name, place in places.items()]
    lines.append("The stack is ready. Ctrl-C stops it.")
    if api:
        lines += [
            "\nOpen the console in a browser. In a second terminal, in the folder of this project, load references:\n",
            make_first_command(folder),
            "\ndocs/walkthrough.md goes on from there to the report of a batch.",
        ]
    return "\n".join(lines)


def make_first_command(folder: Path) -> str:
    """Return the command that loads the sample references into this stack, and needs no sign-in."""
    python, loaded, stack = map(_shorten, (Path(sys.executable), folder / "loaded.jsonl", folder / "stack.json"))
    load = (python, "-m", "exchange.cli", "references", "load", "samples/references.jsonl")
    return shlex.join((*load, "--output", loaded, "--profile", stack))


def _shorten(path: Path) -> str:
    """Return a path as it is typed in the folder of this project."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
