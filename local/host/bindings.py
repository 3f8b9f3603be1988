"""What the functions of an app are bound to."""

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
    """The app can't be run as it is; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app.

    The trigger has every `%NAME%` replaced by the app setting; the hint is that of the parameter it fills.
    """

    name: str
    code: Callable[..., Any]
    trigger: Binding
    hint: Any
    wants_context: bool


def load_functions(path: Path) -> list[Function]:
    """Load the module and read the functions of the one FunctionApp that is bound in it; raises HostError."""
    if not path.is_file():
        raise HostError(f"There is no file {path}.")
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise HostError(f"{path} is no Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    # Names are counted, not objects: Azure's worker refuses a second name of the same app too.
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    if len(apps) != 1:
        raise HostError(f"{path.name} must bind exactly one name to a FunctionApp; it binds {len(apps)}.")
    try:
        functions = apps[0].get_functions()
    except ValueError as error:
        raise HostError(f"{path.name}: {error}") from error
    return [_function(item) for item in functions]


def connection(function: Function) -> str:
    """Return the connection string that the trigger's `connection` names; raises HostError."""
    name = function.trigger["connection"]
    if name not in os.environ:
        raise HostError(f"The function '{function.name}' needs the connection {name}: that app setting is missing.")
    return os.environ[name]


def _function(item: Any) -> Function:
    name, code = item.get_function_name(), item.get_user_function()
    bindings = [json.loads(raw) for raw in item.get_raw_bindings()]
    unknown = [one["type"] for one in bindings if one["type"] not in TRIGGERS | OUTPUTS]
    if unknown:
        raise HostError(f"The function '{name}' has the binding '{unknown[0]}', which this host does not know.")
    triggers = [one for one in bindings if one["type"] in TRIGGERS]
    if len(triggers) != 1:
        raise HostError(f"The function '{name}' has {len(triggers)} triggers; it needs exactly one.")
    trigger = {key: _resolved(value, name) for key, value in triggers[0].items()}
    wants_context = _wants_context(name, code, bindings)
    hints = _hints(name, code)
    _check_hints(name, hints, trigger)
    return Function(name, code, trigger, hints.get(trigger["name"]), wants_context)


def _wants_context(name: str, code: Callable[..., Any], bindings: Sequence[Binding]) -> bool:
    """Say whether the function takes the context; raises HostError unless the others are exactly its bindings."""
    parameters = set(inspect.signature(code).parameters)
    bound = {one["name"] for one in bindings} - {_RETURN}
    if parameters - {_CONTEXT} != bound - {_CONTEXT}:
        has, needs = (", ".join(sorted(names)) or "none" for names in (parameters, bound))
        raise HostError(f"The parameters of '{name}' must be named as its bindings, {needs}; they are {has}.")
    return _CONTEXT in parameters - bound


def _hints(name: str, code: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(code)
    except NameError as error:
        raise HostError(f"A hint of '{name}' can't be resolved: {error}. Import it at run time.") from error


def _check_hints(name: str, hints: Mapping[str, Any], trigger: Binding) -> None:
    """Hold the hints against the binding, as Azure's worker does; raises HostError."""
    kind, parameter = trigger["type"], trigger["name"]
    if parameter in hints and not _fits(hints[parameter], kind):
        raise HostError(f"The hint of '{parameter}' of '{name}' does not fit a {kind}: {hints[parameter]}.")
    if _CONTEXT in hints and parameter != _CONTEXT and getattr(hints[_CONTEXT], "__name__", "") != "Context":
        raise HostError(f"The hint of 'context' of '{name}' must be Context: {hints[_CONTEXT]}.")
    if kind == "httpTrigger" and "return" in hints and not _is_type(hints["return"], func.HttpResponse, str):
        raise HostError(f"What '{name}' returns must be an HttpResponse or a str: {hints['return']}.")


def _fits(hint: Any, kind: str) -> bool:
    if kind == "blobTrigger" and hint is BlobClient:
        return True
    return _is_type(hint, object) and bool(func.get_binding_registry().get(kind).check_input_type_annotation(hint))


def _is_type(hint: Any, *of: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, of)


def _resolved(value: Any, function: str) -> Any:
    def setting(match: re.Match[str]) -> str:
        try:
            return os.environ[match[1]]
        except KeyError:
            raise HostError(f"The function '{function}' needs the app setting {match[1]}, which is missing.") from None

    return re.sub(r"%([^%]+)%", setting, value) if isinstance(value, str) else value
