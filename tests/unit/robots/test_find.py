"""How a robot is found by its module."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.robots.find import FindError, find_robot

ROBOT = "from exchange.robots import Robot\none = Robot('one')\n"


@pytest.fixture(autouse=True)
def _new_modules() -> Iterator[None]:
    """Forget the modules that a test imports, and the path on which they are."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    sys.path[:] = path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["found_robot", "found_robot:one", "found_robot:same"])
def test_a_robot_is_found_by_its_module_and_variable(folder: Path, name: str) -> None:
    (folder / "found_robot.py").write_text(f"{ROBOT}same = one\n")
    assert find_robot(name).name == "one"


def test_a_module_that_ends_with_main_is_not_served(folder: Path) -> None:
    (folder / "main_robot.py").write_text(f"{ROBOT}one.main()\n")
    robot = find_robot("main_robot")
    with pytest.raises(SystemExit):
        robot.main(["--help"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent_robot:one", "There is no module absent_robot in this folder, and none is installed."),
        ("absent_folder.robot", "There is no module absent_folder.robot in this folder, and none is installed."),
        ("bad_robot:two", "bad_robot:two is not a robot on the kit. The module bad_robot has the robots one, other."),
        ("bad_robot", "The module bad_robot has the robots one, other. Name one robot, for example bad_robot:one."),
        ("bad_robot.py", "There is no module bad_robot.py in this folder, and none is installed."),
        (":one", "'' is not the name of a module."),
        ("./bad_robot.py:one", "'./bad_robot.py' is not the name of a module."),
    ],
)
def test_a_robot_that_is_not_there_is_one_sentence(folder: Path, name: str, message: str) -> None:
    (folder / "bad_robot.py").write_text(f"{ROBOT}other = Robot('other')\n")
    with pytest.raises(FindError) as error:
        find_robot(name)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "has no robot, which is a Robot of exchange.robots. Name one robot"),
        ("import missing_model", "cannot be imported: ModuleNotFoundError: No module named 'missing_model' ("),
        ("\n1 / 0", "cannot be imported: ZeroDivisionError: division by zero ("),
        ("def", "cannot be imported: SyntaxError: invalid syntax (broken_robot.py, line 1)"),
    ],
)
def test_a_module_that_cannot_be_used_is_one_sentence(folder: Path, text: str, message: str) -> None:
    (folder / "broken_robot.py").write_text(text)
    with pytest.raises(FindError) as error:
        find_robot("broken_robot")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    if "line" not in message and "(" in message:
        assert "broken_robot.py, line " in str(error.value)
