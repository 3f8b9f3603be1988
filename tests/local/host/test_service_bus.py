import signal
from pathlib import Path

from azure.servicebus import ServiceBusMessage

from tests.local.host.apps import App
from tests.local.host.emulators import Queue, bus_connection, service_bus_process
from tests.local.host.processes import until

TRIGGER = """
@app.service_bus_queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="BUS")
"""
COUNTS = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    say(body=json.loads(message.get_body()), delivery=message.delivery_count)
"""
RAISES = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    say(delivery=message.delivery_count)
    raise ValueError("never")
"""
RAISES_ONCE = f"""
{TRIGGER}
def work(message: func.ServiceBusMessage) -> None:
    say(delivery=message.delivery_count)
    if len(said()) == 1:
        raise ValueError("once")
"""
RETURNS = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage):
    say(delivery=message.delivery_count)
    return "done" if len(said()) == 1 else None
"""
AT_ONCE = f"""
running = 0
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    global running
    running += 1
    await asyncio.sleep(0.3)
    say(running=running)
    running -= 1
"""
# The first delivery takes as long as WORK_S says, which a lock may or may not survive.
SLOW_AT_FIRST = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    say(began=message.delivery_count)
    if message.delivery_count == 1:
        await asyncio.sleep(float(os.environ["WORK_S"]))
    say(ended=message.delivery_count)
"""
RELEASED = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    say(began=True)
    while not os.path.exists(os.environ["SAID"] + ".go"):
        await asyncio.sleep(0.01)
    say(ended=True)
