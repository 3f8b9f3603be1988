"""The emulators."""

from collections.abc import Iterator

import pytest

from tests.stacks import Stack, running_stack


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("chaos"), "--emulators-only") as stack:
        yield stack
