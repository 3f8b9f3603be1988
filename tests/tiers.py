"""The two tiers of the tests.

`make test` runs the fast tier in a few minutes. `make test-all` runs everything: it passes `--exhaustive` to pytest.

- A test that only `make test-all` runs has the mark `@pytest.mark.exhaustive`.
- A test that both run may use smaller numbers in the fast tier: `SEEDS = fast_or_exhaustive(200, 2000)`.
- A test that enumerates cases may try only some of them in the fast tier: `for case in choose(cases, one_in=10)`.

Nothing is proven by the fast tier only.
"""

from collections.abc import Sequence
from typing import TypeVar

Value = TypeVar("Value")

# Set by conftest.py before any test module is imported.
exhaustive = False


def fast_or_exhaustive(fast: Value, exhaustive_value: Value) -> Value:
    """Return the value for the tier that runs."""
    return exhaustive_value if exhaustive else fast


def choose(cases: Sequence[Value], *, one_in: int) -> Sequence[Value]:
    """Return all cases, or in the fast tier every n-th one, always the same."""
    return cases if exhaustive else cases[::one_in]
