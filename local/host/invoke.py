"""Calls of functions."""

import asyncio
import contextvars
import functools
import inspect
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import azure.functions as func

from local.host.bindings import Function
from local.host.telemetry import call_span

log = logging.getLogger("host")

# Not the executor of the event loop, because closing that one waits for each function in it.
_threads = ThreadPoolExecutor(thread_name_prefix="function")


@dataclass(frozen=True, slots=True)
class Context:
    """What a function can read about its call."""

    function_name: str
    invocation_id: str
    function_directory: str


class Failed(Exception):  # noqa: N818 - named for what happened
    """The call failed. The error has been logged."""


async def invoke(function: Function, argument: Any, timeout_s: float) -> Any:
    """Call the function with the argument of its trigger. Raises Failed if it raises any error or takes too long.

    `async` functions run on the event loop, others in a thread. As in Azure, an HTTP function fails if it returns
    anything but a response or a text, and any other function if it returns anything but None.
    """
    invocation = uuid4().hex
    arguments = {function.trigger["name"]: argument}
    if function.wants_context:
        folder = inspect.getfile(function.code).rpartition("/")[0]
        arguments["context"] = Context(function.name, invocation, folder)
    started = time.monotonic()
    try:
        with call_span(function, argument):
            async with asyncio.timeout(timeout_s):
                result = await _run(function, arguments)
        _check(function, result)
    except (Exception, asyncio.CancelledError) as error:
        log.exception("%s %s failed after %.3f s", function.name, invocation, time.monotonic() - started)
        if isinstance(error, asyncio.CancelledError) and _is_host_stopping():
            raise
        raise Failed(function.name) from error
    log.info("%s %s succeeded in %.3f s", function.name, invocation, time.monotonic() - started)
    return result


async def _run(function: Function, arguments: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function.code):
        return await function.code(**arguments)
    call = functools.partial(contextvars.copy_context().run, function.code, **arguments)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def _check(function: Function, result: Any) -> None:
    is_http = function.trigger["type"] == "httpTrigger"
    if not (isinstance(result, func.HttpResponse | str) if is_http else result is None):
        raise TypeError(f"{function.name} returned {type(result).__name__}")


def _is_host_stopping() -> bool:
    """Return whether the host cancels the call. Otherwise the function itself raised CancelledError."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
