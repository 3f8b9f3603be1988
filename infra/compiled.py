"""The compiled templates and snapshots of this folder. They are committed, so tests read them without a compiler.

python -m infra.compiled --write     compile the Bicep files and write the results
python -m infra.compiled --check     report diagnostics, unformatted files, and committed files that are out of date
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INFRA = Path(__file__).parent
TEMPLATES = ("main", "events")
_PATTERNS = ("**/*.bicep", "*.bicepparam")
# Snapshots predict a deployment to these invented ids, so that they are the same on every machine.
CONTEXT = {
    "tenant-id": "11111111-1111-1111-1111-111111111111",
    "subscription-id": "22222222-2222-2222-2222-222222222222",
    "location": "westeurope",
    "deployment-name": "main",
}


class CompilerError(Exception):
    """There is no compiler, or it printed a diagnostic, which is the message."""


def find_compiler() -> str:
    """Return the path of the compiler: the value of BICEP, or `bicep` on the PATH. Raises CompilerError."""
    command = os.environ.get("BICEP") or "bicep"
    found = shutil.which(command)
    if found is None:
        raise CompilerError(f"The Bicep compiler {command} was not found. Install it, or set BICEP to its path.")
    # The compiler runs in another folder than this process.
    return str(Path(found).absolute())


def list_diagnostics(folder: Path) -> list[str]:
    """Return every line that the compiler prints. Its exit code is not enough: it is 0 for a misspelt property."""
    with _temporary_copy(folder) as copy:
        commands = [
            ["build", "--pattern", _PATTERNS[0], "--outdir", "built"],
            ["build-params", "--pattern", _PATTERNS[1], "--outdir", "built"],
            *(["lint", "--pattern", pattern] for pattern in _PATTERNS),
        ]
        return sorted({line for command in commands for line in _run(copy, *command)})


def list_unformatted(folder: Path) -> list[str]:
    """Return the files that `bicep format` would change."""
    with _temporary_copy(folder) as copy:
        for pattern in _PATTERNS:
            _run_silent(copy, "format", "--pattern", pattern)
        files = [path.relative_to(copy) for pattern in _PATTERNS for path in copy.glob(pattern)]
        return sorted(str(file) for file in files if (copy / file).read_text() != (folder / file).read_text())


def compile_folder(folder: Path) -> dict[str, str]:
    """Compile the templates and predict the deployment of each parameter file. Return the texts by file name."""
    texts: dict[str, str] = {}
    with _temporary_copy(folder) as copy:
        for name in TEMPLATES:
            _run_silent(copy, "build", f"{name}.bicep")
            texts[f"{name}.json"] = (copy / f"{name}.json").read_text()
        for parameters in sorted(copy.glob("*.bicepparam")):
            environment = parameters.stem
            context = {**CONTEXT, "resource-group": f"enhancement-exchange-{environment}"}
            options = [part for name, value in context.items() for part in (f"--{name}", value)]
            _run_silent(copy, "snapshot", parameters.name, "--mode", "overwrite", *options)
            texts[f"{environment}.snapshot.json"] = sort_outputs((copy / f"{environment}.snapshot.json").read_text())
    return texts


def write_compiled(folder: Path) -> None:
    """Compile the folder and write the results into it."""
    for name, text in compile_folder(folder).items():
        (folder / name).write_text(text)


def list_outdated(folder: Path) -> list[str]:
    """Return the names of the committed files that differ from what the compiler writes now."""
    committed = {path.name: path.read_text() for path in folder.glob("*.json")}
    return sorted(name for name, text in compile_folder(folder).items() if committed.get(name) != text)


def sort_outputs(snapshot: str) -> str:
    """Sort the outputs of a snapshot, because the compiler writes them in a different order each time."""
    content = json.loads(snapshot)
    content["outputs"] = dict(sorted(content["outputs"].items()))
    return json.dumps(content, indent=2) + "\n"


@contextmanager
def _temporary_copy(folder: Path) -> Iterator[Path]:
    """Copy the folder for the compiler, which writes its results next to the sources."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "infra"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__", "deploy"))
        yield copy


def _run(folder: Path, *arguments: str) -> list[str]:
    """Run the compiler. Return the lines that it printed, without the path of the copy."""
    command = [find_compiler(), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = [line.replace(f"{folder}/", "") for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines or ([f"bicep {arguments[0]} exited with {done.returncode}"] if done.returncode else [])


def _run_silent(folder: Path, *arguments: str) -> None:
    """Run the compiler. Raises CompilerError if it prints anything."""
    if lines := _run(folder, *arguments):
        raise CompilerError("\n".join(lines))


def check(folder: Path) -> list[str]:
    """Return every fault of the folder, as one line each."""
    if faults := list_diagnostics(folder):
        return faults
    return [
        *(f"{name}: `bicep format` would change it" for name in list_unformatted(folder)),
        *(f"{name}: differs from the compiled Bicep files. Run `make infra`." for name in list_outdated(folder)),
    ]


def main() -> int:
    """Write or check, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.compiled", description="Compile infra/.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="compile, and write the results")
    action.add_argument("--check", action="store_true", help="report every fault, and change nothing")
    try:
        if parser.parse_args().write:
            write_compiled(INFRA)
            return 0
        faults = check(INFRA)
    except CompilerError as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
