"""The map of the app: settings -> wiring -> triggers.

HTTP     functions/triggers/http/       requestors, operators and robots
queues   functions/triggers/queues.py   dispatch to robots, import of results
blobs    functions/triggers/blobs.py    results that robots uploaded
timer    functions/triggers/timer.py    whatever is overdue
"""

import os

from functions.settings import Settings
from functions.wiring import build_app

app = build_app(Settings.read(os.environ))
