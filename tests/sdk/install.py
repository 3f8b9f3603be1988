"""`python -m tests.sdk.install`: install each release of destiny-sdk into its own folder, unless it is installed."""

import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.install_once import install_once
from tests.sdk.releases import FOLDER, PRESENT, RELEASES, ReleaseError

# The SDK requires this version. With an older Python nothing is installed and its tests are not collected.
MIN_PYTHON = (3, 12)


def install(version: str, folder: Path = FOLDER) -> bool:
    """Install a release without its dependencies. Return False if it was installed. Raises ReleaseError."""
    return install_once(folder / version, partial(_install, version))


def _install(version: str, target: Path) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    command += ["--python", sys.executable, f"destiny-sdk=={version}"]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - we build the arguments
        raise ReleaseError(f"destiny-sdk {version} could not be installed. Can this machine reach the package index?")


if __name__ == "__main__" and sys.version_info >= MIN_PYTHON:
    try:
        for release in (*RELEASES, *PRESENT):
            install(release)
    except ReleaseError as error:
        sys.exit(str(error))
