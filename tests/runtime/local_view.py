"""`python -m tests.runtime.local_view FILE`: print the triggers of an app as the local host reads them."""

import json
import sys
from pathlib import Path

from local.host.bindings import load_functions

functions = load_functions(Path(sys.argv[1]))
print(json.dumps({function.name: function.trigger for function in functions}))  # noqa: T201 - the test reads it
