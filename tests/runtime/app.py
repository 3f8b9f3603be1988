"""An app in Microsoft's worker library, driven as the Functions host drives it."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.stacks import ROOT

Json = dict[str, Any]
WORKER = Path(__file__).with_name("worker.py")
_MAX_LINE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """The result of an invocation: the message of the exception that it raised, or the value that it returned."""

    succeeded: bool
    error: str
    returned: Json | None


class RuntimeApp:
    """The process of the app. Once it is started, `functions` has the metadata of its functions by name."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lock = asyncio.Lock()
        self.functions: dict[str, Json] = {}

    async def send(self, kind: str, **fields: Any) -> Json:
        """Send a request of the host and return the response."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._lock:
            self._process.stdin.write(json.dumps({"kind": kind, **fields}, default=_encode_bytes).encode() + b"\n")
            line = await self._process.stdout.readline()
        assert line, "the app's process has ended"
        response: Json = json.loads(line, object_hook=_decode_bytes)
        return response

    async def start(self) -> None:
        """Do what the host does before the first invocation: start the worker, index and load the functions."""
        assert _succeeded(await self.send("worker_init_request"))
        await self._load()

    async def specialize(self, settings: Mapping[str, str]) -> Json:
        """Pass the settings to a worker that was started without an app, as the host does. Return the response."""
        response = await self.send("function_environment_reload_request", environment_variables=dict(settings))
        if _succeeded(response):
            await self._load()
        return response

    async def _load(self) -> None:
        indexed = await self.send("functions_metadata_request")
        assert _succeeded(indexed)
        self.functions = {function["name"]: function for function in indexed["function_metadata_results"]}
        for function in self.functions.values():
            loaded = await self.send("function_load_request", function_id=function["function_id"])
            assert _succeeded(loaded)
            assert loaded["function_id"] == function["function_id"]

    def bindings(self, name: str) -> list[Json]:
        """Return the bindings of a function, as the host reads them."""
        return [json.loads(raw) for raw in self.functions[name]["raw_bindings"]]

    async def invoke(self, name: str, value: Json, metadata: Mapping[str, Json]) -> InvocationResult:
        """Call a function with the value of its trigger."""
        function, invocation = self.functions[name]["function_id"], str(uuid4())
        data = {self.bindings(name)[0]["name"]: value}
        response = await self.send(
            "invocation_request", invocation_id=invocation, function_id=function, data=data, metadata=metadata
        )
        assert response["invocation_id"] == invocation
        error = (response["result"]["exception"] or {}).get("message", "")
        return InvocationResult(_succeeded(response), error, response["return_value"])


@asynccontextmanager
async def app_process(
    log: Path, settings: Mapping[str, str], directory: Path = ROOT, python: str = sys.executable
) -> AsyncIterator[RuntimeApp]:
    """Start the process. Of this project it can import only what is in the directory of the app."""
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(python, "-I", str(WORKER), str(directory)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=log.parent,
            env={"PATH": os.environ["PATH"], **settings},
            limit=_MAX_LINE_BYTES,
        )
    try:
        yield RuntimeApp(process)
    finally:
        process.kill()
        await process.wait()


def _succeeded(response: Json) -> bool:
    return bool(response["result"]["status"] == 1)


def _encode_bytes(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _decode_bytes(value: Json) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
