"""Tests that take `prediction` run for dev and for prod."""

import pytest

from tests.infra.reading import Prediction, predicted


@pytest.fixture(params=["dev", "prod"])
def prediction(request: pytest.FixtureRequest) -> Prediction:
    return predicted(request.param)
