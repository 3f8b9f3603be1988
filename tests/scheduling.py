"""How tests are distributed to parallel workers.

Starting a stack takes seconds, so tests that share a stack run in one worker. All other tests are distributed by file.
"""

from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# Folders in which the files share stacks, and the files in them that have stacks of their own.
SHARED_STACKS = {
    "tests/console": ("test_check.py", "test_chromium.py", "test_vendor.py"),
    "tests/e2e": ("test_abuse.py", "test_large_uploads.py", "test_openapi_fuzz.py", "test_operations.py"),
    "tests/faults": (),
    "tests/infra/deploy": (),
    "tests/ports": (),
    "tests/runtime": (),
}
# Files whose tests share nothing and together take longer than any other file. Each test is a group of its own.
ONE_BY_ONE = ("tests/simulation/test_exhaustive.py",)
# What takes longest starts first, so that the workers finish at about the same time.
SLOWEST_FIRST = (
    "tests/e2e",
    "tests/infra/deploy",
    "tests/faults",
    "tests/console",
    "tests/e2e/test_openapi_fuzz.py",
    "tests/e2e/test_operations.py",
    "tests/e2e/test_large_uploads.py",
    "tests/simulation/test_exhaustive.py",
    "tests/e2e/test_abuse.py",
    "tests/ports",
)
# One more than cores, because a test often waits for its stack.
MAX_WORKERS = 4


def find_group(test_id: str) -> str:
    """Return what is distributed to one worker together with this test: a folder, a file, or only the test."""
    file = PurePosixPath(test_id.partition("::")[0])
    if file.as_posix() in ONE_BY_ONE:
        return test_id
    folder = file.parent.as_posix()
    shares = folder in SHARED_STACKS and file.name not in SHARED_STACKS[folder]
    return folder if shares else file.as_posix()


def rank(test_id: str) -> int:
    """Return the position of the test's group in the order of the groups."""
    group = find_group(test_id).partition("::")[0]
    return SLOWEST_FIRST.index(group) if group in SLOWEST_FIRST else len(SLOWEST_FIRST)


class GroupScheduling(LoadFileScheduling):  # type: ignore[misc] # xdist has no type hints
    """Distributes groups, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        # By default xdist starts with the groups that have the most tests.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, test_id: str) -> str:
        return find_group(test_id)
