import logging
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.local.host.apps import App
from tests.local.host.processes import started, wait_until
from tests.tiers import choose

HELLO = """
@app.route("hello")
def hello(req: func.HttpRequest) -> str:
    return "hello"
"""
HANGS = """
@app.route("hangs")
def hangs(req: func.HttpRequest) -> str:
    record(begun=True)
    time.sleep(60)
    return ""
"""
RELEASED = """
@app.route("slow")
async def slow(req: func.HttpRequest) -> str:
    record(begun=True)
    while not os.path.exists(os.environ["RECORDS"] + ".go"):
        await asyncio.sleep(0.01)
    return "done"
"""
NO_SETTING = """
@app.timer_trigger(arg_name="timer", schedule="%WHEN%")
def tick(timer: func.TimerRequest) -> None: ...
"""
NO_CONNECTION = """
@app.service_bus_queue_trigger(arg_name="message", queue_name="work", connection="NOWHERE")
def work(message: func.ServiceBusMessage) -> None: ...
"""
UNKNOWN_BINDING = """
@app.queue_trigger(arg_name="message", queue_name="work", connection="NOWHERE")
def work(message: func.QueueMessage) -> None: ...
"""
TOPIC = """
@app.service_bus_topic_trigger(arg_name="message", topic_name="t", subscription_name="s", connection="RECORDS")
def work(message: func.ServiceBusMessage) -> None: ...
"""
NO_EVENT_GRID = """
@app.blob_trigger(arg_name="blob", path="results/{name}", connection="RECORDS")
def take(blob: func.InputStream) -> None: ...
"""
REQUIRES_KEY = """
@app.route("hello", auth_level=func.AuthLevel.FUNCTION)
def hello(req: func.HttpRequest) -> str: ...
"""
RESERVED = """
@app.route("Administrators/{id}")
def hello(req: func.HttpRequest) -> str: ...
"""
SAME_ROUTE = """
@app.route("things/{id}", methods=["GET", "PUT"])
def one(req: func.HttpRequest) -> str: ...

@app.route("Things/{ID}/", methods=["PUT"])
def two(req: func.HttpRequest) -> str: ...
"""
SAME_NAME = """
@app.route("one")
def hello(req: func.HttpRequest) -> str: ...

@app.route("two")
def hello(req: func.HttpRequest) -> str: ...
"""
UNRESOLVED_HINT = """
@app.route("hello")
def hello(req: "Request") -> str: ...
"""
OTHER_PARAMETER = """
@app.route("hello")
def hello(req: func.HttpRequest, services: object) -> str: ...
"""
OTHER_HINT = """
@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def tick(timer: func.HttpRequest) -> None: ...
"""
UNION_HINT = """
@app.route("hello")
def hello(req: func.HttpRequest | None) -> str: ...
"""
OTHER_RETURN = """
@app.route("hello")
def hello(req: func.HttpRequest) -> func.HttpResponse | str: ...
"""
OTHER_CONTEXT = """
@app.route("hello")
def hello(req: func.HttpRequest, context: object) -> str: ...
"""
BAD_SCHEDULE = """
@app.timer_trigger(arg_name="timer", schedule="every now and then")
def tick(timer: func.TimerRequest) -> None: ...
"""


def test_the_host_prints_its_port(tmp_path: Path) -> None:
    with App(tmp_path, HELLO).running() as host:
        assert host.process.message == {"ready": True, "port": host.port}
        assert host.call("GET", "/api/hello").body == b"hello"


def test_a_port_in_use_is_reported_with_exit_code_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with App(tmp_path, HELLO).process("--port", str(port)) as process:
            assert process.message == {"error": f"port {port} is in use"}
            assert process.wait() == 3


