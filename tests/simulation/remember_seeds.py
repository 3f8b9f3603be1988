"""`python -m tests.simulation.remember_seeds` searches for a seed for each planted bug, and writes them to a file.

A remembered seed stays as long as it finds its bug.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.test_planted_bugs import BUGS, REMEMBERED, SEEDS, Bug, copy_code, find_failing_seed, planted


def find_seed(bug: Bug, remembered: int | None, folder: Path) -> int | None:
    with planted(bug, folder):
        if remembered is not None and find_failing_seed(folder, remembered, 1) is not None:
            return remembered
        return find_failing_seed(folder, 0, SEEDS)


def main() -> int:
    """Search. Return 1 if no seed finds one of the bugs."""
    remembered: dict[str, int] = json.loads(REMEMBERED.read_text()) if REMEMBERED.exists() else {}
    with TemporaryDirectory() as name:
        copy_code(Path(name))
        seeds = {bug.name: find_seed(bug, remembered.get(bug.name), Path(name)) for bug in BUGS}
    found = {name: seed for name, seed in seeds.items() if seed is not None}
    REMEMBERED.write_text(json.dumps(found, indent=2) + "\n")
    if missed := seeds.keys() - found:
        sys.stderr.write(f"None of {SEEDS} schedules found: {', '.join(missed)}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
