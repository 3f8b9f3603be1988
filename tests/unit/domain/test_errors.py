import inspect
import re

import pytest

from exchange.domain import errors
from exchange.domain.errors import ExchangeError, InputRejected, WriteConflict, Unavailable

CLASSES = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, Exception)]


def test_the_tree_that_is_drawn_is_the_tree_there_is() -> None:
    drawn: dict[str, str] = {}
    above = ["Exception"]
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ([│├└─ ]*)(\w+)", line):
            depth = len(found[1]) // 4
            above[depth + 1 :] = [found[2]]
            drawn[found[2]] = above[depth]
    assert drawn == {item.__name__: item.__base__.__name__ for item in CLASSES if item.__base__}


@pytest.mark.parametrize("kind", [item for item in CLASSES if issubclass(item, ExchangeError)])
def test_the_message_is_all_faults(kind: type[ExchangeError]) -> None:
    error = kind("One is wrong.", "Two is as well.")
    assert list(error.faults) == ["One is wrong.", "Two is as well."]
    assert str(error) == "One is wrong. Two is as well."


def test_faults_that_look_like_formats_are_left_alone() -> None:
    assert str(InputRejected("{0} %s")) == "{0} %s"


def test_what_is_down_may_say_for_how_long() -> None:
    assert Unavailable("Down.").retry_after_s is None
    assert WriteConflict("Down.", "Still.", retry_after_s=2.5).retry_after_s == 2.5
