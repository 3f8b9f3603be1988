"""What `make up` prints when the stack is ready."""

import shlex
from pathlib import Path

import pytest

from local.next_steps import describe, list_pages, make_first_command
from tests.local.running_stack import ROOT

API = "http://127.0.0.1:7071"


def test_it_says_where_documentation_tokens_logs_and_data_are() -> None:
    described = describe(ROOT / ".local", API, ROOT / ".local" / "data").splitlines()
    pages = [f"{name:<11}{address}" for name, address in list_pages(API).items()]
    assert described[: len(pages) + 3] == [
        *pages,
        "tokens     .local/stack.json, one for each role",
        f"logs       {ROOT / '.local' / 'logs'}",
        "data       .local/data, kept until `make reset`",
    ]
    assert f"docs       {API}/docs" in pages


def test_it_says_that_data_in_memory_is_lost() -> None:
    assert "data       in memory, lost at the end" in describe(ROOT / ".local", API).splitlines()


def test_the_console_comes_first() -> None:
    assert list_pages(API) == {"console": f"{API}/console/", "docs": f"{API}/docs"}
    assert describe(ROOT / ".local", API).startswith(f"console    {API}/console/\n")


def test_it_prints_a_command_and_what_to_read() -> None:
    described = describe(ROOT / ".local", API)
    assert make_first_command(ROOT / ".local") in described
    assert "docs/walkthrough.md" in described


def test_without_the_function_app_there_is_nothing_to_call(tmp_path: Path) -> None:
    described = describe(tmp_path, None)
    assert str(tmp_path / "stack.json") in described
    assert "references load" not in described
    assert "/docs" not in described


@pytest.mark.parametrize("name", ["usual", """it's "odd" $HOME \\n é"""])
def test_the_command_names_the_stack_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    words = shlex.split(make_first_command(tmp_path / name))
    assert words[-1] == str(tmp_path / name / "stack.json")
    assert (ROOT / words[0]).exists()
