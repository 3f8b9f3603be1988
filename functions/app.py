"""The app: all triggers, with the services that they use."""

import gc
from functools import cache

import azure.functions as func

from exchange.ports import GetServices, Services
from exchange.settings import Settings
from exchange.telemetry.logs import add_fields_to_records
from functions.blobs import blob_triggers
from functions.http.register import register_http
from functions.queues import queue_triggers
from functions.timer import timer_triggers


def build_app(settings: Settings) -> func.FunctionApp:
    """Make the app. The services are made when a trigger first needs them."""

    @cache
    def get_services() -> Services:
        # The SDKs take several times as long to import as everything else, and the host waits for the app's index.
        from exchange.bootstrap import connect, make_services  # noqa: PLC0415 - see above

        services = make_services(settings, connect(settings))
        # The modules and services stay as long as the process. Otherwise each full garbage collection visits all of
        # them and stops every request for some 60 ms longer (docs/decisions/0044).
        gc.freeze()
        return services

    return make_app(get_services)


def make_app(get_services: GetServices) -> func.FunctionApp:
    """Make the app on these services."""
    add_fields_to_records()
    app = func.FunctionApp()
    register_http(app, get_services)
    for triggers in (queue_triggers, blob_triggers, timer_triggers):
        app.register_functions(triggers(get_services))
    return app
