"""The functions of an app and their triggers, read from its FunctionApp object."""

import importlib.util
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import azure.functions as func
from azurefunctions.extensions.bindings.blob import BlobClient  # type: ignore[import-untyped] # it ships no hints

Binding = Mapping[str, Any]
TRIGGERS = {"httpTrigger", "serviceBusTrigger", "blobTrigger", "timerTrigger"}
OUTPUTS = {"http"}
_RETURN = "$return"
_CONTEXT = "context"


class HostError(Exception):
    """The app cannot run. The message says why."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app.

    In `trigger` every `%NAME%` is replaced by the app setting. `hint` is the type hint of the trigger's parameter.
    """

    name: str
    code: Callable[..., Any]
    trigger: Binding
    hint: Any
    wants_context: bool


def load_functions(path: Path) -> list[Function]:
    """Import the module and return the functions of its FunctionApp. Raises HostError."""
    if not path.is_file():
        raise HostError(f"The file {path} does not exist.")
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise HostError(f"{path} is not a Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    # Counts names, not objects, because Azure's worker also refuses a second name of the same app.
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    if len(apps) != 1:
        raise HostError(f"{path.name} must bind exactly one name to a FunctionApp; it binds {len(apps)}.")
    try:
        functions = apps[0].get_functions()
    except ValueError as error:
        raise HostError(f"{path.name}: {error}") from error
    return [_make_function(item) for item in functions]


def read_connection(function: Function) -> str:
    """Return the connection string that the trigger's `connection` names. Raises HostError."""
    name = function.trigger["connection"]
    if name not in os.environ:
        raise HostError(f"The function '{function.name}' needs the connection {name}, but that app setting is missing.")
    return os.environ[name]


def _make_function(item: Any) -> Function:
    name, code = item.get_function_name(), item.get_user_function()
    bindings = [json.loads(raw) for raw in item.get_raw_bindings()]
    unknown = [binding["type"] for binding in bindings if binding["type"] not in TRIGGERS | OUTPUTS]
    if unknown:
        raise HostError(f"The function '{name}' has the binding '{unknown[0]}', which this host does not support.")
    triggers = [binding for binding in bindings if binding["type"] in TRIGGERS]
    if len(triggers) != 1:
        raise HostError(f"The function '{name}' has {len(triggers)} triggers. It must have exactly one.")
    trigger = {key: _resolve(value, name) for key, value in triggers[0].items()}
    wants_context = _wants_context(name, code, bindings)
    hints = _read_hints(name, code)
    _check_hints(name, hints, trigger)
    return Function(name, code, trigger, hints.get(trigger["name"]), wants_context)


def _wants_context(name: str, code: Callable[..., Any], bindings: Sequence[Binding]) -> bool:
    """Return whether the function has a context parameter. Raises HostError if the others are not its bindings."""
    parameters = set(inspect.signature(code).parameters)
    bound = {binding["name"] for binding in bindings} - {_RETURN}
    if parameters - {_CONTEXT} != bound - {_CONTEXT}:
        found, expected = (", ".join(sorted(names)) or "none" for names in (parameters, bound))
        raise HostError(f"The parameters of '{name}' must be its bindings ({expected}), but they are: {found}.")
    return _CONTEXT in parameters - bound


def _read_hints(name: str, code: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(code)
    except NameError as error:
        raise HostError(f"A type hint of '{name}' cannot be resolved: {error}. Import the type at run time.") from error


def _check_hints(name: str, hints: Mapping[str, Any], trigger: Binding) -> None:
    """Check the type hints against the trigger, as Azure's worker does. Raises HostError."""
    kind, parameter = trigger["type"], trigger["name"]
    if parameter in hints and not _matches(hints[parameter], kind):
        raise HostError(f"The type hint of '{parameter}' of '{name}' does not match a {kind}: {hints[parameter]}.")
    if _CONTEXT in hints and parameter != _CONTEXT and getattr(hints[_CONTEXT], "__name__", "") != "Context":
        raise HostError(f"The type hint of 'context' of '{name}' must be Context, but it is {hints[_CONTEXT]}.")
    if kind == "httpTrigger" and "return" in hints and not _is_type(hints["return"], func.HttpResponse, str):
        raise HostError(f"The return type of '{name}' must be HttpResponse or str, but it is {hints['return']}.")


def _matches(hint: Any, kind: str) -> bool:
    if kind == "blobTrigger" and hint is BlobClient:
        return True
    return _is_type(hint, object) and bool(func.get_binding_registry().get(kind).check_input_type_annotation(hint))


def _is_type(hint: Any, *types: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, types)


def _resolve(value: Any, function: str) -> Any:
    def read_setting(match: re.Match[str]) -> str:
        try:
            return os.environ[match[1]]
        except KeyError:
            raise HostError(f"The function '{function}' needs the app setting {match[1]}, but it is missing.") from None

    return re.sub(r"%([^%]+)%", read_setting, value) if isinstance(value, str) else value
