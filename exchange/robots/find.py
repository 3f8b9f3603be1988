"""Finds a robot on the kit by the name of its module."""

import importlib
import sys
import traceback
from types import ModuleType

from exchange.robots.robot import IMPORTING, Robot


class FindError(Exception):
    """There is no such robot. The message says why, and what to write."""


def find_robot(name: str) -> Robot:
    """Return the robot `module:variable`, or the only one of a `module`. The working folder has modules, too.

    Raises FindError.
    """
    module_name, _, variable = name.partition(":")
    module = _import(module_name)
    robots = {key: value for key, value in vars(module).items() if isinstance(value, Robot)}
    if variable:
        if variable not in robots:
            raise FindError(f"{name} is not a robot on the kit. The module {module_name} has {_list(robots)}.")
        return robots[variable]
    if len(set(map(id, robots.values()))) != 1:
        example = f"{module_name}:{next(iter(robots), 'robot')}"
        raise FindError(f"The module {module_name} has {_list(robots)}. Name one robot, for example {example}.")
    return next(iter(robots.values()))


def _list(robots: dict[str, Robot]) -> str:
    return f"the robots {', '.join(robots)}" if robots else "no robot, which is a Robot of exchange.robots"


def _import(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise FindError(f"'{name}' is not the name of a module. Write module:robot, for example countries:robot.")
    if "" not in sys.path:
        sys.path.insert(0, "")
    token = IMPORTING.set(True)
    try:
        return importlib.import_module(name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
            raise FindError(f"There is no module {name} in this folder, and none is installed.") from None
        raise FindError(f"The module {name} cannot be imported: {_describe(error)}") from error
    finally:
        IMPORTING.reset(token)


def _describe(error: Exception) -> str:
    """Return the error and its place in the author's code, on one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = "" if isinstance(error, SyntaxError) else f" ({frames[-1].filename}, line {frames[-1].lineno})"
    return " ".join(f"{type(error).__name__}: {error}{place}".split())
