"""Loading a references file, and what became of its lines."""

import json
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from exchange.domain.ids import new_id
from tests.console.conftest import Visitor
from tests.console.material import Json, doi, label, load, reference
from tests.console.screens import VIEWS, inspect, open_screen, rows
from tests.console.visits import Role
from tests.e2e.exchange import Exchange

LINES = "Lines of the file"
NO_REFERENCE = b'{"visibility": "public"}'


def lines(*entries: Json | bytes) -> bytes:
    """Return a references file. Bytes are lines that are written unchanged."""
    return b"".join((entry if isinstance(entry, bytes) else json.dumps(entry).encode()) + b"\n" for entry in entries)


async def choose(page: Page, content: bytes, name: str = "library.jsonl") -> None:
    file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    await page.get_by_label("File", exact=True).set_input_files(file)


async def drop(page: Page, content: bytes, name: str) -> None:
    make = """([name, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name));
      return transfer;
    }"""
    transfer = await page.evaluate_handle(make, [name, content.decode()])
    await page.locator(".drop").dispatch_event("drop", {"dataTransfer": transfer})


async def test_a_file_is_loaded_and_each_refused_line_has_its_reason(visit: Visitor, tmp_path: Path) -> None:
    visited = await visit("contributor")
    page = visited.page
    await page.get_by_role("link", name="Load references").click()
    await choose(page, lines(reference("First"), NO_REFERENCE, b"{not json", reference("Second")))
    await expect(page.get_by_role("status")).to_have_text("2 references loaded. 2 lines refused.")
    await expect(rows(page, LINES)).to_have_count(4)
    await page.get_by_label("Only refused lines").check()
    refused = rows(page, LINES)
    await expect(refused).to_have_count(2)
    await expect(refused.nth(0)).to_contain_text("identifier")
    await expect(refused.nth(0).locator(".number")).to_have_text("2")
    await expect(refused.nth(1)).to_contain_text("JSON")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Save the ids").click()
    saved = tmp_path / "ids.txt"
    await (await download.value).save_as(saved)
    ids = saved.read_text().splitlines()
    await page.get_by_label("Only refused lines").uncheck()
    await expect(rows(page, LINES).nth(3)).to_contain_text("new")
    # Contributors may not read references.
    await expect(rows(page, LINES).nth(3)).to_contain_text(ids[1][:8])
    await expect(rows(page, LINES).get_by_role("link")).to_have_count(0)


@pytest.mark.exhaustive
@pytest.mark.parametrize("role", ["contributor", "operator"])
async def test_a_file_can_be_dropped(visit: Visitor, role: Role) -> None:
    visited = await open_screen(visit, role, "load")
    await drop(visited.page, lines(reference("Dropped")), "dropped.jsonl")
    await expect(visited.page.get_by_role("heading", name="What became of dropped.jsonl")).to_be_visible()
    await expect(visited.page.get_by_role("status")).to_have_text("1 reference loaded. 0 lines refused.")
    chosen = await visited.page.get_by_label("File", exact=True).evaluate("(input) => input.files[0].name")
    assert chosen == "dropped.jsonl"
    await expect(rows(visited.page, LINES).get_by_role("link")).to_have_count(1 if role == "operator" else 0)


@pytest.mark.exhaustive
async def test_operators_follow_a_line_to_its_reference(visit: Visitor) -> None:
    visited = await open_screen(visit, "operator", "load")
    await choose(visited.page, lines(reference("Followed")))
    await rows(visited.page, LINES).get_by_role("link").click()
    await expect(visited.page.get_by_role("heading", name="Followed", level=1)).to_be_visible()


@pytest.mark.exhaustive
async def test_what_happens_to_known_references_can_be_chosen(exchange: Exchange, visit: Visitor) -> None:
    identifier = doi(str(new_id()))
    (known,) = await load(exchange, reference("Known", identifier))
    visited = await open_screen(visit, "contributor", "load")
    page = visited.page
    only = rows(page, LINES)
    for name, choice, expected in (
        ("a.jsonl", "leave it as it is", "known already: 0 identifiers and 0 enhancements added"),
        ("b.jsonl", "refuse the line", known),
        ("c.jsonl", "add what it does not have", "known already: 1 identifier and 1 enhancement added"),
    ):
        await page.get_by_label("If a reference is known already").select_option(choice)
        more = reference("Known", identifier, doi(str(new_id())), labels=[label(name)])
        await choose(page, lines({**more, "enhancements": more["enhancements"][1:]}), name)
        await expect(page.get_by_role("heading", name=f"What became of {name}")).to_be_visible()
        await expect(only).to_contain_text(expected)
    await expect(page.get_by_role("status")).to_have_text("1 reference loaded, 1 of them was known. 0 lines refused.")