# Apps that Azure's worker refuses, and apps that its host refuses.
BY_THE_WORKER = [
    ("other = app", "must bind exactly one name to a FunctionApp; it binds 2."),
    ("del app", "must bind exactly one name to a FunctionApp; it binds 0."),
    (SAME_NAME, "does not have a unique function name"),
    (UNRESOLVED_HINT, "A type hint of 'hello' cannot be resolved"),
    (OTHER_PARAMETER, "must be its bindings (req), but they are: req, services."),
    (OTHER_HINT, "The type hint of 'timer' of 'tick' does not match a timerTrigger"),
    (UNION_HINT, "The type hint of 'req' of 'hello' does not match a httpTrigger"),
    (OTHER_RETURN, "The return type of 'hello' must be HttpResponse or str"),
    (OTHER_CONTEXT, "The type hint of 'context' of 'hello' must be Context"),
]
BY_THE_HOST = [
    (NO_SETTING, "'tick' needs the app setting WHEN, but it is missing."),
    (NO_CONNECTION, "'work' needs the connection NOWHERE, but that app setting is missing."),
    (UNKNOWN_BINDING, "has the binding 'queueTrigger', which this host does not support."),
    (TOPIC, "this host supports queues without sessions"),
    (NO_EVENT_GRID, "'take' needs the source EventGrid"),
    (REQUIRES_KEY, "'hello' requires a function key"),
    (RESERVED, "begins with a reserved word."),
    (SAME_ROUTE, "'one' and 'two' have the same route and method."),
    (BAD_SCHEDULE, "The schedule of 'tick' must have six fields"),
]


@pytest.mark.parametrize(("source", "sentence"), choose(BY_THE_WORKER + BY_THE_HOST, one_in=5))
def test_an_app_that_azure_refuses_is_refused(tmp_path: Path, source: str, sentence: str) -> None:
    with App(tmp_path, source).process() as process:
        assert sentence in process.message["error"]
        assert process.wait() == 1


def test_an_invalid_time_span_in_host_json_is_refused(tmp_path: Path) -> None:
    with App(tmp_path, HELLO, functionTimeout="soon").process() as process:
        assert process.message == {"error": "'soon' is not a time span of the form hh:mm:ss."}


def test_the_host_stops_when_stdin_closes(tmp_path: Path) -> None:
    with App(tmp_path, HELLO).running() as host:
        host.process.close_stdin()
        assert host.process.wait() == 0


def test_the_host_stops_when_its_parent_is_killed(tmp_path: Path) -> None:
    app = App(tmp_path, HELLO)
    parent = (
        "import json, subprocess, sys, time\n"
        "host = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(json.dumps({'pid': host.pid, **json.loads(host.stdout.readline())}), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", parent, *app.command()]
    with started(command, tmp_path / "host.log", app.settings({})) as process:
        pid = process.message["pid"]
        process.process.kill()
        try:
            wait_until(lambda: not _is_running(pid))
        finally:
            if _is_running(pid):
                os.kill(pid, signal.SIGKILL)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_stopping_host_finishes_a_request_and_accepts_no_other(tmp_path: Path) -> None:
    app = App(tmp_path, RELEASED)
    with app.running() as host, socket.create_connection(("127.0.0.1", host.port)) as client:
        client.sendall(b"GET /api/slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: app.records)
        host.process.process.terminate()
        wait_until(lambda: _is_refused(host.port))
        (tmp_path / "records.go").touch()
        assert client.makefile("rb").read().endswith(b"done")
        assert host.process.wait() == 0


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_function_that_hangs_does_not_keep_the_host_from_stopping(tmp_path: Path) -> None:
    app = App(tmp_path, HANGS)
    with app.running() as host, socket.create_connection(("127.0.0.1", host.port)) as client:
        client.sendall(b"GET /api/hangs HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: app.records)
        host.process.process.terminate()
        assert host.process.process.wait(10) == 0


def test_calls_and_their_results_are_logged_without_secrets(tmp_path: Path) -> None:
    app = App(
        tmp_path,
        """
        @app.route("good")
        async def good(req: func.HttpRequest) -> str:
            return "fine"

        @app.route("bad")
        async def bad(req: func.HttpRequest) -> str:
            raise KeyError("what is wrong")
        """,
    )
    with app.running() as host:
        assert host.call("POST", "/api/good?sig=secret", b"secret", {"Authorization": "secret"}).status == 200
        assert host.call("POST", "/api/bad?sig=secret", b"secret", {"Authorization": "secret"}).status == 500
        log = host.process.log
    assert logging.getLevelName(logging.INFO) in log
    assert log.count("good ") == 1
    assert " succeeded in " in log
    assert log.count("Traceback") == 1
    assert log.count("KeyError: 'what is wrong'") == 1
    assert "secret" not in log
