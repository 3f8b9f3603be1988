import signal
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from tests.local.host.apps import App
from tests.local.host.emulators import Queue, make_bus_connection, service_bus_process
from tests.local.host.processes import wait_until

TRIGGER = """
@app.service_bus_queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="BUS")
"""
COUNTS = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    record(body=json.loads(message.get_body()), delivery=message.delivery_count)
"""
RAISES = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    record(delivery=message.delivery_count)
    raise ValueError("never")
"""
RAISES_ONCE = f"""
{TRIGGER}
def work(message: func.ServiceBusMessage) -> None:
    record(delivery=message.delivery_count)
    if len(read_records()) == 1:
        raise ValueError("once")
"""
RETURNS = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage):
    record(delivery=message.delivery_count)
    return "done" if len(read_records()) == 1 else None
"""
CONCURRENT = f"""
running = 0
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    global running
    running += 1
    await asyncio.sleep(0.3)
    record(running=running)
    running -= 1
"""
# The first delivery takes WORK_S seconds, which may be longer than the lock.
SLOW_AT_FIRST = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    record(began=message.delivery_count)
    if message.delivery_count == 1:
        await asyncio.sleep(float(os.environ["WORK_S"]))
    record(ended=message.delivery_count)
"""
RELEASED = f"""
{TRIGGER}
async def work(message: func.ServiceBusMessage) -> None:
    record(began=True)
    while not os.path.exists(os.environ["RECORDS"] + ".go"):
        await asyncio.sleep(0.01)
    record(ended=True)
"""


