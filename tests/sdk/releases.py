"""The published releases of destiny-sdk. Each is imported separately."""

import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exchange.contract import batches, enhancements, identifiers, references, robots

RELEASES = ("0.1.0", "0.1.1", "0.1.2", "0.1.3", "0.1.4", "0.1.5")
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


class ReleaseError(Exception):
    """A release, or a package that it imports, is not installed or cannot be installed."""


@dataclass(frozen=True, slots=True)
class Release:
    """The modules of one release. They are untyped, because the SDK cannot be installed on Python 3.11."""

    version: str
    auth: Any
    client: Any
    enhancements: Any
    identifiers: Any
    references: Any
    robots: Any
    visibility: Any

    def model_for(self, ours: type[BaseModel]) -> Any:
        """Return the SDK's model that corresponds to ours."""
        module, name = NAMES[ours]
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
    names = [name for name in Release.__dataclass_fields__ if name != "version"]
    _forget_modules()
    sys.path.insert(0, str(target))
    try:
        return Release(version, **{name: import_module(f"{PACKAGE}.{name}") for name in names})
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
