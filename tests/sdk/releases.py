"""The published releases of destiny-sdk. Each is imported separately."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exchange.contract import batches, enhancements, identifiers, references, robots
from exchange.contract.v1 import jobs, requests
from exchange.contract.v1 import robots as v1_robots

# The releases that speak part 1 of the contract.
RELEASES = ("0.1.0", "0.1.1", "0.1.2", "0.1.3", "0.1.4", "0.1.5")
# All published releases that speak the protocol under `/v1`.
PRESENT = (
    *("0.4.0", "0.4.1", "0.5.0", "0.5.1", "0.6.0", "0.7.1", "0.7.2", "0.7.3", "0.7.4", "0.7.5", "0.7.6", "0.8.0"),
    *("0.9.0", "0.9.1", "0.10.0", "0.11.0", "0.11.1", "0.11.2", "0.11.3", "0.11.4", "0.12.0", "0.12.4", "0.12.6"),
    *("0.13.0", "0.14.0", "0.14.1", "0.16.0", "0.17.2", "0.17.4", "0.17.6"),
)
FOLDER = Path(sys.prefix) / "destiny-sdk"
PACKAGE = "destiny_sdk"

# The module and the name of the SDK's model for each of ours.
NAMES: dict[type[BaseModel], tuple[str, str]] = {
    batches.BatchEnhancementRequestIn: ("robots", "BatchEnhancementRequestIn"),
    batches.BatchEnhancementRequestRead: ("robots", "BatchEnhancementRequestRead"),
    enhancements.Abstract: ("enhancements", "AbstractContentEnhancement"),
    enhancements.AnnotationSet: ("enhancements", "AnnotationEnhancement"),
    enhancements.Authorship: ("enhancements", "Authorship"),
    enhancements.Bibliographic: ("enhancements", "BibliographicMetadataEnhancement"),
    enhancements.BooleanAnnotation: ("enhancements", "BooleanAnnotation"),
    enhancements.Enhancement: ("enhancements", "Enhancement"),
    enhancements.Location: ("enhancements", "Location"),
    enhancements.LocationSet: ("enhancements", "LocationEnhancement"),
    enhancements.ScoreAnnotation: ("enhancements", "ScoreAnnotation"),
    identifiers.DOIIdentifier: ("identifiers", "DOIIdentifier"),
    identifiers.OpenAlexIdentifier: ("identifiers", "OpenAlexIdentifier"),
    identifiers.OtherIdentifier: ("identifiers", "OtherIdentifier"),
    identifiers.PubMedIdentifier: ("identifiers", "PubMedIdentifier"),
    references.EnhancementFileInput: ("enhancements", "EnhancementFileInput"),
    references.Reference: ("references", "Reference"),
    references.ReferenceFileInput: ("references", "ReferenceFileInput"),
    robots.BatchRobotRequest: ("robots", "BatchRobotRequest"),
    robots.BatchRobotResult: ("robots", "BatchRobotResult"),
    robots.BatchRobotResultValidationEntry: ("robots", "BatchRobotResultValidationEntry"),
    robots.LinkedRobotError: ("robots", "LinkedRobotError"),
    robots.ProvisionedRobot: ("robots", "ProvisionedRobot"),
    robots.Robot: ("robots", "Robot"),
    robots.RobotError: ("robots", "RobotError"),
    robots.RobotIn: ("robots", "RobotIn"),
}
_PRESENT_ROBOTS: dict[type[BaseModel], str] = {
    jobs.RobotEnhancementBatch: "RobotEnhancementBatch",
    jobs.RobotEnhancementBatchRead: "RobotEnhancementBatchRead",
    jobs.RobotEnhancementBatchResult: "RobotEnhancementBatchResult",
    requests.EnhancementRequestIn: "EnhancementRequestIn",
    requests.EnhancementRequestRead: "EnhancementRequestRead",
    robots.BatchRobotResultValidationEntry: "RobotResultValidationEntry",
    robots.LinkedRobotError: "LinkedRobotError",
    robots.RobotError: "RobotError",
    v1_robots.ProvisionedPullRobot: "ProvisionedRobot",
    v1_robots.PullRobot: "Robot",
    v1_robots.PullRobotIn: "RobotIn",
}
# The same for the releases of the present protocol. Files to load are not part of it.
PRESENT_NAMES: dict[type[BaseModel], tuple[str, str]] = {
    **{
        model: place
        for model, place in NAMES.items()
        if place[0] != "robots" and model not in {references.EnhancementFileInput, references.ReferenceFileInput}
    },
    **{model: ("robots", name) for model, name in _PRESENT_ROBOTS.items()},
}


class ReleaseError(Exception):
    """A release, or a package that it imports, is not installed or cannot be installed."""


@dataclass(frozen=True, slots=True)
class Release:
    """The modules of one release. They are untyped, because the SDK cannot be installed on Python 3.11."""

    version: str
    names: Mapping[type[BaseModel], tuple[str, str]]
    auth: Any
    client: Any
    enhancements: Any
    identifiers: Any
    references: Any
    robots: Any
    visibility: Any

    def model_for(self, ours: type[BaseModel]) -> Any:
        """Return the SDK's model that corresponds to ours."""
        module, name = self.names[ours]
        return getattr(getattr(self, module), name)

    def make(self, ours: type[BaseModel], **fields: Any) -> Any:
        """Make an object of the SDK's model, as a program that uses the SDK does."""
        model = self.model_for(ours)
        return model(**{model.model_fields[name].alias or name: value for name, value in fields.items()})


def load(version: str, folder: Path = FOLDER) -> Release:
    """Import a release, then forget its modules, so that another one can be imported. Raises ReleaseError."""
    target = folder / version
    if not (target / PACKAGE).is_dir():
        raise ReleaseError(_describe_missing(f"destiny-sdk {version} is not in {target}"))
    modules = [name for name in Release.__dataclass_fields__ if name not in {"version", "names"}]
    names = PRESENT_NAMES if version in PRESENT else NAMES
    _forget_modules()
    sys.path.insert(0, str(target))
    try:
        return Release(version, names, **{name: import_module(f"{PACKAGE}.{name}") for name in modules})
    except ModuleNotFoundError as error:
        raise ReleaseError(
            _describe_missing(f"destiny-sdk {version} needs {error.name}, which is not installed")
        ) from error
    finally:
        sys.path.remove(str(target))
        _forget_modules()


def _forget_modules() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def _describe_missing(what: str) -> str:
    return f"{what}. Run: uv sync --frozen --extra azure && {sys.executable} -m tests.sdk.install"
