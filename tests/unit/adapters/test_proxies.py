import subprocess
import sys

import pytest

from tests.stacks import ROOT


@pytest.mark.parametrize(
    ("environment", "printed"),
    [
        ({}, "False"),
        ({"no_proxy": "127.0.0.1"}, "False"),
        ({"https_proxy": "http://proxy.example:3128", "no_proxy": "127.0.0.1"}, "True"),
    ],
)
def test_a_proxy_is_detected_in_the_environment(environment: dict[str, str], printed: str) -> None:
    code = "from exchange.adapters.proxies import has_proxy; print(has_proxy())"
    answer = subprocess.run(  # noqa: S603 - we build the arguments
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == printed
