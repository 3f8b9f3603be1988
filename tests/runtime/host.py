"""What the Functions host makes of HTTP requests, messages, blobs and ticks before it hands them to the worker.

It is written after azure-functions-host (GrpcMessageConversionExtensions.cs) and the bindings of its extensions.
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
from tests.runtime.app import Json, Transition, RuntimeApp


@asynccontextmanager
async def http_front(app: RuntimeApp) -> AsyncIterator[str]:
    """Answer HTTP by the app's functions; give the address."""
    triggers = {name: app.bindings(name)[0] for name in app.functions}
    routes = make_routes(
        [Function(name, print, one, None, False) for name, one in triggers.items() if one["type"] == "httpTrigger"], ""
    )

    async def answer(request: web.Request) -> web.Response:
        path = request.rel_url.path_safe.replace("%25", "%")
        for route in routes:
            parameters = route.match(path)
            if parameters is not None and request.method in route.methods:
                value = await _http(request, parameters)
                return _response(await app.invoke(str(route.function.name), value, {}))
        return web.Response(status=404)

    server = web.Application(client_max_size=100 << 20)
    server.router.add_route("*", "/{path:(?s:.*)}", answer)
    runner = web.AppRunner(server, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _http(request: web.Request, parameters: dict[str, str]) -> Json:
    content = await request.read()
    return {
        "http": {
            "method": request.method,
            "url": str(request.url),
            "headers": {name.lower(): value for name, value in _joined(request.headers).items()},
            # A parameter without a value is none.
            "query": {name: value for name, value in _joined(request.query).items() if value},
            "params": parameters,
            "body": {"bytes": content} if content else {},
        }
    }


def _joined(values: MultiMapping[str]) -> dict[str, str]:
    return {name: ",".join(values.getall(name)) for name in values}


def _response(outcome: Transition) -> web.Response:
    if not outcome.succeeded or outcome.returned is None:
        return web.Response(status=500)
    if outcome.returned["http"] is None:
        return web.Response(text=outcome.returned["string"])
    http = outcome.returned["http"]
    return web.Response(status=int(http["status_code"]), headers=http["headers"], body=http["body"]["bytes"])


def message(received: ServiceBusReceivedMessage) -> tuple[Json, dict[str, Json]]:
    """Give a message as the value of a trigger, and its metadata."""
    properties = {_text(key): _text(value) for key, value in (received.application_properties or {}).items()}
    metadata: dict[str, Json] = {
        "MessageId": {"string": received.message_id or ""},
        "DeliveryCount": {"json": str((received.delivery_count or 0) + 1)},
        "SequenceNumber": {"json": str(received.sequence_number)},
        "EnqueuedTimeUtc": _time(received.enqueued_time_utc),
        "ExpiresAtUtc": _time(received.expires_at_utc),
        "LockedUntil": _time(received.locked_until_utc),
        "LockToken": {"string": str(received.lock_token)},
        "ContentType": _optional(received.content_type),
        "CorrelationId": _optional(received.correlation_id),
        "Subject": _optional(received.subject),
        "ReplyTo": _optional(received.reply_to),
        "To": _optional(received.to),
        "UserProperties": _json(properties),
        "ApplicationProperties": _json(properties),
    }
    return {"string": b"".join(received.body).decode()}, metadata


def blob(connection: str, container: str, name: str) -> tuple[Json, dict[str, Json]]:
    """Give a blob as the value of a trigger whose parameter is a client of the blob, and its metadata."""
    where = {"Connection": connection, "ContainerName": container, "BlobName": name}
    value = {
        "version": "1.0",
        "source": "AzureStorageBlobs",
        "content_type": "application/json",
        "content": json.dumps(where).encode(),
    }
    return {"model_binding_data": value}, {"name": {"string": name}, "BlobTrigger": {"string": f"{container}/{name}"}}


def tick(*, past_due: bool = False) -> tuple[Json, dict[str, Json]]:
    """Give a run of a timer as the value of a trigger, and its metadata."""
    status = {"Last": "0001-01-01T00:00:00", "Next": "2026-01-01T00:01:00+00:00", "LastUpdated": "0001-01-01T00:00:00"}
    return _json({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}), {}


def _optional(value: str | None) -> Json:
    return {} if value is None else {"string": value}


def _time(value: datetime | None) -> Json:
    return {} if value is None else _json(value.isoformat().replace("+00:00", "Z"))


def _json(value: Any) -> Json:
    return {"json": json.dumps(value)}


def _text(value: object) -> Any:
    return value.decode() if isinstance(value, bytes) else value
