"""Chromium from the npm package `@sparticuz/chromium`, which has a compressed build for Linux on x86-64."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from local.install import install
from local.paths import NODE
from tests.console.vendor import NPM_FOLDER
from tests.install_once import install_once

# On other platforms this environment variable names a Chromium or Chrome to use.
VARIABLE = "CHROMIUM"
_FOLDER = Path(sys.prefix) / "chromium"
_UNPACK = """
import chromium from "@sparticuz/chromium";
chromium.setGraphicsMode = false;
await chromium.executablePath();
"""
# The fonts of this machine, and those of the package for machines that have none.
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{folder}/fonts</dir>
  <cachedir>{folder}/cache</cachedir>
</fontconfig>
"""


class ChromiumError(Exception):
    """Chromium cannot be installed on this machine."""


def find() -> Path:
    """Return the path of Chromium. It is unpacked if it was not yet. Raises ChromiumError."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise ChromiumError(f"npm has Chromium for Linux on x86-64 only. Name a Chromium or Chrome in {VARIABLE}.")
    return _unpack() / "chromium"


def environment(executable: Path) -> dict[str, str]:
    """Return the environment variables with which Chromium finds its fonts."""
    fonts = executable.with_name("fonts.conf")
    return {**os.environ, "FONTCONFIG_FILE": str(fonts)} if fonts.exists() else dict(os.environ)


def _unpack(folder: Path = _FOLDER) -> Path:
    """Unpack Chromium once per version of the package. Return its folder."""
    install(folder=NPM_FOLDER, packages="tests of the console")
    version: str = json.loads((NPM_FOLDER / "package.json").read_text())["devDependencies"]["@sparticuz/chromium"]
    target = folder / version

    def fill(unpacked: Path) -> None:
        unpacked.mkdir()
        # The package unpacks into the temporary folder.
        command = [str(NODE), "--input-type=module", "--eval", _UNPACK]
        subprocess.run(command, cwd=NPM_FOLDER, env={**os.environ, "TMPDIR": str(unpacked)}, check=True)  # noqa: S603 - ours
        (unpacked / "fonts.conf").write_text(_FONTS.format(folder=target))

    install_once(target, fill)
    return target