def test_a_function_receives_the_message_and_completes_it(tmp_path: Path, queue: Queue) -> None:
    app = App(
        tmp_path,
        f"""
        {TRIGGER.strip()}
        async def work(message: func.ServiceBusMessage, context: func.Context) -> None:
            names = ["message_id", "delivery_count", "content_type", "correlation_id", "sequence_number", "subject"]
            received = {{name: getattr(message, name) for name in names}}
            record(
                **received,
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
        [received] = wait_until(lambda: app.records)
        wait_until(lambda: not queue.peek())
    assert received.pop("enqueued").startswith("20")
    assert received == {
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
    assert not queue.peek_dead_letters()


def test_ten_failures_end_in_the_dead_letter_queue(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RAISES)
    with app.running(**queue.settings()):
        [dead] = wait_until(queue.peek_dead_letters)
    assert [entry["delivery"] for entry in app.records] == list(range(1, 11))
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert not queue.peek()


def test_a_failed_message_is_redelivered_at_once(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RAISES_ONCE)
    with app.running(**queue.settings()):
        wait_until(lambda: not queue.peek())
    assert [entry["delivery"] for entry in app.records] == [1, 2]


def test_a_function_that_returns_a_value_has_failed(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RETURNS)
    with app.running(**queue.settings()) as host:
        wait_until(lambda: not queue.peek())
        assert "work returned str" in host.process.log
    assert [entry["delivery"] for entry in app.records] == [1, 2]


def test_host_json_limits_the_concurrent_calls(tmp_path: Path, queue: Queue) -> None:
    queue.send(*range(9))
    app = App(tmp_path, CONCURRENT, {"serviceBus": {"maxConcurrentCalls": 3}})
    with app.running(**queue.settings()):
        wait_until(lambda: len(app.records) == 9)
        wait_until(lambda: not queue.peek())
    assert max(entry["running"] for entry in app.records) == 3


@pytest.mark.exhaustive
def test_the_lock_is_renewed_while_the_function_runs(tmp_path: Path, queue_with_short_locks: Queue) -> None:
    queue_with_short_locks.send(1)
    app = App(tmp_path, SLOW_AT_FIRST)
    with app.running(**queue_with_short_locks.settings(), WORK_S="5"):
        wait_until(lambda: not queue_with_short_locks.peek())
    assert app.records == [{"began": 1}, {"ended": 1}]


def test_a_message_whose_lock_expires_is_redelivered(tmp_path: Path, queue_with_short_locks: Queue) -> None:
    queue_with_short_locks.send(1)
    app = App(tmp_path, SLOW_AT_FIRST, {"serviceBus": {"maxAutoLockRenewalDuration": "00:00:00"}})
    with app.running(**queue_with_short_locks.settings(), WORK_S="4.5") as host:
        wait_until(lambda: {"ended": 1} in app.records)
        wait_until(lambda: "could not be settled" in host.process.log)
        wait_until(lambda: not queue_with_short_locks.peek())
    assert app.records == [{"began": 1}, {"began": 2}, {"ended": 2}, {"ended": 1}]


@pytest.mark.exhaustive
def test_another_host_receives_the_message_of_a_killed_host(tmp_path: Path, queue_with_short_locks: Queue) -> None:
    queue_with_short_locks.send(1)
    app = App(tmp_path, SLOW_AT_FIRST)
    with app.running(**queue_with_short_locks.settings(), WORK_S="60") as host:
        wait_until(lambda: app.records)
        host.process.process.send_signal(signal.SIGKILL)
    with app.running(**queue_with_short_locks.settings(), WORK_S="60"):
        wait_until(lambda: not queue_with_short_locks.peek())
    assert app.records == [{"began": 1}, {"began": 2}, {"ended": 2}]


@pytest.mark.exhaustive
def test_a_busy_host_leaves_messages_to_another_host(tmp_path: Path, queue: Queue) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (App(folder, RELEASED, {"serviceBus": {"maxConcurrentCalls": 1}}) for folder in folders)
    with one.running(**queue.settings()), two.running(**queue.settings()):
        queue.send(1)
        wait_until(lambda: one.records or two.records)
        queue.send(2)
        wait_until(lambda: one.records and two.records)
        for folder in folders:
            (folder / "records.go").touch()
        wait_until(lambda: not queue.peek())
    assert one.records == two.records == [{"began": True}, {"ended": True}]


def test_every_message_is_delivered_twice_on_request(tmp_path: Path, queue: Queue) -> None:
    queue.send("a", "b")
    app = App(tmp_path, COUNTS, {"serviceBus": {"maxConcurrentCalls": 1}})
    with app.running("--every-event-twice", **queue.settings()):
        wait_until(lambda: not queue.peek())
    assert [(entry["body"], entry["delivery"]) for entry in app.records] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_a_stopping_host_finishes_and_completes_its_message(tmp_path: Path, queue: Queue) -> None:
    queue.send(1)
    app = App(tmp_path, RELEASED)
    with app.running(**queue.settings()) as host:
        wait_until(lambda: app.records)
        host.process.process.terminate()
        (tmp_path / "records.go").touch()
        assert host.process.wait() == 0
    assert app.records == [{"began": True}, {"ended": True}]
    assert not queue.peek()


def test_the_host_reconnects_after_an_outage(tmp_path: Path, topology: Path, unused_tcp_port: int) -> None:
    queue = Queue(make_bus_connection(unused_tcp_port), "long-0")
    app = App(tmp_path, COUNTS)
    # The broker is down at first, starts, stops, and starts again.
    with app.running(**queue.settings()):
        for turn in ("first", "second"):
            with service_bus_process(topology, tmp_path, unused_tcp_port):
                queue.send(turn)
                wait_until(lambda: not queue.peek())
    assert [entry["body"] for entry in app.records] == ["first", "second"]


@pytest.mark.exhaustive
def test_a_receiver_gets_more_messages_than_a_session_has_room_for(queue: Queue) -> None:
    """The AMQP library of the emulator keeps up to 2,048 deliveries of a session that are not settled."""
    count = 2_100
    for _ in range(3):
        queue.send(*range(count // 3))
    received = 0
    with (
        ServiceBusClient.from_connection_string(queue.connection) as client,
        client.get_queue_receiver(queue.name) as receiver,
    ):
        while messages := receiver.receive_messages(100, 2):
            for message in messages:
                receiver.complete_message(message)
            received += len(messages)
    assert received == count
