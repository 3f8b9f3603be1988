"""Signing in and out, and what the console does when the exchange or the issuer does not answer as usual."""

import asyncio
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.console.batches import enhance_all, load_title, new_source, request, run
from tests.console.conftest import Visitor
from tests.console.screens import VIEWS, inspect
from tests.console.visits import PHONE
from tests.e2e.exchange import BATCHES, Exchange, wait_for
from tests.e2e.robot import accept_job, running_robot

LIST = "/console/batches"
API_CALLS = re.compile(BATCHES)
TOKENS = "exchange.tokens"


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Your sign-in has expired")


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, level=1)


async def change_tokens(page: Page, **changes: object) -> None:
    """Change the stored tokens, as time or the issuer would."""
    await page.evaluate(
        """([key, changes]) => sessionStorage.setItem(
            key, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(key)), ...changes }))""",
        [TOKENS, changes],
    )


async def read_access_token(page: Page) -> str:
    token: str = await page.evaluate("(key) => JSON.parse(sessionStorage.getItem(key)).accessToken", TOKENS)
    return token


async def test_sign_in_and_out(visit: Visitor) -> None:
    visited = await visit()
    page = visited.page
    addresses: list[str] = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    page.on("request", lambda sent: addresses.append(sent.url))
    await visited.sign_in("requestor")
    await expect(heading(page, "Batches")).to_be_focused()
    await expect(page.get_by_text("Local requestor")).to_be_visible()
    token = await read_access_token(page)
    await page.reload()
    await expect(heading(page, "Batches")).to_be_visible()
    assert not any(token in address for address in addresses)
    assert urlsplit(page.url).query == ""
    assert await page.evaluate("() => localStorage.length") == 0
    assert await visited.context.cookies() == []
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert await page.evaluate("() => sessionStorage.length") == 0
    await visited.open(LIST)
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


SCREENS = ["Batches", "New batch", "References", "Load references", "Robots", "Compare", "Webhooks", "Operations"]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("role", "screens"),
    [
        ("contributor", ["Load references"]),
        ("requestor", [name for name in SCREENS if name not in {"Load references", "Operations"}]),
        ("operator", SCREENS),
    ],
)
async def test_users_see_the_screens_of_their_role(visit: Visitor, role: str, screens: list[str]) -> None:
    visited = await visit(role)  # type: ignore[arg-type]
    links = visited.page.get_by_role("navigation", name="Screens").get_by_role("link")
    await expect(links).to_have_text(screens)
    await expect(heading(visited.page, screens[0])).to_be_visible()


@pytest.mark.exhaustive
async def test_a_token_that_expires_soon_is_replaced_unnoticed(visit: Visitor) -> None:
    visited = await visit("requestor")
    page = visited.page
    await change_tokens(page, refreshAt=0)
    async with page.expect_response(lambda answer: answer.status == 200 and BATCHES in answer.url):
        await page.reload()
    await expect(heading(page, "Batches")).to_be_visible()
    assert await page.evaluate("(key) => JSON.parse(sessionStorage.getItem(key)).refreshAt > Date.now()", TOKENS)
    await expect(dialog(page)).to_be_hidden()


