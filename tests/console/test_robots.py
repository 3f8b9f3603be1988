"""Robots: the list, the registration, the page of a robot and its settings."""

import pytest
from playwright.async_api import Locator, Page, Route, expect

from exchange.domain.ids import new_id
from tests.console.conftest import Visitor
from tests.console.fetching import fetching_robot
from tests.console.material import enhancement, label, run_batch
from tests.console.screens import VIEWS, fact, find_in_storage, inspect, open_screen, rows
from tests.console.visits import Role
from tests.e2e.exchange import Exchange

ADDRESS = "http://127.0.0.1:9"


def secret(page: Page, title: str, name: str) -> Locator:
    """Return the value of a secret that is shown once."""
    shown = page.get_by_role("region", name=title)
    return shown.locator(".copyable").filter(has=page.get_by_role("button", name=f"Copy {name}")).locator("code")


async def register(page: Page, name: str, *, delivery: str | None = None, limit: str = "") -> Locator:
    """Fill the form and confirm it. Return the dialog."""
    await page.get_by_role("button", name="Register a robot").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_label("Address").fill(ADDRESS if delivery is None else "")
    await dialog.get_by_label("What it does").fill("Names the design of a study.")
    await dialog.get_by_label("Owner").fill("Evidence team")
    if delivery is not None:
        await dialog.get_by_label("How it gets its jobs").select_option(label=delivery)
    await dialog.get_by_label("References in one job").fill(limit)
    await dialog.get_by_label("abstract").check()
    await dialog.get_by_label("doi").check()
    await dialog.get_by_role("button", name="Register", exact=True).click()
    return dialog


async def test_a_robot_is_registered_and_its_settings_are_changed(visit: Visitor) -> None:
    name = f"Designs {new_id()}"
    visited = await open_screen(visit, "operator", "robots")
    page = visited.page
    await register(page, name)
    value = await secret(page, f"{name} is registered", "ROBOT_SECRET").text_content()
    assert value is not None
    assert len(value) == 64
    assert await find_in_storage(page, value) == []
    await page.get_by_role("button", name="I have copied it").click()
    await expect(page.get_by_text(value)).to_have_count(0)
    row = rows(page, "Robots").filter(has_text=name)
    await expect(row).to_contain_text("Evidence team")
    await row.get_by_role("link", name=name).click()

    await expect(fact(page, "Needs")).to_have_text("abstract, doi")
    await page.get_by_role("button", name="Change the settings").click()
    await page.get_by_role("dialog").get_by_label("Version").fill("3.0")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(fact(page, "Version")).to_have_text("3.0")

    await page.get_by_role("button", name="Disable").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("disabled")
    await page.get_by_role("button", name="Enable").click()
    await expect(page.get_by_role("heading", level=1)).not_to_contain_text("disabled")

    await page.get_by_role("button", name="Replace the secret").click()
    await page.get_by_role("dialog").get_by_role("button", name="Replace the secret").click()
    replaced = await secret(page, "The new secret", "ROBOT_SECRET").text_content()
    assert replaced is not None
    assert (len(replaced), replaced != value) == (64, True)
    assert await find_in_storage(page, replaced) == []
    await page.reload()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    await expect(page.get_by_text(replaced)).to_have_count(0)


async def test_a_robot_that_fetches_its_jobs_is_registered_and_watched(exchange: Exchange, visit: Visitor) -> None:
    name = f"Designs {new_id()}"
    visited = await open_screen(visit, "operator", "robots")
    page = visited.page
    await page.get_by_role("button", name="Register a robot").click()
    await page.get_by_role("dialog").get_by_label("How it gets its jobs").select_option(label="it fetches them")
    await expect(page.get_by_role("dialog")).to_contain_text("A robot that fetches its jobs needs none.")
    await page.get_by_role("dialog").get_by_label("References in one job").fill("2")
    await page.keyboard.press("Escape")
    # What was typed is forgotten with the dialog.
    await register(page, name, delivery="it fetches them", limit="3")
    await expect(secret(page, f"{name} is registered", "ROBOT_SECRET")).to_be_visible()
    await expect(rows(page, "Robots").filter(has_text=name)).to_contain_text("it fetches them")
    await page.get_by_role("link", name=name).click()
    await expect(fact(page, "Gets its jobs")).to_have_text("it fetches them")
    await expect(fact(page, "References in one job")).to_have_text("at most 3")
    await expect(fact(page, "Last seen")).to_have_text("never")
    await expect(fact(page, "Address")).to_have_count(0)
    await page.get_by_role("button", name="Change the settings").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("How it gets its jobs")).to_have_value("pull")
    await dialog.get_by_label("References in one job").fill("")
    await dialog.get_by_role("button", name="Save").click()
    await expect(fact(page, "References in one job")).to_have_count(0)
    await expect(fact(page, "Gets its jobs")).to_have_text("it fetches them")

    async with fetching_robot(exchange) as robot:
        await exchange.request_batch(robot.id, await exchange.load_references(5))
        await robot.fetch(2)
    await visited.open(f"/console/robots/{robot.id}")
    await expect(fact(page, "Waiting to be fetched")).to_have_text("3 references")
    await expect(fact(page, "Waiting")).to_have_text("1 not delivered")
    await expect(fact(page, "Last seen")).not_to_have_text("never")


