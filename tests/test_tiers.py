"""The choice of the tier, and the distribution to workers."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import tiers
from tests.scheduling import ONE_BY_ONE, SHARED_STACKS, SLOWEST_FIRST, find_group, rank
from tests.stacks import ROOT

MARKED = "tests/faults/test_two_hosts.py::test_the_second_host_finishes_the_imports_of_a_killed_host"


@pytest.mark.parametrize(("option", "listed"), [((), False), (("--exhaustive",), True)], ids=["fast", "exhaustive"])
def test_a_marked_test_is_in_the_exhaustive_tier_only(option: tuple[str, ...], listed: bool) -> None:  # noqa: FBT001
    command = [sys.executable, "-m", "pytest", "--collect-only", *option, MARKED.partition("::")[0]]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours
    assert (MARKED in collected) == listed
    assert ("make test-all" in collected) != listed


def test_the_exhaustive_tier_has_all_cases_and_the_larger_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for exhaustive, cases, number in ((False, [0, 7, 14], 3), (True, list(range(20)), 30)):
        monkeypatch.setattr(tiers, "exhaustive", exhaustive)
        assert list(tiers.choose(range(20), one_in=7)) == cases
        assert tiers.fast_or_exhaustive(3, 30) == number


def test_every_group_that_is_named_exists() -> None:
    own = [f"{folder}/{name}" for folder, names in SHARED_STACKS.items() for name in names]
    for path in (*SHARED_STACKS, *own, *SLOWEST_FIRST, *ONE_BY_ONE):
        assert (ROOT / path).exists(), path
        group = find_group(f"{path}/test_any.py::test" if Path(path).suffix == "" else f"{path}::test")
        assert group == (f"{path}::test" if path in ONE_BY_ONE else path)


def test_files_that_share_a_stack_form_a_group_and_others_do_not() -> None:
    assert find_group("tests/e2e/test_flows.py::test_a[x::y]") == find_group("tests/e2e/test_urls.py::test_b")
    assert find_group("tests/e2e/test_abuse.py::test_a") == "tests/e2e/test_abuse.py"
    assert find_group("tests/unit/domain/test_lines.py::test_a") == "tests/unit/domain/test_lines.py"
    assert rank("tests/faults/test_outages.py::test_a") < rank("tests/unit/domain/test_lines.py::test_a")
