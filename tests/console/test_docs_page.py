"""The documentation page in a browser, and the proof that the watch sees what a page must not do."""

import asyncio
import re
import time

import pytest
from playwright.async_api import Browser, Error, expect

from tests.console.accessibility import assert_accessible
from tests.console.conftest import Visitor
from tests.console.visits import PHONE, SCREENSHOTS, Scheme, visiting
from tests.e2e.exchange import Exchange
from tests.stacks import Stack
from tests.tiers import choose

HEADING = "Enhancement Exchange"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_documentation_page_is_drawn_without_findings(visit: Visitor, scheme: Scheme) -> None:
    visited = await visit(scheme=scheme)
    await visited.open("/docs")
    await expect(visited.page.get_by_role("heading", name=HEADING)).to_be_visible()
    await expect(visited.page.locator(".opblock").first).to_be_visible()
    (SCREENSHOTS / f"docs-{scheme}.png").unlink(missing_ok=True)
    await visited.screenshot(f"docs-{scheme}")
    assert (SCREENSHOTS / f"docs-{scheme}.png").stat().st_size > 10_000
    loaded = await visited.loaded()
    assert {path.rpartition("/")[2] for path, _ in loaded.requests} >= {"docs", "docs.js", "openapi.json"}
    assert loaded.transferred_bytes > 100_000


async def test_the_command_after_a_call_has_no_token(exchange: Exchange, visit: Visitor) -> None:
    token = exchange.as_role("requestor")["Authorization"].removeprefix("Bearer ")
    visited = await visit()
    page = visited.page
    await visited.open("/docs")
    await page.get_by_role("button", name="Authorize").first.click()
    scheme = page.locator(".auth-container").filter(has_text="(http, Bearer)")
    await scheme.locator("input").fill(token)
    await scheme.get_by_role("button", name="Apply credentials").click()
    await scheme.get_by_role("button", name="Close").click()
    call = page.locator(".opblock-get", has=page.locator('[data-path="/robots"]'))
    await call.locator(".opblock-summary-control").click()
    await call.get_by_role("button", name="Try it out").click()
    await call.get_by_role("button", name="Execute").click()
    await expect(call.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")
    command = await call.locator(".curl-command").inner_text()
    assert "--header '@-'" in command
    assert token not in command


# What the watch finds, and what causes it.
MISTAKES = {
    "policy violation: script-src-elem blocked inline": """
        document.body.append(Object.assign(document.createElement("script"), { textContent: "1" }))""",
    "policy violation: style-src-attr blocked inline": "document.body.setAttribute('style', 'color: red')",
    "policy violation: connect-src blocked https://example.org/": "fetch('https://example.org/').catch(() => 0)",
    "console log: spoken": "console.log('spoken')",
    "uncaught error: thrown": "setTimeout(() => { throw new Error('thrown'); })",
    "answer 404: GET": "fetch('/not-there')",
}


@pytest.mark.parametrize("finding", choose(list(MISTAKES), one_in=3))
async def test_a_mistake_is_found(browser: Browser, stack: Stack, finding: str) -> None:
    visit = visiting(browser, stack)
    visited = await visit.__aenter__()
    await visited.open("/docs")
    await visited.page.evaluate(f"() => {{ {MISTAKES[finding]}; }}")
    deadline = time.monotonic() + 10
    while not any(found.startswith(finding) for found in visited.watch.findings):
        assert time.monotonic() < deadline, visited.watch.findings
        await asyncio.sleep(0.02)
    with pytest.raises(AssertionError, match=re.escape(finding)):
        await visit.__aexit__(None, None, None)


async def test_a_request_to_another_origin_is_found(browser: Browser, stack: Stack) -> None:
    visit = visiting(browser, stack)
    visited = await visit.__aenter__()
    with pytest.raises(Error, match="ERR_"):
        await visited.page.goto("http://localhost:1/")
    with pytest.raises(AssertionError, match="request to another origin: GET http://localhost:1/"):
        await visit.__aexit__(None, None, None)


async def test_an_allowed_finding_may_happen(visit: Visitor) -> None:
    visited = await visit()
    visited.watch.allow("answer 404")
    await visited.open("/docs")
    assert await visited.page.evaluate("async () => (await fetch('/not-there')).status") == 404


async def test_an_allowed_finding_must_happen(browser: Browser, stack: Stack) -> None:
    visit = visiting(browser, stack)
    visited = await visit.__aenter__()
    visited.watch.allow("answer 503")
    await visited.open("/docs")
    with pytest.raises(AssertionError, match="allowed, but did not happen: answer 503"):
        await visit.__aexit__(None, None, None)


async def test_the_first_view_is_timed_from_the_marker(visit: Visitor) -> None:
    visited = await visit()
    await visited.open("/docs")
    await visited.page.evaluate(
        "() => { setTimeout(() => { document.documentElement.dataset.ready = 'true'; }, 300); }"
    )
    assert 300 <= await visited.time_to_first_view() < 60_000


async def test_axe_finds_a_picture_without_a_text_and_nothing_in_a_sound_page(visit: Visitor) -> None:
    visited = await visit()
    sound = "<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1></main></html>"
    await visited.page.set_content(sound)
    await assert_accessible(visited.page)
    await visited.page.set_content(sound.replace("</h1>", "</h1><img src='data:,'>"))
    with pytest.raises(AssertionError, match=r"^the page is not accessible:\nimage-alt: .*\['img'\]"):
        await assert_accessible(visited.page)


async def test_a_page_that_is_too_wide_does_not_fit_a_phone(visit: Visitor) -> None:
    visited = await visit(size=PHONE)
    await visited.page.set_content("<p>short</p>")
    await visited.assert_fits()
    await visited.page.set_content("<div style='width: 400px'>wide</div>")
    with pytest.raises(AssertionError, match="px wide in a window of 375 px"):
        await visited.assert_fits()
