"""One call of a function."""

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
from local.host.telemetry import span_of_call

log = logging.getLogger("host")

# Not the event loop's: the end of that one waits for each function in it.
_threads = ThreadPoolExecutor(thread_name_prefix="function")


@dataclass(frozen=True, slots=True)
class Context:
    """What a function may ask about its own call."""

    function_name: str
    invocation_id: str
    function_directory: str


class Failed(Exception):  # noqa: N818 - what became of the call
    """The call failed, and this has been logged."""


async def invoke(function: Function, argument: Any, timeout_s: float) -> Any:
    """Call the function with its binding; raises Failed whatever it raises, or if it takes too long.

    `async` functions run on the event loop, others in a thread. As in Azure, a function has failed that returns
    anything but a response or a text over HTTP, or anything but None otherwise.
    """
    invocation = uuid4().hex
    arguments = {function.trigger["name"]: argument}
    if function.wants_context:
        folder = inspect.getfile(function.code).rpartition("/")[0]
        arguments["context"] = Context(function.name, invocation, folder)
    started = time.monotonic()
    try:
        with span_of_call(function, argument):
            async with asyncio.timeout(timeout_s):
                result = await _run(function, arguments)
        _check(function, result)
    except (Exception, asyncio.CancelledError) as error:
        log.exception("%s %s failed after %.3f s", function.name, invocation, time.monotonic() - started)
        if isinstance(error, asyncio.CancelledError) and _host_ends():
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
    over_http = function.trigger["type"] == "httpTrigger"
    if not (isinstance(result, func.HttpResponse | str) if over_http else result is None):
        raise TypeError(f"{function.name} returned {type(result).__name__}")


def _host_ends() -> bool:
    """Tell a call that is cancelled from one whose own doing raised CancelledError."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
