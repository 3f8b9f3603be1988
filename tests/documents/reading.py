"""What the tests read in the documents.

A block that a test checks has a comment right before it, which readers do not see: `<!-- kind: argument -->`. A block
ends at the next blank line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.stacks import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "samples").glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_ACROSS_LINES = re.MULTILINE | re.DOTALL
_MARKED = re.compile(r"^<!-- (?P<kind>\w+)(?:: (?P<argument>.+?))? -->\n(?P<block>.+?)(?=\n\n|\n*\Z)", _ACROSS_LINES)
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", _ACROSS_LINES)


@dataclass(frozen=True, slots=True)
class Marked:
    """A block with a comment before it."""

    document: str
    argument: str
    block: str

    @property
    def code(self) -> str:
        """The content of the fence that the block is."""
        fence = _FENCE.fullmatch(self.block)
        assert fence, f"{self.document}: not one fenced block: {self.block[:60]}"
        return fence["code"]

    @property
    def rows(self) -> list[list[str]]:
        """The rows of the table that the block is, without its header."""
        lines = self.block.splitlines()
        assert re.fullmatch(r"[|-]+", lines[1]), f"{self.document}: not a table: {self.block[:60]}"
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def text_of(document: str) -> str:
    """Return the text of a document, named by its path in the repository."""
    return (ROOT / document).read_text()


def name_of(document: Path) -> str:
    """Return a document's path in the repository."""
    return document.relative_to(ROOT).as_posix()


def marked(kind: str) -> list[Marked]:
    """Return every block that is marked as this kind, in all documents."""
    return [found for document in DOCUMENTS for found in marked_in(name_of(document), kind)]


def marked_in(document: str, kind: str) -> list[Marked]:
    """Return the blocks of one document that are marked as this kind."""
    matches = _MARKED.finditer(text_of(document))
    return [Marked(document, match["argument"] or "", match["block"]) for match in matches if match["kind"] == kind]


def fences(document: str, *languages: str) -> list[str]:
    """Return the code of the fences in these languages."""
    return [match["code"] for match in _FENCE.finditer(text_of(document)) if match["language"] in languages]


def prose_of(text: str) -> str:
    """Return the text without its fences."""
    return _FENCE.sub("", text)


def code_in(text: str) -> set[str]:
    """Return what is in code marks, outside of fences."""
    return set(re.findall(r"`([^`\n]+)`", prose_of(text)))


def commands_in(text: str) -> str:
    """Return what a person is told to type: code marks and indented lines."""
    return "\n".join([*code_in(text), *re.findall(r"^    (.+)$", text, re.MULTILINE)])


def anchors_of(document: Path) -> Iterator[str]:
    """Yield the anchor of each heading, as GitHub makes it."""
    for heading in re.findall(r"^#+ (.+)$", prose_of(document.read_text()), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
