"""What the compiler made of infra/, as tests read it: predictions of deployments, and the templates themselves."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.stacks import ROOT

# Another folder is given by tests/bicep, which edits a copy.
INFRA = Path(os.environ.get("INFRA", ROOT / "infra"))
Resource = dict[str, Any]
ROLE = "Microsoft.Authorization/roleAssignments"
DATA_ROLE = "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"


@dataclass(frozen=True)
class Prediction:
    """What a deployment with one parameter file would make."""

    environment: str
    resources: list[Resource]
    outputs: dict[str, Any]

    def all(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return [one for one in self.resources if one["type"] == kind]

    def one(self, kind: str, name: str = "") -> Resource:
        """Return the only resource of a type, or the one of them whose name ends so."""
        (found,) = (one for one in self.all(kind) if one["name"].endswith(name))
        return found

    @property
    def settings(self) -> dict[str, str]:
        """The app settings."""
        settings = self.one("Microsoft.Web/sites")["properties"]["siteConfig"]["appSettings"]
        return {one["name"]: one["value"] for one in settings}


@cache
def predicted(environment: str) -> Prediction:
    """Read what a parameter file deploys."""
    content = json.loads((INFRA / f"{environment}.snapshot.json").read_text())
    return Prediction(environment, content["predictedResources"], content["outputs"])


@cache
def text(name: str) -> str:
    """Read a file of the folder."""
    return (INFRA / name).read_text()


def content(name: str) -> Any:
    """Read a JSON file of the folder."""
    return json.loads(text(name))


def own_name(resource: Resource) -> str:
    """Return the last part of the name."""
    return str(resource["name"]).rsplit("/", 1)[-1]


def scope_of(resource: Resource) -> str:
    """Return what an extension resource, as a role or a diagnostic setting, is attached to."""
    return re.sub(r"/providers/Microsoft\.(Authorization|Insights)/\w+/[^/]+$", "", resource["id"])


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string in a value, keys of objects left out, with its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from strings(one, f"{path}.{key}")
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from strings(one, f"{path}[{i}]")