@pytest.mark.exhaustive
async def test_the_secret_is_shown_if_the_settings_cannot_be_changed(visit: Visitor) -> None:
    name = f"Designs {new_id()}"
    visited = await open_screen(visit, "operator", "robots")
    page = visited.page

    async def refuse(route: Route) -> None:
        if route.request.method == "PATCH":
            await route.fulfill(status=409, json={"detail": "Another process changes the robot."})
        else:
            await route.fallback()

    await page.route("**/robots/**", refuse)
    await register(page, name, delivery="it fetches them")
    shown = page.get_by_role("region", name=f"{name} is registered")
    await expect(shown.get_by_role("alert")).to_contain_text("Another process changes the robot.")
    await expect(secret(page, f"{name} is registered", "ROBOT_SECRET")).to_be_visible()
    visited.watch.allow("answer 409")


@pytest.mark.exhaustive
async def test_the_registration_is_changed_and_keeps_what_is_not_in_the_form(visit: Visitor) -> None:
    name = f"Designs {new_id()}"
    visited = await open_screen(visit, "operator", "robots")
    page = visited.page
    await register(page, name)
    await page.get_by_role("button", name="I have copied it").click()
    await page.get_by_role("link", name=name).click()
    await page.get_by_role("button", name="Change the settings").click()
    await page.get_by_role("dialog").get_by_label("Version").fill("1.0")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(fact(page, "Version")).to_have_text("1.0")
    await page.get_by_role("button", name="Change the registration").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("abstract")).to_be_checked()
    await dialog.get_by_label("Owner").fill("Another team")
    await dialog.get_by_label("doi").uncheck()
    await dialog.get_by_label("annotation").check()
    await dialog.get_by_role("button", name="Save").click()
    await expect(fact(page, "Owner")).to_have_text("Another team")
    await expect(fact(page, "Needs")).to_have_text("abstract, annotation")
    await expect(fact(page, "Version")).to_have_text("1.0")


@pytest.mark.exhaustive
async def test_a_name_that_exists_gets_the_sentence_of_the_api(visit: Visitor) -> None:
    name = f"Designs {new_id()}"
    visited = await open_screen(visit, "operator", "robots")
    page = visited.page
    await register(page, name)
    await page.get_by_role("button", name="I have copied it").click()
    dialog = await register(page, name)
    await expect(dialog.get_by_role("alert")).to_have_text(f"A robot with the name '{name}' already exists.")
    # What was filled in is still there, so that only the name has to change.
    await expect(dialog.get_by_label("Owner")).to_have_value("Evidence team")
    await dialog.get_by_label("Name").fill(f"{name} II")
    await dialog.get_by_role("button", name="Register", exact=True).click()
    await expect(page.get_by_role("region", name=f"{name} II is registered")).to_be_visible()
    visited.watch.allow("answer 409")


