"""An app in Microsoft's code, as the Functions host drives it."""

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
_LONGEST_LINE = 64 << 20


@dataclass(frozen=True, slots=True)
class Transition:
    """What became of an invocation: the words of what it raised, or what it returned."""

    succeeded: bool
    error: str
    returned: Json | None


class RuntimeApp:
    """The app's process. `functions` has their metadata by name, once it is started."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()
        self.functions: dict[str, Json] = {}

    async def ask(self, kind: str, **fields: Any) -> Json:
        """Make a request of the host, and return the answer to it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._asking:
            self._process.stdin.write(json.dumps({"kind": kind, **fields}, default=_of_bytes).encode() + b"\n")
            line = await self._process.stdout.readline()
        assert line, "the app's process has ended"
        answer: Json = json.loads(line, object_hook=_with_bytes)
        return answer

    async def start(self) -> None:
        """Do what the host does before the first call: start the worker, index the functions, load each."""
        assert _succeeded(await self.ask("worker_init_request"))
        await self._load()

    async def specialize(self, settings: Mapping[str, str]) -> Json:
        """Do what the host does where a worker waits for any app: bring this one's settings; return the answer."""
        answer = await self.ask("function_environment_reload_request", environment_variables=dict(settings))
        if _succeeded(answer):
            await self._load()
        return answer

    async def _load(self) -> None:
        indexed = await self.ask("functions_metadata_request")
        assert _succeeded(indexed)
        self.functions = {one["name"]: one for one in indexed["function_metadata_results"]}
        for one in self.functions.values():
            loaded = await self.ask("function_load_request", function_id=one["function_id"])
            assert _succeeded(loaded)
            assert loaded["function_id"] == one["function_id"]

    def bindings(self, name: str) -> list[Json]:
        """Return the bindings of a function, as the host reads them."""
        return [json.loads(raw) for raw in self.functions[name]["raw_bindings"]]

    async def invoke(self, name: str, value: Json, metadata: Mapping[str, Json]) -> Transition:
        """Call a function with the value of its trigger."""
        function, invocation = self.functions[name]["function_id"], str(uuid4())
        data = {self.bindings(name)[0]["name"]: value}
        answer = await self.ask(
            "invocation_request", invocation_id=invocation, function_id=function, data=data, metadata=metadata
        )
        assert answer["invocation_id"] == invocation
        error = (answer["result"]["exception"] or {}).get("message", "")
        return Transition(_succeeded(answer), error, answer["return_value"])


@asynccontextmanager
async def app_process(
    log: Path, settings: Mapping[str, str], directory: Path = ROOT, python: str = sys.executable
) -> AsyncIterator[RuntimeApp]:
    """Start the process; nothing of this project is in it but what stands in the app's directory."""
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(python, "-I", str(WORKER), str(directory)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=log.parent,
            env={"PATH": os.environ["PATH"], **settings},
            limit=_LONGEST_LINE,
        )
    try:
        yield RuntimeApp(process)
    finally:
        process.kill()
        await process.wait()


def _succeeded(answer: Json) -> bool:
    return bool(answer["result"]["status"] == 1)


def _of_bytes(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _with_bytes(value: Json) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
