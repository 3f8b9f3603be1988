"""`python -m tests.runtime.local_view FILE`: the triggers of an app as the local host reads them."""

import json
import sys
from pathlib import Path

from local.host.bindings import load_functions

functions = load_functions(Path(sys.argv[1]))
print(json.dumps({one.name: one.trigger for one in functions}))  # noqa: T201 - for the test that runs it
