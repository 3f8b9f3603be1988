"""Writes the project of a new robot on the kit."""

import json
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from exchange import __version__

_TEMPLATES = files("exchange.robots") / "templates"
_SUFFIX = ".template"


class ProjectError(Exception):
    """The project cannot be written. The message says why."""


def write_project(name: str, folder: Path) -> list[Path]:
    """Write the files of a project into a folder, and return them. Raises ProjectError rather than replace a file."""
    package = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not package or not name.isprintable() or '"' in name:
        raise ProjectError("The name must have a letter or a digit, and neither quotes nor control characters.")
    values = {"name": json.dumps(name, ensure_ascii=False), "title": name, "package": package, "version": __version__}
    templates = {folder / source.name.removesuffix(_SUFFIX): source for source in _TEMPLATES.iterdir()}
    if existing := sorted(file for file in templates if file.exists()):
        raise ProjectError(f"{existing[0]} exists already. Choose another folder, or move it away.")
    folder.mkdir(parents=True, exist_ok=True)
    for file, source in templates.items():
        text = Template(source.read_text(encoding="utf-8")).substitute(values)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    return sorted(templates)
