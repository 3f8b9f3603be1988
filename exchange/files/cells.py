"""Cells of CSV that no spreadsheet runs as a formula.

A spreadsheet would run a cell that begins with = + - @, a tab or a line end. The writer puts an apostrophe before it,
and before a cell that would otherwise be mistaken for a protected one. The reader removes one apostrophe from these
cells, so that nothing changes on the way out and in again. A plain number, for example -3.5, is not a formula.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-][0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")
_PROTECTED = re.compile(r"'+[=+\-@\t\r\n]")


def protect_cell(cell: str) -> str:
    """Return the cell in a form that no spreadsheet runs as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def restore_cell(cell: str) -> str:
    """Return the cell that `protect_cell` protected."""
    return cell[1:] if _PROTECTED.match(cell) else cell
