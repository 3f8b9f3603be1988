"""The paths that Cosmos DB queries name, read from the source of the adapters."""

import ast
import re
from collections.abc import Iterator

from tests.stacks import ROOT

FOLDER = ROOT / "exchange" / "adapters" / "cosmos"
# Cosmos DB always indexes the id.
ALWAYS_INDEXED = "id"


def list_queried_paths() -> dict[str, set[str]]:
    """Return the paths that queries filter and sort by, for each container."""
    found: dict[str, set[str]] = {}
    for module in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(module.read_text())
        paths = {path for text in _find_texts(tree) for path in _find_paths(text)}
        if paths:
            found.setdefault(_find_container(tree), set()).update(paths - {ALWAYS_INDEXED})
    return found


def list_containers() -> set[str]:
    """Return the containers that the code opens."""
    names: set[str] = set()
    for module in FOLDER.glob("*.py"):
        tree = ast.parse(module.read_text())
        constants = _find_constants(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "container" and call.args:
                names |= {
                    constants[node.id] for node in call.args if isinstance(node, ast.Name) and node.id in constants
                }
    return names


def _find_paths(text: str) -> set[str]:
    """Return the paths in a query, or in a part of a query. Selected paths need no index."""
    filtered = re.sub(r"SELECT .*? FROM c\b", "", text)
    return {path.replace(".", "/") for path in re.findall(r"\bc\.(\w+(?:\.\w+)*)", filtered)}


def _find_texts(tree: ast.Module) -> Iterator[str]:
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield _expand(node, _find_constants(tree))


def _expand(node: ast.JoinedStr, constants: dict[str, str]) -> str:
    """Return the text of an f-string with the constants that name paths."""
    text = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif text.endswith("c.") and isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
            text += constants[part.value.id]
        else:
            text += " "
    return text


def _find_constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _find_container(tree: ast.Module) -> str:
    """Return the container that a module queries, itself or by `ReferenceQueries`."""
    own = _find_constants(tree).get("_CONTAINER")
    return own or _find_constants(ast.parse((FOLDER / "queries.py").read_text()))["_CONTAINER"]