"""


def test_gives_the_message_and_completes_it(tmp_path: Path, queue: Queue) -> None:
    app = App(
        tmp_path,
        f"""
        {TRIGGER.strip()}
        async def work(message: func.ServiceBusMessage, context: func.Context) -> None:
            names = ["message_id", "delivery_count", "content_type", "correlation_id", "sequence_number", "subject"]
            given = {{name: getattr(message, name) for name in names}}
            say(
                **given,
                body=message.get_body().hex(),
                properties=[message.application_properties, message.user_properties],
                enqueued=message.enqueued_time_utc.isoformat(),
                locked=message.locked_until > message.enqueued_time_utc,
                token=bool(message.lock_token),
                function=context.function_name,
            )
        """,
    )
    sent = ServiceBusMessage(b"\x00\xff", message_id="m1", content_type="a/b", correlation_id="c1", subject="s1")
    sent.application_properties = {"attempt": 3, "kind": "late"}
    queue.send(sent)
    with app.running(**queue.settings()):
        [given] = until(lambda: app.said)
        until(lambda: not queue.waiting())
    assert given.pop("enqueued").startswith("20")
    assert given == {
        "message_id": "m1",
        "delivery_count": 1,
        "content_type": "a/b",
        "correlation_id": "c1",
        "sequence_number": 1,
        "subject": "s1",
        "body": "00ff",
        "properties": [{"attempt": 3, "kind": "late"}] * 2,
        "locked": True,
        "token": True,
        "function": "work",
    }
    assert not queue.dead()


def test_ten_failures_end_in_the_dead_letter_queue(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RAISES)
    with app.running(**queue.settings()):
        [dead] = until(queue.dead)
    assert [said["delivery"] for said in app.said] == list(range(1, 11))
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert not queue.waiting()


def test_a_failed_message_is_back_at_once(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RAISES_ONCE)
    with app.running(**queue.settings()):
        until(lambda: not queue.waiting())
    assert [said["delivery"] for said in app.said] == [1, 2]


def test_a_function_that_returns_something_has_failed(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RETURNS)
    with app.running(**queue.settings()) as host:
        until(lambda: not queue.waiting())
        assert "work returned str" in host.process.log
    assert [said["delivery"] for said in app.said] == [1, 2]


def test_runs_as_many_at_once_as_host_json_says(tmp_path: Path, queue: Queue) -> None:
    queue.send(*range(9))
    app = App(tmp_path, AT_ONCE, {"serviceBus": {"maxConcurrentCalls": 3}})
    with app.running(**queue.settings()):
        until(lambda: len(app.said) == 9)
        until(lambda: not queue.waiting())
    assert max(said["running"] for said in app.said) == 3


def test_renews_the_lock_while_the_function_runs(tmp_path: Path, queue_with_short_locks: Queue) -> None:
    queue_with_short_locks.send(1)
    app = App(tmp_path, SLOW_AT_FIRST)
    with app.running(**queue_with_short_locks.settings(), WORK_S="5"):
        until(lambda: not queue_with_short_locks.waiting())
    assert app.said == [{"began": 1}, {"ended": 1}]


def test_a_message_whose_lock_expires_comes_again(tmp_path: Path, queue_with_short_locks: Queue) -> None:
    queue_with_short_locks.send(1)
    app = App(tmp_path, SLOW_AT_FIRST, {"serviceBus": {"maxAutoLockRenewalDuration": "00:00:00"}})
    with app.running(**queue_with_short_locks.settings(), WORK_S="4.5") as host:
        until(lambda: {"ended": 1} in app.said)
        until(lambda: "could not be settled" in host.process.log)
        until(lambda: not queue_with_short_locks.waiting())
    assert app.said == [{"began": 1}, {"began": 2}, {"ended": 2}, {"ended": 1}]


def test_another_host_takes_over_from_one_that_was_killed(tmp_path: Path, queue_with_short_locks: Queue) -> None:
    queue_with_short_locks.send(1)
    app = App(tmp_path, SLOW_AT_FIRST)
    with app.running(**queue_with_short_locks.settings(), WORK_S="60") as host:
        until(lambda: app.said)
        host.process.process.send_signal(signal.SIGKILL)
    with app.running(**queue_with_short_locks.settings(), WORK_S="60"):
        until(lambda: not queue_with_short_locks.waiting())
    assert app.said == [{"began": 1}, {"began": 2}, {"ended": 2}]


def test_a_host_without_room_leaves_messages_to_another(tmp_path: Path, queue: Queue) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (App(folder, RELEASED, {"serviceBus": {"maxConcurrentCalls": 1}}) for folder in folders)
    with one.running(**queue.settings()), two.running(**queue.settings()):
        queue.send(1)
        until(lambda: one.said or two.said)
        queue.send(2)
        until(lambda: one.said and two.said)
        for folder in folders:
            (folder / "said.go").touch()
        until(lambda: not queue.waiting())
    assert one.said == two.said == [{"began": True}, {"ended": True}]


def test_everything_twice(tmp_path: Path, queue: Queue) -> None:
    queue.send("a", "b")
    app = App(tmp_path, COUNTS, {"serviceBus": {"maxConcurrentCalls": 1}})
    with app.running("--every-event-twice", **queue.settings()):
        until(lambda: not queue.waiting())
    assert [(said["body"], said["delivery"]) for said in app.said] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_at_its_end_lets_a_message_end_and_completes_it(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RELEASED)
    with app.running(**queue.settings()) as host:
        until(lambda: app.said)
        host.process.process.terminate()
        (tmp_path / "said.go").touch()
        assert host.process.ended() == 0
    assert app.said == [{"began": True}, {"ended": True}]
    assert not queue.waiting()


def test_connects_anew_when_the_broker_is_back(tmp_path: Path, topology: Path, unused_tcp_port: int) -> None:
    queue = Queue(bus_connection(unused_tcp_port), "long-0")
    app = App(tmp_path, COUNTS)
    # The broker is away at first, comes, goes, and comes again.
    with app.running(**queue.settings()):
        for turn in ("first", "second"):
            with service_bus_process(topology, tmp_path, unused_tcp_port):
                queue.send(turn)
                until(lambda: not queue.waiting())
    assert [said["body"] for said in app.said] == ["first", "second"]
