"""The arguments of `python -m infra.deploy`."""

import pytest

from tests.infra.deploy.cloud import Cloud


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("", "The environment is missing. Type make deploy ENV=dev or make deploy ENV=prod."),
        ("staging", "There is no environment 'staging'. Type make deploy ENV=dev or make deploy ENV=prod."),
    ],
)
def test_a_missing_or_unknown_environment_is_reported(cloud: Cloud, environment: str, message: str) -> None:
    run = cloud.run("deploy", environment=environment)
    assert (run.code, run.err.strip()) == (1, message)
    assert not cloud.calls
