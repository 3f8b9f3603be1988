"""Which exchange is meant: the app's settings, from the environment or from a file like `func`'s."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from exchange.settings import Settings, SettingsError

LOCAL = Path(".local/local.settings.json")

# Nothing here sweeps or calls a robot, so that operators need not hold the key by which one can be any robot.
_NOT_NEEDED = {
    "SWEEP_SCHEDULE": "0 * * * * *",
    "ROBOT_MASTER_KEY": "no robot is called by whoever is_operator the exchange",
}
# Which says that the environment means an exchange.
_TELLING = "COSMOS_ENDPOINT"


def read_settings(file: Path | None) -> Settings:
    """Read the file that is named, or else the environment, or else the file of the local stack, if it runs.

    Raises SettingsError.
    """
    if file is None and _TELLING not in os.environ:
        file = LOCAL
        if not LOCAL.exists():
            raise SettingsError("No local stack is running here: `make up` first, or say ENV=... for Azure.")
    given: Mapping[str, str] = os.environ if file is None else _values(file)
    if file is not None:
        # As `func` does: the SDKs read some of them by themselves.
        os.environ.update(given)
    return Settings.read({**given, **_NOT_NEEDED})


def _values(file: Path) -> dict[str, str]:
    try:
        values: dict[str, str] = json.loads(file.read_bytes())["Values"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{file} is no file of settings: {type(error).__name__}.") from error
    return values
