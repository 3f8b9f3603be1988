"""The entry point that Azure Functions loads.

HTTP     functions/http/      requestors, operators and robots
queues   functions/queues.py  dispatch to robots, import of results, calls to webhooks
blobs    functions/blobs.py   result files that robots uploaded
timer    functions/timer.py   overdue batches and deliveries to webhooks
"""

import os

from exchange.settings import Settings
from functions.app import build_app

app = build_app(Settings.read(os.environ))
