"""`python -m tests.sdk.install`: put each release of destiny-sdk into a folder of its own, unless it is there."""

import fcntl
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.sdk.releases import FOLDER, RELEASES, ReleaseError

# The SDK's own demand: with an older Python its tests aren't collected, and there is nothing to install.
SINCE = (3, 12)


def install(version: str, folder: Path = FOLDER) -> bool:
    """Install a release without its dependencies; return whether there was anything to do. Raises ReleaseError."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / version
    with (folder / ".lock").open("w") as lock:
        # Of two at once the second waits, and finds it done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            return False
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            made = Path(unfinished) / version
            _install(version, made)
            # It comes to its place in one step: what is there is complete.
            made.rename(place)
    return True


def _install(version: str, place: Path) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(place)]
    command += ["--python", sys.executable, f"destiny-sdk=={version}"]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - arguments are ours
        raise ReleaseError(f"destiny-sdk {version} could not be installed: is the package index within reach?")


if __name__ == "__main__" and sys.version_info >= SINCE:
    try:
        for release in RELEASES:
            install(release)
    except ReleaseError as error:
        sys.exit(str(error))
