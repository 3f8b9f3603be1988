"""The command lines in the documents are ones that `exchange` accepts, and docs/commands.md has every command."""

import re
import shlex

import pytest

from exchange.cli.exits import Exit
from exchange.cli.main import make_app
from exchange.cli.profiles import SignIn
from tests.documents.reading import DOCUMENTS, fences, name_of, text_of

ID = "11111111-1111-4111-8111-111111111111"
LINES = [
    (name_of(document), line)
    for document in DOCUMENTS
    for code in fences(name_of(document), "sh")
    for line in code.replace("\\\n", " ").splitlines()
    if line.startswith("exchange ")
]


@pytest.mark.parametrize(("document", "line"), LINES, ids=[f"{name}: {line}" for name, line in LINES])
def test_a_command_line_is_accepted(document: str, line: str) -> None:
    words = [re.sub(r"\$\w+_ID", ID, word) for word in shlex.split(line)[1:]]
    command, bound, _ = make_app().parse_args(words, exit_on_error=False, print_error=False)
    assert callable(command), document
    assert bound is not None


def test_the_documents_show_commands() -> None:
    assert {document for document, _ in LINES} >= {"README.md", "docs/commands.md"}
    assert len(LINES) >= 20


def test_the_table_of_exit_codes_is_complete() -> None:
    table = text_of("docs/commands.md").partition("| exit code |")[2]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == list(Exit)


def test_the_table_of_sign_ins_is_complete() -> None:
    table = text_of("docs/commands.md").partition("| `--with` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(SignIn)
