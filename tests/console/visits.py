"""A visit to the console: a browser context of its own, which is watched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page

from local.paths import ROOT
from tests.console.loading import Loading, Transfers
from tests.console.watch import Watch, allowed_origins
from tests.stacks import Stack

SCREENSHOTS = ROOT / ".local" / "console"
DESKTOP = (1280, 800)
PHONE = (375, 812)
# The console sets the attribute after it has drawn its first data. A selector, because Playwright would wait for an
# expression with `eval`, which the Content-Security-Policy forbids.
READY = 'html[data-ready="true"]'

Role = Literal["requestor", "contributor", "operator"]
Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Visit:
    """A page in a browser context of its own, so without the session or the cache of another visit."""

    stack: Stack
    context: BrowserContext
    page: Page
    watch: Watch
    transfers: Transfers

    async def open(self, path: str = "/console/") -> None:
        """Open a path of the function app."""
        await self.page.goto(self.stack.api + path)

    async def sign_in(self, role: Role, path: str = "/console/") -> None:
        """Open the console and sign in by clicking, as a person does. Wait until it shows data."""
        await self.open(path)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.get_by_role("link", name=role).click()
        await self.page.wait_for_url(lambda url: url.startswith(f"{self.stack.api}/console/"))
        await self.wait_until_ready()

    async def wait_until_ready(self) -> None:
        """Wait until the console has drawn its first data."""
        await self.page.locator(READY).wait_for()

    async def time_to_first_view(self) -> float:
        """Return the milliseconds from the start of the navigation until the console had drawn its first data."""
        await self.wait_until_ready()
        return float(await self.page.evaluate("() => window.firstView"))

    async def loaded(self) -> Loading:
        """Return the requests of the page so far."""
        return await self.transfers.read()

    async def screenshot(self, name: str) -> None:
        """Write the whole page to `.local/console/<name>.png`."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")

    async def assert_fits(self) -> None:
        """Fail if the page is wider than the window, so that a person would have to scroll sideways."""
        width = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        scroll_width, client_width = await self.page.evaluate(width)
        if scroll_width > client_width:
            raise AssertionError(f"the page is {scroll_width} px wide in a window of {client_width} px")

    async def assert_tables_fit(self) -> None:
        """Fail if there is no table, or one that a person would have to scroll sideways."""
        widths = "(tables) => tables.map((table) => [table.ariaLabel, table.scrollWidth, table.clientWidth])"
        tables: list[tuple[str, int, int]] = await self.page.locator(".table").evaluate_all(widths)
        assert tables, "the page has no table"
        if wide := [f"{name}: {width} px in {room} px" for name, width, room in tables if width > room]:
            raise AssertionError(f"tables scroll sideways: {wide}")


# Recorded in the page itself, because asking from outside would add the time of the question.
_RECORD_FIRST_VIEW = """
new MutationObserver((_, observer) => {
  if (document.documentElement?.dataset.ready === "true") {
    window.firstView = performance.now();
    observer.disconnect();
  }
}).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] });
"""


@asynccontextmanager
async def visiting(
    browser: Browser, stack: Stack, *, scheme: Scheme = "light", size: tuple[int, int] = DESKTOP
) -> AsyncIterator[Visit]:
    """Open a watched browser context with a page. When it ends without an error, fail if there were findings."""
    width, height = size
    # The emulators and the issuer have certificates of the stack's own authority.
    context = await browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        ignore_https_errors=True,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    try:
        watch = Watch(allowed_origins(stack.addresses.items()))
        await watch.start(context)
        await context.add_init_script(_RECORD_FIRST_VIEW)
        page = await context.new_page()
        yield Visit(stack, context, page, watch, Transfers(page))
        if unexpected := watch.unexpected():
            raise AssertionError("the page did what it must not:\n" + "\n".join(unexpected))
    finally:
        await context.close()
