"""The paths that the queries in the code name, read from its source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.stacks import ROOT

FOLDER = ROOT / "functions" / "adapters" / "cosmos"
# A query that is put together from names: which names these are.
PUT_TOGETHER = {("batches.py", "name"): ("requestor", "status", "place")}
# Cosmos DB indexes it always.
ALWAYS_INDEXED = "id"


def queried() -> dict[str, set[str]]:
    """Return the paths that queries filter and sort by, by container."""
    found: dict[str, set[str]] = {}
    for module in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(module.read_text())
        paths = {path for text in _texts(tree, module) for path in _paths(text)}
        if paths:
            found[_container(tree, module)] = paths - {ALWAYS_INDEXED}
    return found


def containers() -> set[str]:
    """Return the containers that the code opens."""
    names: set[str] = set()
    for module in FOLDER.glob("*.py"):
        tree = ast.parse(module.read_text())
        constants = _constants(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "container" and call.args:
                names |= {
                    constants[node.id] for node in call.args if isinstance(node, ast.Name) and node.id in constants
                }
    return names


def _paths(text: str) -> set[str]:
    """Return the paths in the text of a query, or of a part of one; what is only shown needs no index."""
    filtered = re.sub(r"SELECT .*? FROM c\b", "", text)
    return {path.replace(".", "/") for path in re.findall(r"\bc\.(\w+(?:\.\w+)*)", filtered)}


def _texts(tree: ast.Module, module: Path) -> Iterator[str]:
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from _filled(node, _constants(tree), module)


def _filled(node: ast.JoinedStr, constants: dict[str, str], module: Path) -> list[str]:
    """Fill the names of paths into an f-string: every text that it can be."""
    texts = [""]
    for part in node.values:
        if isinstance(part, ast.Constant):
            choices: tuple[str, ...] = (str(part.value),)
        elif texts[0].endswith("c.") and isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
            name = part.value.id
            choices = (constants[name],) if name in constants else PUT_TOGETHER[module.name, name]
        else:
            choices = (" ",)
        texts = [text + choice for text in texts for choice in choices]
    return texts


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _container(tree: ast.Module, module: Path) -> str:
    constants = _constants(tree)
    return constants.get("_CONTAINER") or constants[f"_{module.stem.upper()}"]
