"""`exchange batches export` and `compare`, and batch requests named by the beginning of their ids."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exchange.cli.added import Added
from exchange.cli.exits import Exit
from exchange.cli.labels import LabelNames
from exchange.cli.originals import compute_digest
from exchange.compare.labels import Label, Labelling
from exchange.formats.tags import Tag
from tests.unit.cli.conftest import Run
from tests.unit.cli.server import BATCHES, FakeExchange, make_id, running_exchange
from tests.unit.compare.sides import boolean, make_enhancement, scored
from tests.unit.formats.files import read_records

BATCH, OTHER = make_id(0x353BA17F << 96), make_id(0x353BA170 << 96)
SCHEME = "design:2019"
DESIGN: dict[str, Any] = {"scheme": SCHEME}


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch, command: Run) -> Iterator[FakeExchange]:
    """An exchange to which the command is signed in."""
    monkeypatch.setenv("EXCHANGE_TOKEN", "a token")
    with running_exchange() as running:
        assert command("login", running.url)[0] == Exit.DONE
        running.paths.clear()
        yield running


def make_added(number: int, *annotations: dict[str, Any], source: str = "robot") -> dict[str, Any]:
    return {**make_enhancement(list(annotations), source), "reference_id": make_id(number), "id": make_id(number)}


def write_library(folder: Path, count: int) -> None:
    """Write a file with these references, and what loading it printed."""
    library = folder / "library.ris"
    library.write_text("".join(f"TY  - JOUR\nTI  - Title {n}\nKW  - a: b\nER  - \n" for n in range(1, count + 1)))
    ids = ({"digest": compute_digest(record), "id": make_id(n)} for n, record in enumerate(read_records(library), 1))
    (folder / "loaded.jsonl").write_text("".join(json.dumps(line) + "\n" for line in ids))


ORIGINAL = ("--original", "library.ris", "--from", "loaded.jsonl")
TAGS = [
    make_added(1, boolean("rct", score=0.93, **DESIGN), boolean("cohort, old", value=False, **DESIGN)),
    make_added(2, scored("rct", 0.8765, **DESIGN), source="robot; no 2"),
    make_added(3, scored("rct", 0.1, **DESIGN)),
]


@pytest.mark.parametrize("suffix", ["ris", "bib", "csv", "tsv", "xlsx", "jsonl"])
def test_an_export_is_a_file_with_labels(exchange: FakeExchange, command: Run, folder: Path, suffix: str) -> None:
    write_library(folder, 4)
    exchange.add_batch(BATCH, *TAGS)
    tagged = f"tagged.{suffix}"
    assert command("batches", "export", BATCH, tagged, *ORIGINAL)[0] == Exit.DONE
    records = read_records(folder / tagged)
    digests = (json.dumps({"digest": compute_digest(record), "id": make_id(n)}) for n, record in enumerate(records, 1))
    (folder / "reread.jsonl").write_text("\n".join(digests))
    csv = folder / "comparison.csv"
    code, out, err = command("batches", "compare", BATCH, "--labels", tagged, "--from", "reread.jsonl", "--csv", csv)
    assert (code, err) == (Exit.DONE, "")
    assert "a: b" not in out
    rows = [line.split(",") for line in csv.read_text().splitlines() if line.startswith(f"label,{SCHEME},rct,")]
    figures = {row[5]: row[6] for row in rows}
    assert [figures[name] for name in ("only_a_judged", "only_b_judged")] == ["0", "0"]
    assert [figures[f"{name}s"] for name in ("true_positive", "false_positive", "false_negative", "true_negative")] == [
        "2", "0", "0", "1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "robot", "label"),
    [
        ("design:2019:new", "", Label(SCHEME, "new")),
        ("design:2019:cohort old", "", Label(SCHEME, "cohort, old")),
        ("topic:a", "", Label("topic", "a")),
        ("mapped:x, y:z", "", Label("mapped:x, y", "z")),
        ("other:x", "", None),
        ("design", "", None),
        ("other:x", "robot 1", Label("other", "x")),
    ],
)
def test_a_keyword_is_a_label_if_its_scheme_is_known(name: str, robot: str, label: Label | None) -> None:
    judged = Labelling("batch")
    for item in (*TAGS, make_added(4, boolean("b"))):
        judged.read_enhancements([json.dumps(item).encode()])
    names = LabelNames(judged, ["mapped:x, y:z=design:2019:rct"])
    assert names.find(Tag(name, value=True, score=None, robot=robot)) == label


def test_an_export_reads_each_enhancement_when_it_is_written(
    exchange: FakeExchange, command: Run, folder: Path
) -> None:
    write_library(folder, 2)
    exchange.add_batch(BATCH, *TAGS, make_added(1, boolean("again")))
    code, _, err = command("batches", "export", BATCH, "tagged.ris", *ORIGINAL)
    assert code == Exit.ENDED_WITH_FAILURES
    assert "2 references are in tagged.ris, 2 of them" in err
    assert "1 references that got something are not in the original files" in err
    first, _ = read_records(folder / "tagged.ris")
    assert first.keywords == ("a: b", f"{SCHEME}:rct", f"{SCHEME}:cohort, old = no", "topic:again")


@pytest.mark.parametrize("damage", [{"reference_id": "x"}, {"content": {}}])
def test_a_damaged_file_of_enhancements_leaves_no_file(
    exchange: FakeExchange, command: Run, folder: Path, damage: dict[str, Any]
) -> None:
    write_library(folder, 2)
    exchange.add_batch(BATCH, TAGS[0], {**TAGS[1], **damage})
    code, out, err = command("batches", "export", BATCH, "tagged.ris", *ORIGINAL)
    assert (code, out, err) == (Exit.FAILED, "", "exchange: The file of the added enhancements cannot be read.\n")
    assert {file.name for file in folder.iterdir()} == {"config", "library.ris", "loaded.jsonl"}


def test_the_added_enhancements_are_not_in_memory(folder: Path) -> None:
    count = 2_000
    data = {"reason": "x" * 10_000}
    lines = (json.dumps(make_added(n, boolean("a", data=data))).encode() for n in range(count))
    with (folder / "waiting").open("w+b") as file:
        tracemalloc.start()
        added = Added(lines, file)
        assert tracemalloc.get_traced_memory()[1] < 3 << 20
        tracemalloc.stop()
        (found,) = added.take(UUID(make_id(count - 1)))
    assert found.reference_id == UUID(make_id(count - 1))
    assert (added.taken, added.left) == (1, count - 1)


def test_titles_of_disagreements_are_read(exchange: FakeExchange, command: Run) -> None:
    exchange.add_batch(BATCH, make_added(1, boolean("a")), make_added(2, boolean("a")))
    exchange.add_batch(OTHER, make_added(1, boolean("a", value=False)), make_added(2, boolean("a")))
    title = {"enhancement_type": "bibliographic", "title": "The one they disagree on"}
    enhancement = {"source": "load", "visibility": "public", "content": title, "reference_id": make_id(1)}
    exchange.answers[f"/references/{make_id(1)}/"] = {
        "id": make_id(1),
        "visibility": "public",
        "identifiers": [],
        "enhancements": [{**enhancement, "id": make_id(9), "created_at": "2026-05-04T12:00:00Z"}],
    }
    code, out, _ = command("batches", "compare", BATCH, OTHER)
    assert code == Exit.DONE
    assert "The one they disagree on" in out
    assert [path for path in exchange.paths if path.startswith("/references/0")] == [f"/references/{make_id(1)}/"]


@pytest.mark.parametrize("given", [BATCH[:8], BATCH[:8].upper(), BATCH[:12]])
@pytest.mark.parametrize("name", ["show", "watch", "report", "compare", "compare with", "export"])
def test_the_first_digits_of_an_id_are_enough(
    exchange: FakeExchange, command: Run, folder: Path, given: str, name: str
) -> None:
    exchange.list_batches(OTHER, BATCH)
    exchange.add_batch(BATCH, make_added(1, boolean("a")))
    exchange.answers["/files/report.txt"] = b"the report\n"
    exchange.answers[f"{BATCHES}{BATCH}"]["validation_result_file"] = f"{exchange.url}/files/report.txt"
    write_library(folder, 1)
    words = {
        "compare": ("compare", given, BATCH),
        "compare with": ("compare", BATCH, given),
        "export": ("export", given, "tagged.ris", *ORIGINAL),
    }.get(name, (name, given))
    code, _, err = command("batches", *words)
    assert code == Exit.DONE, err
    assert exchange.paths.count(BATCHES) == 1
    assert f"{BATCHES}{BATCH}" in exchange.paths


def test_a_full_id_needs_no_list(exchange: FakeExchange, command: Run) -> None:
    exchange.add_batch(BATCH)
    for given in (BATCH, BATCH.replace("-", "")):
        assert command("batches", "show", given)[0] == Exit.DONE
    assert exchange.paths == [f"{BATCHES}{BATCH}"] * 2


def test_an_ambiguous_or_unknown_beginning_is_one_sentence(exchange: FakeExchange, command: Run) -> None:
    twin = make_id((0x353BA17F << 96) + 1)
    exchange.list_batches(BATCH, twin)
    code, _, err = command("batches", "show", "353ba17f")
    assert code == Exit.FAILED
    assert err == f"exchange: 2 batch requests have an id that begins with 353ba17f, for example {BATCH}, {twin}.\n"
    code, _, err = command("batches", "show", "353ba170")
    assert code == Exit.FAILED
    assert err == "exchange: None of your newest 1,000 batch requests has an id that begins with 353ba170.\n"


@pytest.mark.parametrize("given", ["seven", "353ba17", "353ba17g", "3" * 33, ""])
@pytest.mark.parametrize("words", [("show",), ("watch", BATCH), ("compare", BATCH), ("cancel",)])
def test_what_is_no_beginning_of_an_id_is_wrong_usage(command: Run, given: str, words: tuple[str, ...]) -> None:
    code, out, err = command("batches", *words, given)
    assert (code, out) == (Exit.USAGE, "")
    assert f"'{given}' is neither the id of a batch request nor its first 8 or more digits." in err
