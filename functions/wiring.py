"""Settings, services and triggers become the app."""

import azure.functions as func

from functions.settings import Settings
from functions.telemetry.logs import mark_records
from functions.triggers import blobs, queues, timer
from functions.triggers.current import Running, provide_at_first_use
from functions.triggers.http.serve import register_http


def build_app(settings: Settings) -> func.FunctionApp:
    """Make the app: its triggers, on the services that the settings name."""
    provide_at_first_use(lambda: _running(settings))
    mark_records()
    app = func.FunctionApp()
    register_http(app)
    for triggers in (queues, blobs, timer):
        app.register_functions(triggers.blueprint)
    return app


def _running(settings: Settings) -> Running:
    # The SDKs take several times as long to import as all the rest, and the host waits for the app to be indexed.
    from functions.connections import connect, wire  # noqa: PLC0415 - the reason stands above

    return Running(settings, wire(settings, connect(settings)))