@pytest.mark.exhaustive
async def test_a_large_file_is_loaded_in_parts_and_lines_keep_their_numbers(visit: Visitor) -> None:
    filler = "word " * 20_000
    entries: list[Json | bytes] = [reference(f"Large {number}", abstract=filler) for number in range(60)]
    entries[50] = NO_REFERENCE
    content = lines(*entries)
    assert len(content) > 2 * (2 << 20)
    visited = await open_screen(visit, "contributor", "load")
    page = visited.page
    parts = []
    page.on("request", lambda request: parts.append(request) if request.method == "POST" else None)
    await choose(page, content)
    await expect(page.get_by_role("status")).to_have_text("59 references loaded. 1 line refused.", timeout=60_000)
    assert len([part for part in parts if "/references/" in part.url]) == 3
    await page.get_by_label("Only refused lines").check()
    await expect(rows(page, LINES)).to_have_count(1)
    await expect(rows(page, LINES).locator(".number")).to_have_text("51")


@pytest.mark.exhaustive
async def test_a_file_of_many_lines_says_how_many_are_shown(visit: Visitor) -> None:
    visited = await open_screen(visit, "contributor", "load")
    await choose(visited.page, lines(*[NO_REFERENCE] * 600))
    await expect(visited.page.get_by_role("status")).to_contain_text("0 references loaded. 600 lines refused.")
    await expect(rows(visited.page, LINES)).to_have_count(500)
    await expect(visited.page.get_by_text("The first 500 are shown.")).to_be_visible()
    await expect(visited.page.get_by_role("button", name="Save the ids")).to_have_count(0)


FORMATS = {
    "RIS": (b"TY  - JOUR\nTI  - A title\nDO  - 10.1000/ris\nER  - \n", "Invalid JSON"),
    "one JSON list": (b'[{"identifiers": []}]', "Input should be an object"),
    "binary": (bytes(range(256)) * 40, "Invalid JSON"),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("format_", FORMATS)
async def test_a_file_of_another_format_is_refused_line_by_line(visit: Visitor, format_: str) -> None:
    visited = await open_screen(visit, "contributor", "load")
    content, reason = FORMATS[format_]
    await choose(visited.page, content, "library.ris")
    await expect(visited.page.get_by_role("status")).to_contain_text("0 references loaded.")
    await expect(visited.page.get_by_role("status")).to_contain_text("The command line loads other formats")
    await expect(rows(visited.page, LINES).first).to_contain_text(reason)
    await visited.assert_fits()


@pytest.mark.exhaustive
async def test_an_empty_file_is_named(visit: Visitor) -> None:
    visited = await open_screen(visit, "contributor", "load")
    await choose(visited.page, b"\n")
    await expect(visited.page.get_by_role("status")).to_have_text("The file has no lines.")


@pytest.mark.exhaustive
async def test_requestors_are_not_offered_to_load_and_get_the_sentence_of_the_api(visit: Visitor) -> None:
    visited = await open_screen(visit, "requestor", "load")
    page = visited.page
    await expect(page.get_by_role("link", name="Batches")).to_be_visible()
    await expect(page.get_by_role("link", name="Load references")).to_have_count(0)
    await choose(page, lines(reference("Not allowed")))
    await expect(page.get_by_role("alert")).to_contain_text("contributor")
    visited.watch.allow("answer 403")


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", VIEWS)
async def test_the_screen_is_accessible(visit: Visitor, view: str) -> None:
    visited = await open_screen(visit, "contributor", "load", view)
    await inspect(visited, f"load-empty-{view}")
    await choose(visited.page, lines(reference("First"), NO_REFERENCE, b"{not json", reference("Second")))
    await expect(visited.page.get_by_role("status")).to_have_text("2 references loaded. 2 lines refused.")
    await inspect(visited, f"load-{view}")
