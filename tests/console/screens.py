"""Opening a screen, and what every screen must be in each view."""

from typing import TypedDict

from playwright.async_api import Locator, Page

from tests.console.accessibility import assert_accessible
from tests.console.conftest import Visitor
from tests.console.visits import DESKTOP, PHONE, Role, Scheme, Visit


class View(TypedDict):
    """How the browser shows a page."""

    scheme: Scheme
    size: tuple[int, int]


VIEWS: dict[str, View] = {
    "light": {"scheme": "light", "size": DESKTOP},
    "dark": {"scheme": "dark", "size": DESKTOP},
    "phone": {"scheme": "light", "size": PHONE},
}


async def open_screen(visit: Visitor, role: Role, path: str, view: str = "light") -> Visit:
    """Sign in at a screen of the console."""
    visited = await visit(**VIEWS[view])
    await visited.sign_in(role, f"/console/{path}")
    return visited


async def inspect(visited: Visit, name: str) -> None:
    """Take a screenshot. Fail if the page is not accessible or too wide."""
    await visited.screenshot(name)
    await assert_accessible(visited.page)
    await visited.assert_fits()


def fact(page: Page, name: str) -> Locator:
    """Return the value of a fact by its name."""
    return page.locator(".facts > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def rows(page: Page, table: str) -> Locator:
    """Return the rows of a table by its caption."""
    return page.get_by_role("region", name=table).locator("tbody tr")


async def find_in_storage(page: Page, text: str) -> list[str]:
    """Return where the page keeps the text: its address, or an item of its storage."""
    stored: dict[str, str] = await page.evaluate("() => ({ ...sessionStorage, ...localStorage })")
    return [name for name, value in {"address": page.url, **stored}.items() if text in value]
