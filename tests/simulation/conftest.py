"""Thousands of runs would log every step."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def disable_logs() -> Iterator[None]:
    """Disable the logs of the runs."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
