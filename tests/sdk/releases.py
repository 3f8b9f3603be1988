"""The published releases of destiny-sdk, each loaded for itself."""

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

# Where the SDK has what our models describe, and by what name.
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
    """A release, or what it imports, is not installed or can not be."""


@dataclass(frozen=True, slots=True)
class Release:
    """The modules of one release. They are of no type that our checks know: on Python 3.11 there are none."""

    version: str
    auth: Any
    client: Any
    enhancements: Any
    identifiers: Any
    references: Any
    robots: Any
    visibility: Any

    def of(self, ours: type[BaseModel]) -> Any:
        """Return the SDK's model of what our model describes."""
        module, name = NAMES[ours]
        return getattr(getattr(self, module), name)

    def make(self, ours: type[BaseModel], **fields: Any) -> Any:
        """Make an object of the SDK's model, as a program does that is written with it."""
        model = self.of(ours)
        return model(**{model.model_fields[name].alias or name: value for name, value in fields.items()})


def load(version: str, folder: Path = FOLDER) -> Release:
    """Import a release and leave no trace of it, so that another can be imported; raises ReleaseError."""
    place = folder / version
    if not (place / PACKAGE).is_dir():
        raise ReleaseError(_missing(f"destiny-sdk {version} is not in {place}"))
    names = [name for name in Release.__dataclass_fields__ if name != "version"]
    _forget()
    sys.path.insert(0, str(place))
    try:
        return Release(version, **{name: import_module(f"{PACKAGE}.{name}") for name in names})
    except ModuleNotFoundError as error:
        raise ReleaseError(_missing(f"destiny-sdk {version} needs {error.name}, which is not installed")) from error
    finally:
        sys.path.remove(str(place))
        _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def _missing(what: str) -> str:
    return f"{what}. Run: uv sync --frozen --extra azure && {sys.executable} -m tests.sdk.install"
