"""Every target of the Makefile is described, by `make help` and in CONTRIBUTING.md."""

import re
import subprocess

from tests.stacks import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_make_help_describes_every_target() -> None:
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607 - any make
    assert set(re.findall(r"^  make ([a-z-]+) +\w", printed, re.MULTILINE)) == TARGETS


def test_contributing_has_every_target_in_its_table() -> None:
    rows = re.findall(r"^\| (`make .+?`) \| \S", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    named = {target for row in rows for target in re.findall(r"`make ([a-z-]+)", row)}
    assert named == TARGETS - {"help"}


def test_no_target_is_taken_for_a_file() -> None:
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].replace("\\\n", " ").split()) == TARGETS