@pytest.mark.exhaustive
async def test_the_secret_is_replaced_and_the_old_one_ends_at_once(exchange: Exchange, visit: Visitor) -> None:
    robot_id = await exchange.register_robot(ADDRESS)
    visited = await open_screen(visit, "operator", f"robots/{robot_id}")
    page = visited.page
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.get_by_role("button", name="Replace the secret").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("End the old secret at once").check()
    await dialog.get_by_text("The same on the command line").click()
    await expect(dialog.get_by_text("--revoke")).to_be_visible()
    await dialog.get_by_role("button", name="Replace the secret").click()
    await expect(secret(page, "The new secret", "ROBOT_SECRET")).to_be_visible()
    assert [url for url in sent if url.endswith(f"/robots/{robot_id}/secret/?revoke=true")]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("role", "says"), [("operator", "Register the first one."), ("requestor", "Operators register")]
)
async def test_an_empty_list_says_what_to_do_first(visit: Visitor, role: Role, says: str) -> None:
    visited = await visit()

    async def answer(route: Route) -> None:
        await route.fulfill(json=[])

    await visited.page.route("**/robots/", answer)
    await visited.sign_in(role, "/console/robots")
    await expect(visited.page.get_by_role("heading", name="No robot is registered")).to_be_visible()
    await expect(visited.page.get_by_text(says)).to_be_visible()
    await inspect(visited, f"robots-empty-{role}")


@pytest.mark.exhaustive
async def test_requestors_see_the_robot_and_their_batches_but_no_settings(exchange: Exchange, visit: Visitor) -> None:
    ids = await exchange.load_references(2)
    name = f"Designs {new_id()}"
    batch = await run_batch(exchange, ids, lambda item: enhancement(item, label("cohort")), name=name)
    visited = await open_screen(visit, "requestor", "robots")
    page = visited.page
    await expect(page.get_by_role("button", name="Register")).to_have_count(0)
    await page.get_by_role("link", name=name).click()
    await expect(fact(page, "Batches in 30 days")).to_have_text("1 completed")
    for action in ("Disable", "Change", "Replace"):
        await expect(page.get_by_role("button", name=action)).to_have_count(0)
    await page.get_by_role("link", name="Your batches to it").click()
    await expect(page.get_by_role("link", name=batch["id"][:8])).to_be_visible()
    await page.go_back()
    await page.get_by_role("link", name="Request a batch").click()
    await expect(page.get_by_label("Robot", exact=True)).to_have_value(batch["robot_id"])


@pytest.mark.exhaustive
async def test_the_plots_have_their_tables_and_agree_with_the_activity(exchange: Exchange, visit: Visitor) -> None:
    ids = await exchange.load_references(3)
    batch = await run_batch(
        exchange,
        ids,
        lambda item: {"reference_id": item, "message": "no"} if item == ids[0] else enhancement(item, label("cohort")),
    )
    visited = await open_screen(visit, "operator", f"robots/{batch['robot_id']}")
    page = visited.page
    await expect(fact(page, "References in 30 days")).to_have_text("2 enhanced, 1 not enhanced")
    await expect(fact(page, "Waiting")).to_have_text("0 not delivered")
    figures = page.locator("figure")
    await expect(figures).to_have_count(3)
    references = figures.filter(has_text="References per day")
    await references.locator("summary").click()
    last = references.locator("table tbody tr").last
    await expect(last.locator("td")).to_have_text(["2", "1", "0"])
    await expect(references.locator("table tbody tr")).to_have_count(30)
    columns = references.locator("table thead th")
    await expect(columns).to_have_text(["Day", "enhanced", "failed or missing", "cancelled"])


@pytest.mark.exhaustive
async def test_an_unknown_robot_gets_the_sentence_of_the_api(visit: Visitor) -> None:
    unknown = str(new_id())
    visited = await open_screen(visit, "requestor", f"robots/{unknown}")
    await expect(visited.page.get_by_role("alert").first).to_contain_text(unknown)
    visited.watch.allow("answer 404")


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", VIEWS)
async def test_the_screens_are_accessible(exchange: Exchange, visit: Visitor, view: str) -> None:
    ids = await exchange.load_references(3)
    name = f"Study designs ({view}) {new_id()}"
    batch = await run_batch(
        exchange,
        ids,
        lambda item: enhancement(item, label("cohort")),
        name=name,
        owner="Evidence synthesis team",
        description="Finds the design of a study in its title and abstract, and says how sure it is.",
    )
    visited = await open_screen(visit, "operator", "robots", view)
    page = visited.page
    await expect(page.get_by_role("link", name=name)).to_be_visible()
    await inspect(visited, f"robots-{view}")
    await page.get_by_role("button", name="Register a robot").click()
    await inspect(visited, f"robot-form-{view}")
    await page.keyboard.press("Escape")
    await visited.open(f"/console/robots/{batch['robot_id']}")
    await expect(page.locator("figure")).to_have_count(3)
    await inspect(visited, f"robot-{view}")
