from collections.abc import Iterator

import pytest

from tests.console.node import Modules, start_modules


@pytest.fixture(scope="session")
def modules() -> Iterator[Modules]:
    with start_modules() as running:
        yield running
