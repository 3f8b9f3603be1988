"""The settings of the exchange on which a command works: from the environment, or from a file as `func` has it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from exchange.settings import Settings, SettingsError

LOCAL = Path(".local/local.settings.json")

# The commands do not run the sweep or call robots. So operators do not need the key, with which one can act as a robot.
_NOT_NEEDED = {
    "SWEEP_SCHEDULE": "0 * * * * *",
    "ROBOT_MASTER_KEY": "not needed, because these commands call no robot",
}
# If this is set, the environment has the settings of an exchange.
_INDICATOR = "COSMOS_ENDPOINT"


def read_settings(file: Path | None) -> Settings:
    """Read the settings from the file. Without a file, read the environment, or else the file of the local stack.

    Raises SettingsError.
    """
    if file is None and _INDICATOR not in os.environ:
        file = LOCAL
        if not LOCAL.exists():
            raise SettingsError("No local stack is running here. Start one with `make up`, or set ENV=... for Azure.")
    values: Mapping[str, str] = os.environ if file is None else _read_values(file)
    if file is not None:
        # As `func` does, because the SDKs read some of the settings from the environment.
        os.environ.update(values)
    return Settings.read({**values, **_NOT_NEEDED})


def _read_values(file: Path) -> dict[str, str]:
    try:
        values: dict[str, str] = json.loads(file.read_bytes())["Values"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{file} is not a readable settings file ({type(error).__name__}).") from error
    return values
