"""The runbook of docs/operating.md as a module of the console, because the app has no documents."""

import json
import re

from local.paths import ROOT

_SECTION = re.compile(r"^## ([a-z-]+)\n\n(\*\*It means:\*\*.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_PART = re.compile(r"\*\*(It means|Look at|Do):\*\* (.*?)(?=\*\*(?:It means|Look at|Do):\*\*|\Z)", re.DOTALL)
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
_HEAD = """\
// @ts-check
// What each alert means and what to do. `make docs` generates this file from docs/operating.md: do not edit it.

/** The parts of a section by the name of its alert. @type {Record<string, {part: string, text: string}[]>} */
export const RUNBOOK = """


def format_runbook() -> str:
    """Return the text of console/runbook.js."""
    page = (ROOT / "docs" / "operating.md").read_text()
    sections = {
        name: [{"part": part, "text": _to_plain(text)} for part, text in _PART.findall(body)]
        for name, body in _SECTION.findall(page)
    }
    return f"{_HEAD}{json.dumps(sections, indent=2, ensure_ascii=False)};\n"


def _to_plain(text: str) -> str:
    """Return the text on one line and without links. Code stays between backticks."""
    return " ".join(_LINK.sub(r"\1", text).split())
