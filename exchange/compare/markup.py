"""HTML and SVG without a library. Text is escaped unless it is `Markup` already."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is valid HTML."""

    __slots__ = ()


def make_element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Return an element. An attribute that is None is left out.

    Attributes that are Python keywords end with an underscore. Other underscores become hyphens.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_write_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(parts: Iterable[str], separator: str = "") -> Markup:
    """Return the parts as one, each escaped unless it is `Markup`."""
    return Markup(separator.join(part if isinstance(part, Markup) else escape(part) for part in parts))


def _write_value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
