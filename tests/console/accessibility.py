"""Accessibility, checked by axe-core."""

from typing import Any

from playwright.async_api import Page

from tests.console.vendor import NPM_FOLDER

_AXE = NPM_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
# The rules of WCAG 2.2 up to level AA, and axe's best practices.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


async def find_violations(page: Page) -> list[str]:
    """Return each violation in the page as it is shown now: the rule, what it requires, and the elements."""
    if not await page.evaluate("() => 'axe' in window"):
        # Not as a script element, which the Content-Security-Policy of the page would block.
        await page.evaluate(_AXE.read_text())
    options = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
    found: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    assert found["passes"], "axe checked nothing"
    return [
        f"{violation['id']}: {violation['help']}: {[node['target'] for node in violation['nodes']]}"
        for violation in found["violations"]
    ]


async def assert_accessible(page: Page) -> None:
    """Fail if the page violates a rule as it is shown now."""
    if violations := await find_violations(page):
        raise AssertionError("the page is not accessible:\n" + "\n".join(violations))
