"""The names of the HTTP functions, which decide between routes."""

import re
from itertools import permutations

import pytest

from functions.http.endpoints import group_by_path
from functions.http.register import make_name

PATHS = list(group_by_path())


def test_each_path_has_a_name_of_its_own() -> None:
    names = [make_name(path) for path in PATHS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)


def find_hidden() -> list[tuple[str, str]]:
    """Return each path that the route of another path also matches, with that path."""
    found = []
    for path, other in permutations(PATHS, 2):
        pattern = re.sub(r"\{.*?\}", "[^/]+", other)
        if "{" in other and re.fullmatch(pattern, path):
            found.append((path, other))
    return found


@pytest.mark.parametrize(("path", "other"), find_hidden())
def test_the_route_with_a_parameter_does_not_hide_the_fixed_one(path: str, other: str) -> None:
    assert make_name(path) < make_name(other)
