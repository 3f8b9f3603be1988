"""One call of a function."""

import asyncio
import inspect
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from local.host.bindings import Function

log = logging.getLogger("host")


@dataclass(frozen=True, slots=True)
class Context:
    """What a function may ask about its own call."""

    function_name: str
    invocation_id: str
    function_directory: str


class Failed(Exception):  # noqa: N818 - what became of the call
    """The call failed, and this has been logged."""


async def invoke(function: Function, argument: Any, timeout_s: float) -> Any:  # noqa: ANN401 - whatever the binding gives
    """Call the function with its binding; raises Failed whatever it raises, or if it takes too long.

    `async` functions run on the event loop, others in a thread. A function that is not called over HTTP and returns
    anything but None has failed, as in Azure.
    """
    invocation = uuid4().hex
    arguments = {function.trigger["name"]: argument}
    if "context" in inspect.signature(function.code).parameters:
        arguments["context"] = Context(function.name, invocation, str(Path.cwd()))
    started = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            result = await _run(function, arguments)
        if function.trigger["type"] != "httpTrigger" and result is not None:
            raise TypeError(f"returned {type(result).__name__}")  # noqa: TRY301 - it fails as what the function raises
    except Exception as error:
        log.exception("%s %s failed after %.3f s", function.name, invocation, time.monotonic() - started)
        raise Failed(function.name) from error
    log.info("%s %s succeeded in %.3f s", function.name, invocation, time.monotonic() - started)
    return result


async def _run(function: Function, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever it returns
    if inspect.iscoroutinefunction(function.code):
        return await function.code(**arguments)
    return await asyncio.to_thread(function.code, **arguments)
