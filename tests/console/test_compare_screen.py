"""Comparing the labels of a batch on the screen. `test_compare.py` tests the computation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, Request, expect

from exchange.cli.originals import compute_digest
from exchange.compare.catalogue import Catalogue, LabelledReference
from exchange.compare.comparison import Comparison, compare
from exchange.compare.definitions import DEFINITIONS
from exchange.compare.labels import Labelling, find_pair
from exchange.compare.wording import format_interval, format_value, name_labels
from exchange.domain.ids import new_id
from exchange.formats import Fault, Format, read_references
from tests.console.conftest import Visitor
from tests.console.material import Json, doi, enhancement, label, load, reference, run_batch
from tests.console.screens import VIEWS, inspect, open_screen, rows
from tests.e2e.exchange import BATCHES, Batch, Exchange

STATISTICS = "Statistics of each label"
COLUMNS = ("agreement", "kappa", "precision", "recall", "f1", "prevalence_a", "prevalence_b")
INCLUDED = "screening"
TRIAL = "screening:included=design:randomised trial"
PEOPLE = (1, 1, 1, 0, 0, 0, 1, 0)
ROBOT = (1, 0, 1, 0, 1, 0, 1, 0)


@dataclass(frozen=True)
class Library:
    """References that people have screened, and their file."""

    ids: Sequence[str]
    dois: Sequence[str]
    csv: bytes

    def judge(self, name: str, scheme: str, flip: int = 0) -> Json:
        """Return the enhancement of a robot for each reference id. `flip` changes as many judgements."""
        judged = enumerate(zip(self.ids, ROBOT, strict=True))
        return {
            item: enhancement(
                item, label(name, value=bool(value) != (number < flip), score=0.1 * number, scheme=scheme)
            )
            for number, (item, value) in judged
        }


async def make_library(exchange: Exchange) -> Library:
    dois = [doi(f"compare.{new_id()}") for _ in PEOPLE]
    ids = await load(exchange, *(reference(f"Study {number}", item) for number, item in enumerate(dois)))
    table = [f"Study {number},{item['identifier']},{PEOPLE[number]}" for number, item in enumerate(dois)]
    return Library(ids, [item["identifier"] for item in dois], "\n".join(["title,doi,included", *table, ""]).encode())


async def read_batch(exchange: Exchange, batch: Batch) -> Labelling:
    """Read the labels of a batch in Python."""
    labelling = Labelling(f"batch {batch['id'][:8]}")
    ended = await exchange.read(batch)
    async with exchange.session.get(ended["enhancements_url"]) as response:
        labelling.read_enhancements((await response.read()).splitlines())
    return labelling


def read_csv(library: Library, folder: Path, catalogue: Catalogue) -> Labelling:
    """Read the labels of the file in Python."""
    file = folder / "labels.csv"
    file.write_bytes(library.csv)
    labelling = Labelling(file.name)
    readings = [item for item in read_references(file, Format.CSV, source="labels") if not isinstance(item, Fault)]
    for item, reading in zip(library.ids, readings, strict=True):
        fields = {**reading.reference.model_dump(), "id": item}
        labelling.add_reference(LabelledReference.model_validate(fields), catalogue)
    return labelling


def write_row(comparison: Comparison, number: int) -> list[str]:
    """Return the cells of a label in the table of the screen."""
    compared = comparison.labels[number]
    estimates = [compared.estimates[name] for name in COLUMNS]
    values = [f"{format_value(item.value)} {format_interval(item)}".strip() for item in estimates]
    return [name_labels(comparison)[number], str(compared.table.total), *values]


async def read_row(page: Page, number: int) -> list[str]:
    cells = await rows(page, STATISTICS).nth(number).locator("th, td").all_inner_texts()
    return [" ".join(cell.split()) for cell in cells]


async def choose_file(page: Page, content: bytes, name: str = "labels.csv") -> None:
    file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": content}
    await page.get_by_label("File with labels").set_input_files(file)


async def press_compare(page: Page) -> None:
    await page.get_by_role("button", name="Compare", exact=True).click()


async def test_a_batch_is_compared_with_the_labels_of_people(
    exchange: Exchange, visit: Visitor, tmp_path: Path
) -> None:
    library = await make_library(exchange)
    batch = await run_batch(exchange, list(library.ids), library.judge("included", INCLUDED).__getitem__)
    visited = await visit("requestor")
    page = visited.page
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - Playwright sets attributes on it
    await page.get_by_role("link", name="Compare", exact=True).click()
    await choose_file(page, library.csv)
    await page.get_by_label("Batch B").select_option(batch["id"])
    await press_compare(page)
    await expect(page.get_by_role("heading", name=f"batch {batch['id'][:8]} against labels.csv")).to_be_visible()

    catalogue = Catalogue()
    expected = compare(
        read_csv(library, tmp_path, catalogue), await read_batch(exchange, batch), catalogue, datetime.now(UTC)
    )
    assert expected.labels[0].table.total == len(PEOPLE)
    assert await read_row(page, 0) == write_row(expected, 0)
    table = rows(page, "Confusion table of included").locator("td")
    await expect(table).to_have_text(["3", "1", "1", "3"])
    await page.get_by_text("2 disagreements").click()
    disagreements = rows(page, "Disagreements on included")
    await expect(disagreements).to_have_count(2)
    await expect(disagreements.filter(has_text="Study 1")).to_contain_text("yes")
    await page.get_by_text("What the statistics mean").press("Enter")
    await expect(page.get_by_text(DEFINITIONS["kappa"].text)).to_be_visible()
    # The labels are read from the storage by their signed URL, and only once.
    assert len([item for item in requests if item.url.startswith(exchange.stack.addresses["blob"])]) == 1


def make_ris(library: Library, number: int, *keywords: str, has_doi: bool = True) -> str:
    lines = ["TY  - JOUR", f"TI  - Study {number}", *(f"KW  - {keyword}" for keyword in keywords)]
    return "\n".join([*lines, *([f"DO  - {library.dois[number]}"] if has_doi else []), "ER  - ", ""])


async def test_keywords_of_ris_are_labels(exchange: Exchange, visit: Visitor, tmp_path: Path) -> None:
    """References are found by their DOIs, and others by what loading them printed. What is not found is named."""
    library = await make_library(exchange)
    batch = await run_batch(exchange, list(library.ids), library.judge("included", INCLUDED).__getitem__)
    keywords = [f"{INCLUDED}:included" + ("" if value else " = no") for value in PEOPLE]
    records = [make_ris(library, number, word, "Adult", has_doi=number > 1) for number, word in enumerate(keywords)]
    unknown = "TY  - JOUR\nTI  - Not loaded\nKW  - screening:included\nER  - \n"
    ris = tmp_path / "labels.ris"
    ris.write_text("".join([*records, unknown]))
    read = [item for item in read_references(ris) if not isinstance(item, Fault)]
    loaded = [
        {"digest": compute_digest(item.record), "id": library.ids[number]} for number, item in enumerate(read[:1])
    ]
    visited = await open_screen(visit, "requestor", f"compare?b={batch['id']}")
    page = visited.page
    await choose_file(page, ris.read_bytes(), "labels.ris")
    await press_compare(page)
    left_out = page.get_by_role("status").filter(has_text="cannot be found in the exchange")
    await expect(left_out).to_contain_text("3 labelled references of the file cannot be found in the exchange")
    await expect(left_out.get_by_role("listitem")).to_have_text(["Study 0", "Study 1", "Not loaded"])
    table = rows(page, "Confusion table of included").locator("td")
    await expect(table).to_have_text(["2", "0", "1", "3"])
    content: FilePayload = {
        "name": "loaded.jsonl",
        "mimeType": "",
        "buffer": "\n".join(map(json.dumps, loaded)).encode(),
    }
    await page.get_by_label("What loading the file printed").set_input_files(content)
    await expect(page.get_by_text("--labels labels.ris --from loaded.jsonl")).to_have_count(1)
    await press_compare(page)
    await expect(left_out.get_by_role("listitem")).to_have_text(["Study 1", "Not loaded"])
    await expect(table).to_have_text(["3", "0", "1", "3"])


@pytest.mark.exhaustive
async def test_a_batch_is_compared_with_another_and_with_other_names(exchange: Exchange, visit: Visitor) -> None:
    library = await make_library(exchange)
    ids = list(library.ids)
    people = await run_batch(exchange, ids, library.judge("included", INCLUDED, flip=3).__getitem__)
    robot = await run_batch(exchange, ids, library.judge("randomised trial", "design").__getitem__)
    visited = await open_screen(visit, "requestor", "compare")
    page = visited.page
    await page.get_by_label("Baseline (A)").select_option("another batch")
    await page.get_by_label("Batch A").select_option(people["id"])
    await page.get_by_label("Batch B").select_option(robot["id"])
    await press_compare(page)
    await expect(page.get_by_role("alert")).to_contain_text("have no scheme in common")
    await page.get_by_text("Labels with different names").click()
    await page.get_by_label("Label of A = label of B").fill(TRIAL)
    await press_compare(page)
    await expect(rows(page, STATISTICS)).to_have_count(1)
    a, b = await read_batch(exchange, people), await read_batch(exchange, robot)
    expected = compare(a, b, Catalogue(), datetime.now(UTC), mapping=[find_pair(TRIAL, a, b)])
    assert await read_row(page, 0) == write_row(expected, 0)
    # The address has the choice.
    await page.reload()
    await expect(page.get_by_label("Batch A")).to_have_value(people["id"])
    await expect(page.get_by_label("Label of A = label of B")).to_have_value(TRIAL)
    await press_compare(page)
    await expect(rows(page, STATISTICS)).to_have_count(1)
    await page.get_by_label("Label of A = label of B").fill("screening:included")
    await press_compare(page)
    await expect(page.get_by_role("alert")).to_contain_text("must be scheme:label=scheme:label")
    await expect(rows(page, STATISTICS)).to_have_count(0)


@pytest.mark.exhaustive
async def test_the_threshold_decides_on_scores(exchange: Exchange, visit: Visitor) -> None:
    library = await make_library(exchange)
    scores = {
        item: enhancement(
            item, {"annotation_type": "score", "scheme": INCLUDED, "label": "included", "score": number / 10}
        )
        for number, item in enumerate(library.ids)
    }
    batch = await run_batch(exchange, list(library.ids), scores.__getitem__)
    visited = await open_screen(visit, "requestor", f"compare?b={batch['id']}")
    page = visited.page
    await choose_file(page, library.csv)
    for threshold, cells in (("0.5", ["1", "3", "2", "2"]), ("0.15", ["2", "2", "4", "0"])):
        await page.get_by_label("Threshold").fill(threshold)
        await press_compare(page)
        await expect(rows(page, "Confusion table of included").locator("td")).to_have_text(cells)
    await page.get_by_label("Threshold").fill("")
    await press_compare(page)
    assert await page.get_by_label("Threshold").evaluate("(input) => input.validity.valueMissing")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("labels.csv", b"title,doi,included\nOther,10.1000/not-there,1\n", "have no reference in common"),
        ("labels.csv", b"title,doi\nOther,10.1000/not-there\n", "labels.csv (schemes: none) and batch"),
        ("labels.csv", b"study,answer\n1,2\n", "No column for the title, the abstract or an identifier was found"),
        ("labels.bib", b"@article{a}", "The file must be RIS, CSV, TSV or JSON lines"),
        ("labels.ris", b"", "The file is empty."),
    ],
)
async def test_a_file_that_cannot_be_compared_is_explained(
    exchange: Exchange, visit: Visitor, name: str, content: bytes, expected: str
) -> None:
    ids = await exchange.load_references(1)
    batch = await run_batch(exchange, ids, lambda item: enhancement(item, label("included", scheme=INCLUDED)))
    visited = await open_screen(visit, "requestor", f"compare?b={batch['id']}")
    await choose_file(visited.page, content, name)
    await press_compare(visited.page)
    await expect(visited.page.get_by_role("alert")).to_contain_text(expected)
    await expect(rows(visited.page, STATISTICS)).to_have_count(0)


@pytest.mark.exhaustive
async def test_a_batch_without_enhancements_is_explained(exchange: Exchange, visit: Visitor) -> None:
    ids = await exchange.load_references(1)
    batch = await run_batch(exchange, ids, lambda item: {"reference_id": item, "message": "no"})
    visited = await open_screen(visit, "requestor", f"compare?b={batch['id']}")
    await choose_file(visited.page, b"doi,included\n10.1000/a,1\n")
    await press_compare(visited.page)
    await expect(visited.page.get_by_role("alert")).to_contain_text(f"Batch {batch['id']} has no enhancements")


@pytest.mark.exhaustive
async def test_an_unknown_batch_gets_the_sentence_of_the_api(visit: Visitor) -> None:
    unknown = new_id()
    visited = await open_screen(visit, "requestor", f"compare?baseline=batch&a={unknown}&b={unknown}")
    await press_compare(visited.page)
    await expect(visited.page.get_by_role("alert")).to_have_text("The batch request does not exist.")
    visited.watch.allow(f"answer 404: GET {visited.stack.api}{BATCHES}{unknown}")


@pytest.mark.exhaustive
async def test_a_dropped_file_is_named(visit: Visitor) -> None:
    visited = await open_screen(visit, "requestor", "compare")
    transfer = await visited.page.evaluate_handle("""() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["doi,included"], "dropped.csv"));
      return transfer;
    }""")
    await visited.page.locator(".drop").dispatch_event("drop", {"dataTransfer": transfer})
    name = await visited.page.get_by_label("File with labels").evaluate("(input) => input.files[0].name")
    assert name == "dropped.csv"
    await expect(visited.page.get_by_text("--labels dropped.csv")).to_have_count(1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", VIEWS)
async def test_the_screen_is_accessible(exchange: Exchange, visit: Visitor, view: str) -> None:
    library = await make_library(exchange)
    batch = await run_batch(exchange, list(library.ids), library.judge("included", INCLUDED).__getitem__)
    visited = await open_screen(visit, "requestor", f"compare?b={batch['id']}", view)
    await choose_file(visited.page, library.csv)
    await press_compare(visited.page)
    await expect(rows(visited.page, STATISTICS)).to_have_count(1)
    await visited.page.get_by_text("2 disagreements").click()
    await expect(visited.page.get_by_role("link", name="Study 1")).to_be_visible()
    await inspect(visited, f"compare-{view}")
