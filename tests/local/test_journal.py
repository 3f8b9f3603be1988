"""The journal in which the emulators keep their data on disk."""

import json
import subprocess
from pathlib import Path

import pytest

from local.paths import EMULATORS, NODE

HEADER = '{"journal":1}\n'
# Prints what the journal has, and makes the given appends.
PROGRAM = """
const { openJournal } = require("./journal");
const [file, ...appends] = process.argv.slice(1);
const journal = openJournal(file);
if (journal) {
  const found = [...journal.collections].map(([name, entries]) => [name, Object.fromEntries(entries)]);
  for (const changes of appends) journal.append(JSON.parse(changes));
  journal.sync().then(() => console.log(JSON.stringify(Object.fromEntries(found))));
}
"""


def run(file: Path, *appends: object) -> dict[str, object]:
    """Open the journal, append records, and return what it had, or what it reports if it cannot be read."""
    arguments = [str(NODE), "-e", PROGRAM, str(file), *map(json.dumps, appends)]
    finished = subprocess.run(arguments, cwd=EMULATORS, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert finished.returncode in {0, 4}, finished.stderr
    answer: dict[str, object] = json.loads(finished.stdout)
    return answer


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "a.journal"


def test_what_was_written_is_read_at_the_next_start(journal: Path) -> None:
    assert run(journal, [["c", "1", {"text": "é\n\u2028"}], ["d", "1", {"n": 1}]], [["c", "2", {}]]) == {}
    expected = {"c": {"1": {"text": "é\n\u2028"}, "2": {}}, "d": {"1": {"n": 1}}}
    assert run(journal, [["c", "2", None]], [["c", "1", {"new": True}]]) == expected
    assert run(journal) == {"c": {"1": {"new": True}}, "d": {"1": {"n": 1}}}


def test_a_record_that_was_cut_off_is_dropped_with_all_its_changes(journal: Path) -> None:
    run(journal, [["c", "1", {"n": 1}]], [["c", "1", {"n": 2}], ["c", "2", {"n": 2}]])
    whole = journal.read_bytes()
    last = whole.rstrip(b"\n").rindex(b"\n") + 1
    for end in range(last, len(whole)):
        journal.write_bytes(whole[:end])
        if end % 10 and end < len(whole) - 2:
            continue
        assert run(journal, [["c", "3", {}]]) == {"c": {"1": {"n": 1}}}, end
        assert run(journal) == {"c": {"1": {"n": 1}, "3": {}}}, "what follows must not be joined to the rest"


def test_zeros_at_the_end_are_dropped(journal: Path) -> None:
    run(journal, [["c", "1", {}]])
    with journal.open("ab") as file:
        file.write(bytes(5000))
    assert run(journal) == {"c": {"1": {}}}
    assert journal.read_bytes().count(0) == 0


def test_damage_before_the_end_is_reported(journal: Path) -> None:
    run(journal, [["c", "1", {"n": 1}]], [["c", "2", {}]])
    journal.write_bytes(journal.read_bytes().replace(b'"n":1', b'"n":7'))
    before = journal.read_bytes()
    assert run(journal) == {"error": f"{journal} is damaged at byte {len(HEADER)}", "unreadableData": True}
    assert journal.read_bytes() == before


@pytest.mark.parametrize("header", ['{"journal":2}\n', "something else\n"])
def test_another_format_is_reported(journal: Path, header: str) -> None:
    journal.parent.mkdir()
    journal.write_text(header)
    assert run(journal) == {"error": f"{journal} does not have the format 1", "unreadableData": True}
    assert journal.read_text() == header


def test_superseded_changes_are_removed_at_the_start(journal: Path) -> None:
    appends = [[["c", str(key), {"n": n}] for key in range(200)] for n in range(60)]
    run(journal, *appends)
    size = journal.stat().st_size
    expected = {"c": {str(key): {"n": 59} for key in range(200)}}
    assert run(journal) == expected
    assert journal.stat().st_size < size / 30
    # An interrupted compaction leaves a draft, which has no effect.
    journal.with_name("a.journal.draft").write_text("half")
    assert run(journal) == expected


def test_a_file_that_was_only_created_is_empty(journal: Path) -> None:
    journal.parent.mkdir()
    journal.touch()
    assert run(journal, [["c", "1", {}]]) == {}
    assert run(journal) == {"c": {"1": {}}}


def test_a_write_that_fails_ends_the_emulator(tmp_path: Path) -> None:
    program = f"""
const {{ openJournal }} = require("./journal");
const journal = openJournal({json.dumps(str(tmp_path / "a.journal"))});
journal.fd = require("fs").openSync("/dev/full", "a");
journal.append([["c", "1", {{}}]]);
console.log("acknowledged");
"""
    finished = subprocess.run([NODE, "-e", program], cwd=EMULATORS, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert (finished.returncode, finished.stdout) == (1, "")
    assert "the data cannot be written to the disk: ENOSPC" in finished.stderr
