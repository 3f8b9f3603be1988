"""Texts from files and links that try to stop the console, or to make a terminal run a command."""

import subprocess
import time

import pytest

from tests.console.node import Modules

MANY = 200_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n" * MANY, id="empty lines"),
        pytest.param("10.1234/" + ")" * MANY, id="brackets"),
        pytest.param("10.1234/" + ".)" * MANY, id="punctuation and brackets"),
        pytest.param("10.1234/" + "." * MANY + "x", id="full stops"),
        pytest.param(" " * MANY + "x", id="spaces"),
        pytest.param("@" + "a" * MANY, id="letters"),
        pytest.param("10.1234/" * MANY, id="beginnings of a DOI"),
    ],
)
def test_a_large_text_is_searched_in_time(modules: Modules, text: str) -> None:
    started = time.monotonic()
    modules.call("identifiers", text=text)
    # A search that takes quadratic time takes minutes.
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("(see 10.1234/a.b).", "10.1234/a.b"),
        ("[10.1234/a(1)b];", "10.1234/a(1)b"),
        ("([10.1234/a(1)]).", "10.1234/a(1)"),
        ("10.1234/(a)", "10.1234/(a)"),
        ("<10.1234/a<1::b>2.0.co;2-x>,", "10.1234/a<1::b>2.0.co;2-x"),
    ],
)
def test_punctuation_around_a_doi_is_removed(modules: Modules, text: str, doi: str) -> None:
    found = modules.call("identifiers", text=text)
    assert found == {"ids": [], "identifiers": [{"identifier_type": "doi", "identifier": doi}]}


@pytest.mark.parametrize(
    "text",
    ["plain", "", "$(id) `id` $HOME; id", "it's", "-x", "a\nid\n", "\x03\nid\n", "\x1b[201~\nid\n", "\\'\t\x7f\x9b'é"],
)
def test_a_copied_value_stays_one_value_and_has_no_control_characters(modules: Modules, text: str) -> None:
    quoted = modules.call("quoted", text=text)
    assert all(character.isprintable() for character in quoted)
    command = ["bash", "-c", f"printf %s {quoted}"]
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    printed = subprocess.run(command, env=environment, capture_output=True, check=True)  # noqa: S603 - what is tested
    assert printed.stdout.decode() == text