@pytest.mark.exhaustive
async def test_a_token_that_the_exchange_refuses_is_replaced_unnoticed(visit: Visitor) -> None:
    visited = await visit("requestor")
    page = visited.page
    visited.watch.allow("answer 401")
    token = await read_access_token(page)
    refused: list[str] = []
    # The issuer signs the same token again within the same second.
    await asyncio.sleep(1.1)

    async def refuse_old_token(route: Route) -> None:
        if token in (await route.request.header_value("Authorization") or ""):
            refused.append(route.request.url)
            await route.fulfill(status=401, json={"title": "Unauthorized", "status": 401, "detail": "Expired."})
        else:
            await route.continue_()

    await page.route(API_CALLS, refuse_old_token)
    await page.get_by_role("link", name="Robots").click()
    async with page.expect_response(lambda answer: answer.status == 200 and BATCHES in answer.url):
        await page.get_by_role("link", name="Batches").click()
    await expect(heading(page, "Batches")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(dialog(page)).to_be_hidden()
    assert refused
    assert await read_access_token(page) != token


@pytest.mark.exhaustive
async def test_signing_in_again_returns_to_the_same_page(visit: Visitor) -> None:
    visited = await visit("requestor")
    page = visited.page
    # The issuer refuses this refresh token.
    visited.watch.allow("answer 400")
    await change_tokens(page, refreshToken="not one of the issuer", refreshAt=0)
    await visited.open(f"{LIST}?status=failed&source=a%20review")
    await expect(dialog(page)).to_be_visible()
    assert await page.evaluate("(key) => sessionStorage.getItem(key)", TOKENS) is None
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_be_hidden()
    await page.reload()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="requestor").click()
    await expect(page.get_by_label("Source")).to_have_value("a review")
    await change_tokens(page, refreshToken="not one of the issuer", refreshAt=0)
    await page.reload()
    await dialog(page).get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="requestor").click()
    await expect(page.get_by_label("Source")).to_have_value("a review")
    await expect(page.get_by_label("failed", exact=True)).to_be_checked()
    assert page.url.endswith(f"{LIST}?status=failed&source=a%20review")


