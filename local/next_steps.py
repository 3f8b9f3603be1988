"""What `make up` prints when the stack is ready: where things are, and what to type next."""

import json
import shlex
from pathlib import Path

from local.paths import ROOT

# The functions that serve the console.
_CONSOLE = ROOT / "functions" / "http" / "console.py"
_COMMAND = """\
head -n 5 samples/references.jsonl | curl --silent --show-error --fail-with-body {api}/references/ \\
  --header "Authorization: Bearer $(python3 -c {token})" \\
  --header 'Content-Type: application/jsonl' --data-binary @-"""


def list_pages(api: str) -> dict[str, str]:
    """Return the addresses that a person opens in a browser, the most useful first."""
    console = {"console": f"{api}/console/"} if _CONSOLE.exists() else {}
    return {**console, "docs": f"{api}/docs"}


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
            "\nNext, load five references from a second terminal, in the folder of this project:\n",
            make_first_command(folder, api),
            "\nThis is the first step of docs/walkthrough.md, which goes on to the report of a batch.",
        ]
    return "\n".join(lines)


def make_first_command(folder: Path, api: str) -> str:
    """Return the first call of docs/walkthrough.md as a command that needs nothing but this stack."""
    file = json.dumps(_shorten(folder / "stack.json"))
    # Quoted, because the name of the folder may contain any character.
    token = shlex.quote(f'import json; print(json.load(open({file}))["tokens"]["operator"])')
    return _COMMAND.format(api=api, token=token)


def _shorten(path: Path) -> str:
    """Return a path as it is typed in the folder of this project."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
