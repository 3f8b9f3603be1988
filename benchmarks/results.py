"""`RESULTS.md`: the results of the last full run, one section for each part.

A part that is run alone replaces its own section.
"""

import os
import platform
import re
from pathlib import Path

_FOLDER = Path(__file__).parent
RESULTS = _FOLDER / "RESULTS.md"
PLOTS = _FOLDER / "plots"

_HEAD = """# Results

`make bench` writes this file. `make bench-short` measures the table with less data and fails if a figure does not reach
its floor. The absolute figures are from one shared machine and do not carry over to others. The ratios do: they compare
implementations that were measured alternately in the same run.
"""


def write_section(title: str, text: str) -> None:
    """Replace the section with this title, or append it."""
    sections = _read_sections()
    sections[title] = f"{text.strip()}\n\n{_describe_machine()}"
    RESULTS.write_text(_HEAD + "".join(f"\n## {name}\n\n{body.strip()}\n" for name, body in sections.items()))


def write_plot(name: str, svg: str) -> str:
    """Write a plot. Return the Markdown that shows it."""
    PLOTS.mkdir(exist_ok=True)
    (PLOTS / f"{name}.svg").write_text(svg)
    return f"![{name}](plots/{name}.svg)"


def _read_sections() -> dict[str, str]:
    if not RESULTS.exists():
        return {}
    _, *parts = re.split(r"^## (.+)\n", RESULTS.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _describe_machine() -> str:
    return f"Measured with Python {platform.python_version()} on {os.cpu_count()} cores, {platform.system()}."
