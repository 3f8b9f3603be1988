"""What `make up` prints when the stack is ready."""

import json
import subprocess
from pathlib import Path

import pytest

from local import next_steps
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


def test_the_console_comes_first_once_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_steps, "_CONSOLE", tmp_path / "console.py")
    assert list(list_pages(API)) == ["docs"]
    (tmp_path / "console.py").touch()
    assert list_pages(API) == {"console": f"{API}/console/", "docs": f"{API}/docs"}
    assert describe(tmp_path, API).startswith(f"console    {API}/console/\n")


def test_it_prints_a_command_and_what_to_read() -> None:
    described = describe(ROOT / ".local", API)
    assert make_first_command(ROOT / ".local", API) in described
    assert "docs/walkthrough.md" in described


def test_without_the_function_app_there_is_nothing_to_call(tmp_path: Path) -> None:
    described = describe(tmp_path, None)
    assert str(tmp_path / "stack.json") in described
    assert "curl" not in described
    assert "/docs" not in described


@pytest.mark.parametrize("name", ["usual", """it's "odd" $HOME \\n é"""])
def test_the_command_sends_the_token_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "stack.json").write_text(json.dumps({"tokens": {"operator": "the token"}}))
    print_arguments = """curl() { cat > /dev/null; printf '%s\\n' "$@"; }\n"""
    finished = subprocess.run(  # noqa: S603 - the command as it is printed
        ["bash", "-c", print_arguments + make_first_command(folder, API)],  # noqa: S607 - any bash works
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    arguments = finished.stdout.splitlines()
    assert {f"{API}/references/", "Authorization: Bearer the token", "--fail-with-body"} <= set(arguments)
