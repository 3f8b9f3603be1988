"""How the Functions host converts HTTP requests, messages, blobs and timer runs before it passes them to the worker.

It follows azure-functions-host (GrpcMessageConversionExtensions.cs) and the bindings of its extensions.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web
from azure.servicebus import ServiceBusReceivedMessage
from multidict import MultiMapping

from local.host.bindings import Function
from local.host.routes import make_routes
from tests.runtime.app import InvocationResult, Json, RuntimeApp


@asynccontextmanager
async def http_front(app: RuntimeApp) -> AsyncIterator[str]:
    """Serve HTTP with the functions of the app, and yield the address."""
    triggers = {name: app.bindings(name)[0] for name in app.functions}
    functions = [Function(name, print, trigger, None, False) for name, trigger in triggers.items()]
    routes = make_routes([function for function in functions if function.trigger["type"] == "httpTrigger"], "")

    async def respond(request: web.Request) -> web.Response:
        path = request.rel_url.path_safe.replace("%25", "%")
        for route in routes:
            parameters = route.match(path)
            if parameters is not None and request.method in route.methods:
                value = await _to_http(request, parameters)
                return _to_response(await app.invoke(str(route.function.name), value, {}))
        return web.Response(status=404)

    server = web.Application(client_max_size=100 << 20)
    server.router.add_route("*", "/{path:(?s:.*)}", respond)
    runner = web.AppRunner(server, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _to_http(request: web.Request, parameters: dict[str, str]) -> Json:
    content = await request.read()
    return {
        "http": {
            "method": request.method,
            "url": str(request.url),
            "headers": {name.lower(): value for name, value in _join(request.headers).items()},
            # The host drops parameters without a value.
            "query": {name: value for name, value in _join(request.query).items() if value},
            "params": parameters,
            "body": {"bytes": content} if content else {},
        }
    }


def _join(values: MultiMapping[str]) -> dict[str, str]:
    return {name: ",".join(values.getall(name)) for name in values}


def _to_response(result: InvocationResult) -> web.Response:
    if not result.succeeded or result.returned is None:
        return web.Response(status=500)
    if result.returned["http"] is None:
        return web.Response(text=result.returned["string"])
    http = result.returned["http"]
    return web.Response(status=int(http["status_code"]), headers=http["headers"], body=http["body"]["bytes"])


def convert_message(received: ServiceBusReceivedMessage) -> tuple[Json, dict[str, Json]]:
    """Return a message as the value of a trigger, and its metadata."""
    properties = {_to_text(key): _to_text(value) for key, value in (received.application_properties or {}).items()}
    metadata: dict[str, Json] = {
        "MessageId": {"string": received.message_id or ""},
        "DeliveryCount": {"json": str((received.delivery_count or 0) + 1)},
        "SequenceNumber": {"json": str(received.sequence_number)},
        "EnqueuedTimeUtc": _to_time(received.enqueued_time_utc),
        "ExpiresAtUtc": _to_time(received.expires_at_utc),
        "LockedUntil": _to_time(received.locked_until_utc),
        "LockToken": {"string": str(received.lock_token)},
        "ContentType": _to_optional(received.content_type),
        "CorrelationId": _to_optional(received.correlation_id),
        "Subject": _to_optional(received.subject),
        "ReplyTo": _to_optional(received.reply_to),
        "To": _to_optional(received.to),
        "UserProperties": _to_json(properties),
        "ApplicationProperties": _to_json(properties),
    }
    return {"string": b"".join(received.body).decode()}, metadata


def convert_blob(connection: str, container: str, name: str) -> tuple[Json, dict[str, Json]]:
    """Return a blob as the value of a trigger whose parameter is a blob client, and its metadata."""
    location = {"Connection": connection, "ContainerName": container, "BlobName": name}
    value = {
        "version": "1.0",
        "source": "AzureStorageBlobs",
        "content_type": "application/json",
        "content": json.dumps(location).encode(),
    }
    return {"model_binding_data": value}, {"name": {"string": name}, "BlobTrigger": {"string": f"{container}/{name}"}}


def make_timer_run(*, past_due: bool = False) -> tuple[Json, dict[str, Json]]:
    """Return a run of a timer as the value of a trigger, and its metadata."""
    status = {"Last": "0001-01-01T00:00:00", "Next": "2026-01-01T00:01:00+00:00", "LastUpdated": "0001-01-01T00:00:00"}
    return _to_json({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}), {}


def _to_optional(value: str | None) -> Json:
    return {} if value is None else {"string": value}


def _to_time(value: datetime | None) -> Json:
    return {} if value is None else _to_json(value.isoformat().replace("+00:00", "Z"))


def _to_json(value: Any) -> Json:
    return {"json": json.dumps(value)}


def _to_text(value: object) -> Any:
    return value.decode() if isinstance(value, bytes) else value
