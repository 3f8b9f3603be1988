"""`RESULTS.md`: what the last full run found, a section a part. A part that is run alone replaces its own section."""

import os
import platform
import re
from pathlib import Path

_FOLDER = Path(__file__).parent
RESULTS = _FOLDER / "RESULTS.md"
PLOTS = _FOLDER / "plots"

_HEAD = """# Results

Written by `make bench`; the floors are those of `make bench-short`. Absolute figures are those of one shared machine
and worth little; ratios are of ways that ran in the same run, in turns, several rounds of each.
"""


def write_section(title: str, text: str) -> None:
    """Put a section where it stands, or at the end."""
    kept = _sections()
    kept[title] = f"{text.strip()}\n\n{_machine()}"
    RESULTS.write_text(_HEAD + "".join(f"\n## {name}\n\n{body.strip()}\n" for name, body in kept.items()))


def write_plot(name: str, svg: str) -> str:
    """Write a plot; return the Markdown that shows it."""
    PLOTS.mkdir(exist_ok=True)
    (PLOTS / f"{name}.svg").write_text(svg)
    return f"![{name}](plots/{name}.svg)"


def _sections() -> dict[str, str]:
    if not RESULTS.exists():
        return {}
    _, *parts = re.split(r"^## (.+)\n", RESULTS.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _machine() -> str:
    return f"Measured with Python {platform.python_version()} on {os.cpu_count()} cores, {platform.system()}."
