"""The numbers of entries in a report that is put together from several.

Each function adds `shift` to the number of each entry in some whole lines. Text that a robot wrote is never changed:
it cannot be at the place where the number is.
"""

import re

_TEXT = re.compile(rb"^Entry (\d+): ", re.MULTILINE)
# In the text of a message, the quotation marks would be escaped.
_LINE = re.compile(rb',"line":(\d+),"kind":')
# A blank marks a later entry of the same reference.
_ENHANCEMENT = re.compile(rb'^( ?)\{"line":(\d+),', re.MULTILINE)


def renumber_text(lines: bytes, shift: int) -> bytes:
    """Shift the numbers in lines of a report as text."""
    return _TEXT.sub(lambda match: b"Entry %d: " % (int(match[1]) + shift), lines) if shift else lines


def renumber_lines(lines: bytes, shift: int) -> bytes:
    """Shift the numbers in lines of a report as JSONL."""
    return _LINE.sub(lambda match: b',"line":%d,"kind":' % (int(match[1]) + shift), lines) if shift else lines


def renumber_enhancements(lines: bytes, shift: int) -> bytes:
    """Shift the numbers in lines with the enhancements that were added."""
    return (
        _ENHANCEMENT.sub(lambda match: b'%b{"line":%d,' % (match[1], int(match[2]) + shift), lines) if shift else lines
    )
