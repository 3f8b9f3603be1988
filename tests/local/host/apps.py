"""Small function apps, and the host that runs them."""

import http.client
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from tests.local.host.processes import Process, started

# A function calls `record` so that the test can see what it received and did.
_PREAMBLE = """
import asyncio, json, os, threading, time
import azure.functions as func
from azurefunctions.extensions.bindings.blob import BlobClient

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

def record(**fields):
    with open(os.environ["RECORDS"], "a") as file:
        file.write(json.dumps(fields, default=str) + "\\n")

def read_records():
    try:
        return [json.loads(line) for line in open(os.environ["RECORDS"])]
    except FileNotFoundError:
        return []
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response over HTTP."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)

    def cookies(self) -> dict[str, str]:
        cookies = [SimpleCookie(value) for key, value in self.headers if key == "Set-Cookie"]
        return {name: morsel.value for cookie in cookies for name, morsel in cookie.items()}


class App:
    """A function app in its own folder. The source is appended to some imports and `app`."""

    def __init__(
        self, folder: Path, source: str, extensions: Mapping[str, Any] | None = None, **host_json: Any
    ) -> None:
        self.folder = folder
        self.file = folder / "function_app.py"
        self.file.write_text(_PREAMBLE + textwrap.dedent(source))
        self.host_json = folder / "host.json"
        self.host_json.write_text(json.dumps({"version": "2.0", "extensions": extensions or {}, **host_json}))

    @property
    def records(self) -> list[dict[str, Any]]:
        """What its functions have recorded so far."""
        file = self.folder / "records"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def command(self, *options: str) -> list[str]:
        command = [sys.executable, "-m", "local.host", "--app", str(self.file), "--host-json", str(self.host_json)]
        return [*command, *(["--port", "0"] if "--port" not in options else []), *options]

    def settings(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {"RECORDS": str(self.folder / "records"), **settings}

    @contextmanager
    def process(self, *options: str, **settings: str) -> Iterator[Process]:
        """Start the host. Its start may succeed or fail."""
        with started(self.command(*options), self.folder / "host.log", self.settings(settings)) as process:
            yield process

    @contextmanager
    def running(self, *options: str, **settings: str) -> Iterator["Host"]:
        """Start the host. Its start must succeed."""
        with self.process(*options, **settings) as process:
            assert process.message.get("ready"), process.message
            yield Host(process)


class Host:
    """A host that is ready."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.port: int = process.message["port"]

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