@pytest.mark.exhaustive
async def test_a_sign_in_that_another_page_has_started_is_ignored(visit: Visitor) -> None:
    visited = await visit()
    await visited.open("/console/?code=stolen&state=unknown")
    await expect(visited.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "stolen" not in visited.page.url


UNAVAILABLE = {"title": "Service Unavailable", "status": 503, "detail": "The database is busy. Try again later."}


@pytest.mark.exhaustive
async def test_the_exchange_is_unavailable_for_a_moment(visit: Visitor) -> None:
    visited = await visit("operator")
    page = visited.page
    visited.watch.allow("answer 503")
    answers = [503, 503]

    async def refuse_twice(route: Route) -> None:
        if answers:
            await route.fulfill(status=answers.pop(), json=UNAVAILABLE)
        else:
            await route.continue_()

    await page.route(API_CALLS, refuse_twice)
    async with page.expect_response(lambda answer: answer.status == 200 and BATCHES in answer.url):
        await visited.open(LIST)
    await expect(page.get_by_role("alert")).to_have_count(0)

    async def find_answered() -> bool | None:
        return not answers or None

    # The calls of a page run side by side, so the list may be shown before another call is refused.
    await wait_for(find_answered, "both refusals")


@pytest.mark.exhaustive
async def test_the_exchange_is_unavailable_for_long(visit: Visitor) -> None:
    visited = await visit("operator")
    page = visited.page
    visited.watch.allow("answer 503")
    await page.route(API_CALLS, lambda route: route.fulfill(status=503, json=UNAVAILABLE))
    await visited.open(LIST)
    await expect(page.get_by_role("alert")).to_contain_text(UNAVAILABLE["detail"])  # type: ignore[arg-type]
    await page.unroute_all(behavior="ignoreErrors")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.exhaustive
async def test_the_connection_is_lost_and_comes_back(exchange: Exchange, visit: Visitor) -> None:
    source = new_source("offline")
    batch = await run(exchange, enhance_all, await exchange.load_references(1), source=source)
    visited = await visit()
    await visited.sign_in("requestor", f"{LIST}?source={source}")
    page = visited.page
    visited.watch.allow("ERR_INTERNET_DISCONNECTED")
    await visited.context.set_offline(True)
    await expect(page.get_by_role("alert")).to_contain_text("The exchange cannot be reached.")
    # What was loaded stays.
    await expect(page.get_by_role("link", name=f"Batch {batch['id'][:8]}")).to_be_visible()
    await visited.context.set_offline(False)
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.exhaustive
async def test_two_tabs_show_the_same_batch(exchange: Exchange, visit: Visitor) -> None:
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        batch = await request(exchange, robot_id, await exchange.load_references(1))
        visited = await visit()
        other = replace(visited, page=await visited.context.new_page())
        for tab in (visited, other):
            # Each tab signs in, because the tokens are in the session of the tab.
            await tab.sign_in("requestor", f"{LIST}/{batch['id']}")
        await visited.page.get_by_role("button", name="Cancel ...").click()
        await visited.page.get_by_role("dialog").get_by_role("button", name="Cancel the batch").click()
        for tab in (visited, other):
            await expect(tab.page.get_by_role("heading", level=1)).to_contain_text("failed")
        await visited.page.get_by_role("button", name="Sign out").click()
        await expect(visited.page.get_by_role("button", name="Sign in")).to_be_visible()
        await other.page.get_by_role("link", name="Batches", exact=True).click()
        await expect(heading(other.page, "Batches")).to_be_visible()


HOSTILE = [
    "<script>window.attacked = 1</script>",
    "<img src=x onerror='window.attacked = 1'>",
    "\u202eright to left\u202c \u2067isolated",
    "${window.attacked = 1} {{attacked}} &lt;b&gt;",
    "x" * 10_000,
]


@pytest.mark.parametrize("view", VIEWS)
async def test_the_local_sign_in_page_looks_like_the_console(visit: Visitor, view: str) -> None:
    read_colours = """(selector) => {
      const styles = [document.body, document.querySelector(selector)].map((element) => getComputedStyle(element));
      return styles.map(({ backgroundColor, color, fontFamily }) => [backgroundColor, color, fontFamily]);
    }"""
    visited = await visit(**VIEWS[view])
    page = visited.page
    await visited.open()
    sign_in = page.get_by_role("button", name="Sign in")
    await expect(sign_in).to_be_visible()
    body, _ = await page.evaluate(read_colours, "main")
    await page.evaluate("document.querySelector('main').className = 'panel'")
    _, panel = await page.evaluate(read_colours, "main")
    await sign_in.click()
    await expect(page.get_by_role("link", name="requestor")).to_be_visible()
    assert await page.evaluate(read_colours, "main") == [body, panel]
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link").first).to_be_focused()
    await inspect(visited, f"sign-in-{view}")


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
async def test_hostile_titles_are_text(exchange: Exchange, visit: Visitor, size: tuple[int, int]) -> None:
    references = [await load_title(exchange, title) for title in HOSTILE]
    source = new_source("<script>window.attacked = 1</script>")
    metadata = {"<b>name</b>": "<img src=x onerror='window.attacked = 1'>" + "y" * 400}
    batch = await run(exchange, enhance_all, references, source=source, metadata=metadata)
    visited = await visit(size=size)
    page = visited.page
    await visited.sign_in("requestor", f"{LIST}/{batch['id']}")
    entries = page.get_by_role("region", name="Entries of the report")
    for title in HOSTILE:
        await expect(entries.get_by_role("link", name=title)).to_be_visible()
    await visited.assert_fits()
    await visited.screenshot(f"hostile-{size[0]}")
    await visited.open(LIST)
    await expect(page.get_by_text(source)).to_be_visible()
    await visited.assert_fits()
    await visited.open(f"/console/references/{references[-1]}")
    await expect(heading(page, HOSTILE[-1])).to_be_visible()
    await visited.assert_fits()
    assert await page.evaluate("() => window.attacked") is None


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(80):
        if await target.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the key Tab does not reach {target}")


@pytest.mark.exhaustive
async def test_a_batch_is_found_and_cancelled_without_a_mouse(exchange: Exchange, visit: Visitor) -> None:
    source = new_source("keyboard")
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        batch = await request(exchange, robot_id, await exchange.load_references(1), source=source)
        visited = await visit("requestor")
        page = visited.page
        await tab_to(page, page.get_by_text("More filters"))
        await page.keyboard.press("Enter")
        await tab_to(page, page.get_by_label("Source"))
        await page.keyboard.type(source)
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await tab_to(page, page.get_by_role("link", name=f"Batch {batch['id'][:8]}"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_be_focused()
        cancel = page.get_by_role("button", name="Cancel ...")
        await tab_to(page, cancel)
        await page.keyboard.press("Enter")
        await tab_to(page, page.get_by_label("Reason (optional)"))
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(cancel).to_be_focused()
        await page.keyboard.press("Enter")
        await tab_to(page, page.get_by_label("Reason (optional)"))
        await page.keyboard.type("without a mouse")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("failed")
        await expect(page.get_by_role("main")).to_contain_text("without a mouse")
