"""The compiled Bicep files in infra/: snapshots, which predict a deployment, and templates."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from exchange.settings import list_settings
from tests.stacks import ROOT

# tests/bicep sets another folder, an edited copy.
INFRA = Path(os.environ.get("INFRA", ROOT / "infra"))
Resource = dict[str, Any]
ROLE = "Microsoft.Authorization/roleAssignments"
DATA_ROLE = "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"


@dataclass(frozen=True)
class Prediction:
    """The resources that a deployment with one parameter file would create."""

    environment: str
    resources: list[Resource]
    outputs: dict[str, Any]

    def all(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources if resource["type"] == kind]

    def only(self, kind: str, suffix: str = "") -> Resource:
        """Return the only resource of a type whose name has this suffix."""
        (found,) = (resource for resource in self.all(kind) if resource["name"].endswith(suffix))
        return found

    @property
    def settings(self) -> dict[str, str]:
        """The app settings."""
        settings = self.only("Microsoft.Web/sites")["properties"]["siteConfig"]["appSettings"]
        return {setting["name"]: setting["value"] for setting in settings}

    def effective(self, name: str) -> float:
        """Return the value of a numeric setting: the app setting, or the code's default."""
        defaults = {setting.name: setting.default for setting in list_settings()}
        return float(self.settings.get(name, defaults[name]))


@cache
def predicted(environment: str) -> Prediction:
    """Read the snapshot of a parameter file."""
    snapshot = json.loads((INFRA / f"{environment}.snapshot.json").read_text())
    return Prediction(environment, snapshot["predictedResources"], snapshot["outputs"])


@cache
def text(name: str) -> str:
    """Read a file of the folder."""
    return (INFRA / name).read_text()


def content(name: str) -> Any:
    """Read a JSON file of the folder."""
    return json.loads(text(name))


def short_name(resource: Resource) -> str:
    """Return the last part of a resource's name."""
    return str(resource["name"]).rsplit("/", 1)[-1]


def scope_of(resource: Resource) -> str:
    """Return the id of the resource that a role assignment or diagnostic setting belongs to."""
    return re.sub(r"/providers/Microsoft\.(Authorization|Insights)/\w+/[^/]+$", "", resource["id"])


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string in a JSON value with its path. Keys are not included."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, f"{path}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from strings(item, f"{path}[{i}]")
