"""What the Bicep compiler makes of this folder, kept beside it so that tests can read it where there is no compiler.

python -m infra.compiled --write     write it anew
python -m infra.compiled --check     say what is wrong: what the compiler prints, what is not formatted or current
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
# Whose deployment is predicted: nobody's, and always the same.
CONTEXT = {
    "tenant-id": "11111111-1111-1111-1111-111111111111",
    "subscription-id": "22222222-2222-2222-2222-222222222222",
    "location": "westeurope",
    "deployment-name": "main",
}


class CompilerError(Exception):
    """There is no compiler, or it printed something: the message says what."""


def compiler() -> str:
    """Return the path of the compiler: the value of BICEP, else `bicep` on the PATH. Raises CompilerError."""
    command = os.environ.get("BICEP") or "bicep"
    found = shutil.which(command)
    if found is None:
        raise CompilerError(f"The Bicep compiler {command} was not found. Install it, or set BICEP to its path.")
    # The compiler runs in another folder than this process.
    return str(Path(found).absolute())


def printed(folder: Path) -> list[str]:
    """Return what the compiler prints about any file; it exits 0 on a misspelt property."""
    with _copy(folder) as copy:
        commands = [
            ["build", "--pattern", _PATTERNS[0], "--outdir", "built"],
            ["build-params", "--pattern", _PATTERNS[1], "--outdir", "built"],
            *(["lint", "--pattern", pattern] for pattern in _PATTERNS),
        ]
        return sorted({line for command in commands for line in _said(copy, *command)})


def unformatted(folder: Path) -> list[str]:
    """Return the files that `bicep format` would change."""
    with _copy(folder) as copy:
        for pattern in _PATTERNS:
            _run(copy, "format", "--pattern", pattern)
        files = [path.relative_to(copy) for pattern in _PATTERNS for path in copy.glob(pattern)]
        return sorted(str(file) for file in files if (copy / file).read_text() != (folder / file).read_text())


def made(folder: Path) -> dict[str, str]:
    """Compile the templates and predict what each parameter file deploys: texts by file name."""
    texts: dict[str, str] = {}
    with _copy(folder) as copy:
        for name in TEMPLATES:
            _run(copy, "build", f"{name}.bicep")
            texts[f"{name}.json"] = (copy / f"{name}.json").read_text()
        for parameters in sorted(copy.glob("*.bicepparam")):
            environment = parameters.stem
            context = {**CONTEXT, "resource-group": f"enhancement-exchange-{environment}"}
            options = [part for name, value in context.items() for part in (f"--{name}", value)]
            _run(copy, "snapshot", parameters.name, "--mode", "overwrite", *options)
            texts[f"{environment}.snapshot.json"] = settled((copy / f"{environment}.snapshot.json").read_text())
    return texts


def write(folder: Path) -> None:
    """Write what is kept anew."""
    for name, text in made(folder).items():
        (folder / name).write_text(text)


def stale(folder: Path) -> list[str]:
    """Return the kept files that are not what the compiler makes now."""
    kept = {path.name: path.read_text() for path in folder.glob("*.json")}
    return sorted(name for name, text in made(folder).items() if kept.get(name) != text)


def settled(snapshot: str) -> str:
    """Put outputs in order: the compiler writes them in another one each time."""
    content = json.loads(snapshot)
    content["outputs"] = dict(sorted(content["outputs"].items()))
    return json.dumps(content, indent=2) + "\n"


@contextmanager
def _copy(folder: Path) -> Iterator[Path]:
    """Give a copy to work in: the compiler writes beside what it reads."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "infra"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__", "deploy"))
        yield copy


def _said(folder: Path, *arguments: str) -> list[str]:
    """Run the compiler; return the lines that it printed, without the path of the copy."""
    command = [compiler(), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = [line.replace(f"{folder}/", "") for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines or ([f"bicep {arguments[0]} exited with {done.returncode}"] if done.returncode else [])


def _run(folder: Path, *arguments: str) -> None:
    """Run the compiler; raises CompilerError if it prints anything."""
    if lines := _said(folder, *arguments):
        raise CompilerError("\n".join(lines))


def check(folder: Path) -> list[str]:
    """Return all that is wrong with the folder."""
    if faults := printed(folder):
        return faults
    return [
        *(f"{name}: `bicep format` would change it" for name in unformatted(folder)),
        *(f"{name}: not what the compiler makes of the Bicep files now; `make infra` does" for name in stale(folder)),
    ]


def main() -> int:
    """Write, or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.compiled", description="What the compiler makes of infra/.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write what is kept anew")
    what.add_argument("--check", action="store_true", help="say what is wrong, and change nothing")
    try:
        if parser.parse_args().write:
            write(INFRA)
            return 0
        faults = check(INFRA)
    except CompilerError as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
