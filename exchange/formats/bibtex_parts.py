"""Values of BibTeX: texts, numbers and names of strings, which # joins."""

import re
from collections.abc import Iterator

from bibtexparser.library import Library
from bibtexparser.middlewares import RemoveEnclosingMiddleware
from bibtexparser.model import Entry, Field

from exchange.formats.encodings import MAX_RECORD_CHARACTERS

_PART_MARK = re.compile(r'(?<!\\)[{}"#]')
_UNWRAPPER = RemoveEnclosingMiddleware(allow_inplace_modification=True)


class Strings:
    """The strings that a file defines. Strings that repeat others could make a small file arbitrarily large."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._size = 0

    def define(self, name: str, value: str) -> bool:
        """Add a string. Return whether it is short enough."""
        replaced = self.replace(value)
        if replaced is None or self._size + len(replaced) > MAX_RECORD_CHARACTERS:
            return False
        self._size += len(replaced)
        self._values[name.lower()] = replaced
        return True

    def replace(self, value: str) -> str | None:
        """Return the value with the definitions of the strings that it names. None if it is too long."""
        if value.startswith(("{", '"')) and "#" not in value:
            return value
        parts = [self._values.get(part.lower(), part) for part in _split_parts(value)]
        return " # ".join(parts) if sum(map(len, parts)) <= MAX_RECORD_CHARACTERS else None


def _split_parts(value: str) -> Iterator[str]:
    """Yield the parts that # joins: texts in their braces or quotes, numbers and names of strings."""
    depth = start = 0
    is_quoted = False
    for found in _PART_MARK.finditer(value):
        if found[0] in "{}":
            depth += 1 if found[0] == "{" else -1
        elif depth == 0 and found[0] == '"':
            is_quoted = not is_quoted
        elif depth == 0 and not is_quoted:
            yield value[start : found.start()].strip()
            start = found.end()
    yield value[start:].strip()


def join_parts(value: str) -> str:
    """Return the text of a value: without its delimiters, and with the parts joined that # separates."""
    fields = [Field("", part) for part in _split_parts(value)]
    return "".join(str(field.value) for field in _UNWRAPPER.transform_entry(Entry("", "", fields), Library()).fields)
