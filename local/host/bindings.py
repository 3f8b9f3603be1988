"""What the functions of an app are bound to."""

import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func

Binding = Mapping[str, Any]
TRIGGERS = {"httpTrigger", "serviceBusTrigger", "blobTrigger", "timerTrigger"}
OUTPUTS = {"http"}


class HostError(Exception):
    """The app can't be run as it is; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app: its name, its code, and its trigger with every `%NAME%` replaced by the app setting."""

    name: str
    code: Callable[..., Any]
    trigger: Binding


def load_functions(path: Path) -> list[Function]:
    """Load the module and read the functions of the one FunctionApp that is bound in it."""
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise HostError(f"There is no module {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    if len(apps) != 1:
        raise HostError(f"{path.name} must bind exactly one name to a FunctionApp; it binds {len(apps)}.")
    return [_function(item) for item in apps[0].get_functions()]


def _function(item: Any) -> Function:  # noqa: ANN401 - the library's Function has no hints
    name = item.get_function_name()
    bindings = [json.loads(raw) for raw in item.get_raw_bindings()]
    unknown = [one["type"] for one in bindings if one["type"] not in TRIGGERS | OUTPUTS]
    triggers = [one for one in bindings if one["type"] in TRIGGERS]
    if unknown or len(triggers) != 1:
        said = f"the binding '{unknown[0]}', which this host does not know" if unknown else f"{len(triggers)} triggers"
        raise HostError(f"The function '{name}' has {said}.")
    trigger = {key: _resolved(value, name) if isinstance(value, str) else value for key, value in triggers[0].items()}
    return Function(name, item.get_user_function(), trigger)


def _resolved(value: str, function: str) -> str:
    def setting(match: re.Match[str]) -> str:
        try:
            return os.environ[match[1]]
        except KeyError:
            raise HostError(f"The function '{function}' needs the app setting {match[1]}, which is missing.") from None

    return re.sub(r"%([^%]+)%", setting, value)


def connection(trigger: Binding, function: str) -> str:
    """Return the connection string that the trigger's `connection` names."""
    name = trigger["connection"]
    if name not in os.environ:
        raise HostError(f"The function '{function}' needs the connection {name}, and that app setting is missing.")
    return os.environ[name]
