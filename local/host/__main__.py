"""`python -m local.host`: run a function app on this machine."""

import logging
import os
import sys
import traceback

from local.host.main import main

try:
    code = main()
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else 1
except BaseException:  # noqa: BLE001 - the interpreter, which would print it, does not exit normally
    traceback.print_exc()
    code = 1
logging.shutdown()
sys.stdout.flush()
sys.stderr.flush()
# A normal exit of the interpreter would wait for a function that hangs in a thread.
os._exit(code)
