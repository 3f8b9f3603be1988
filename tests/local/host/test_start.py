import logging
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.local.host.apps import App
from tests.local.host.processes import started, until

HELLO = """
@app.route("hello")
def hello(req: func.HttpRequest) -> str:
    return "hello"
"""
HANGS = """
@app.route("hangs")
def hangs(req: func.HttpRequest) -> str:
    say(begun=True)
    time.sleep(60)
    return ""
"""
RELEASED = """
@app.route("slow")
async def slow(req: func.HttpRequest) -> str:
    say(begun=True)
    while not os.path.exists(os.environ["SAID"] + ".go"):
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
@app.service_bus_topic_trigger(arg_name="message", topic_name="t", subscription_name="s", connection="SAID")
def work(message: func.ServiceBusMessage) -> None: ...
"""
NO_EVENT_GRID = """
@app.blob_trigger(arg_name="blob", path="results/{name}", connection="SAID")
def take(blob: func.InputStream) -> None: ...
"""
WANTS_KEY = """
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
HINT_FOR_CHECKERS = """
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
NO_TYPE = """
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


def test_says_where_it_listens(tmp_path: Path) -> None:
    with App(tmp_path, HELLO).running() as host:
        assert host.process.said == {"ready": True, "port": host.port}
        assert host.call("GET", "/api/hello").body == b"hello"


def test_port_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with App(tmp_path, HELLO).process("--port", str(port)) as process:
            assert process.said == {"error": f"port {port} is taken"}
            assert process.ended() == 3


# What the worker refuses, and what the host.
BY_THE_WORKER = [
    ("other = app", "must bind exactly one name to a FunctionApp; it binds 2."),
    ("del app", "must bind exactly one name to a FunctionApp; it binds 0."),
    (SAME_NAME, "does not have a unique function name"),
    (HINT_FOR_CHECKERS, "A hint of 'hello' can't be resolved"),
    (OTHER_PARAMETER, "must be named as its bindings, req; they are req, services."),
    (OTHER_HINT, "The hint of 'timer' of 'tick' does not fit a timerTrigger"),
    (NO_TYPE, "The hint of 'req' of 'hello' does not fit a httpTrigger"),
    (OTHER_RETURN, "What 'hello' returns must be an HttpResponse or a str"),
    (OTHER_CONTEXT, "The hint of 'context' of 'hello' must be Context"),
]
BY_THE_HOST = [
    (NO_SETTING, "'tick' needs the app setting WHEN, which is missing."),
    (NO_CONNECTION, "'work' needs the connection NOWHERE: that app setting is missing."),
    (UNKNOWN_BINDING, "has the binding 'queueTrigger', which this host does not know."),
    (TOPIC, "this host knows queues without sessions"),
    (NO_EVENT_GRID, "'take' needs the source EventGrid"),
    (WANTS_KEY, "'hello' wants a function key"),
    (RESERVED, "begins with a word that the host reserves."),
    (SAME_ROUTE, "'one' and 'two' have the same route and method."),
    (BAD_SCHEDULE, "'tick' has no schedule of six fields"),
]


@pytest.mark.parametrize(("source", "sentence"), BY_THE_WORKER + BY_THE_HOST)
def test_refuses_what_azure_refuses(tmp_path: Path, source: str, sentence: str) -> None:
    with App(tmp_path, source).process() as process:
        assert sentence in process.said["error"]
        assert process.ended() == 1


def test_refuses_a_host_json_that_it_can_not_read(tmp_path: Path) -> None:
    with App(tmp_path, HELLO, functionTimeout="soon").process() as process:
        assert process.said == {"error": "'soon' is no time span of the form hh:mm:ss."}


def test_ends_when_stdin_ends(tmp_path: Path) -> None:
    with App(tmp_path, HELLO).running() as host:
        host.process.close_stdin()
        assert host.process.ended() == 0


def test_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    app = App(tmp_path, HELLO)
    parent = (
        "import json, subprocess, sys, time\n"
        "host = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(json.dumps({'pid': host.pid, **json.loads(host.stdout.readline())}), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", parent, *app.command()]
    with started(command, tmp_path / "host.log", app.settings({})) as process:
        pid = process.said["pid"]
        process.process.kill()
        try:
            until(lambda: not _lives(pid))
        finally:
            if _lives(pid):
                os.kill(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_lets_a_request_end_and_takes_no_other(tmp_path: Path) -> None:
    app = App(tmp_path, RELEASED)
    with app.running() as host, socket.create_connection(("127.0.0.1", host.port)) as client:
        client.sendall(b"GET /api/slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: app.said)
        host.process.process.terminate()
        until(lambda: _refuses(host.port))
        (tmp_path / "said.go").touch()
        assert client.makefile("rb").read().endswith(b"done")
        assert host.process.ended() == 0


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_function_that_hangs_does_not_hold_the_end(tmp_path: Path) -> None:
    app = App(tmp_path, HANGS)
    with app.running() as host, socket.create_connection(("127.0.0.1", host.port)) as client:
        client.sendall(b"GET /api/hangs HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: app.said)
        host.process.process.terminate()
        assert host.process.process.wait(10) == 0


def test_logs_calls_and_their_outcome_but_nothing_that_is_secret(tmp_path: Path) -> None:
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
