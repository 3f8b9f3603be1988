import inspect
import re

import pytest

from exchange.domain import errors
from exchange.domain.errors import ExchangeError, InputRejected, Unavailable, WriteConflict

CLASSES = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, Exception)]


def test_the_documented_tree_matches_the_classes() -> None:
    documented: dict[str, str] = {}
    parents = ["Exception"]
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ([│├└─ ]*)(\w+)", line):
            depth = len(found[1]) // 4
            parents[depth + 1 :] = [found[2]]
            documented[found[2]] = parents[depth]
    assert documented == {item.__name__: item.__base__.__name__ for item in CLASSES if item.__base__}


@pytest.mark.parametrize("kind", [item for item in CLASSES if issubclass(item, ExchangeError)])
def test_the_message_joins_the_faults(kind: type[ExchangeError]) -> None:
    error = kind("The first fault.", "The second fault.")
    assert list(error.faults) == ["The first fault.", "The second fault."]
    assert str(error) == "The first fault. The second fault."


def test_format_characters_in_a_fault_are_kept() -> None:
    assert str(InputRejected("{0} %s")) == "{0} %s"


def test_an_outage_may_have_a_retry_delay() -> None:
    assert Unavailable("Down.").retry_after_s is None
    assert WriteConflict("Down.", "Still.", retry_after_s=2.5).retry_after_s == 2.5
