"""An exchange that answers with prepared JSON, for commands that only read."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

BATCHES = "/references/enhancement/batch/"


def make_id(number: int) -> str:
    return str(UUID(int=number, version=4))


@dataclass
class FakeExchange:
    """`answers` has the body of each path: bytes, or JSON. `paths` has what was requested."""

    answers: dict[str, Any] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    url: str = ""

    def add_batch(self, batch_id: str, *enhancements: dict[str, Any]) -> None:
        """Add a completed batch that added these enhancements."""
        files = f"/files/{batch_id}.jsonl"
        self.answers[files] = b"".join(json.dumps(item).encode() + b"\n" for item in enhancements)
        self.answers[f"{BATCHES}{batch_id}"] = {
            "id": batch_id,
            "robot_id": make_id(1 << 40),
            "reference_ids": None,
            "request_status": "completed",
            "enhancements_url": f"{self.url}{files}",
        }

    def list_batches(self, *batch_ids: str) -> None:
        """Let the list have these batches."""
        summary = {"robot_id": make_id(1 << 40), "request_status": "completed", "created_at": "2026-05-04T12:00:00Z"}
        listed = [{"id": batch_id, "references": 1, **summary} for batch_id in batch_ids]
        self.answers[BATCHES] = {"batch_requests": listed, "continuation": None}


@contextmanager
def running_exchange() -> Iterator[FakeExchange]:
    """Run the exchange in a thread."""
    exchange = FakeExchange()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            exchange.paths.append(path)
            answer = exchange.answers.get(path)
            body = (
                answer
                if isinstance(answer, bytes)
                else json.dumps({"detail": "Not found."} if answer is None else answer).encode()
            )
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        exchange.url = f"http://127.0.0.1:{server.server_port}"
        exchange.answers["/robots/"] = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield exchange
        finally:
            server.shutdown()
            thread.join()
