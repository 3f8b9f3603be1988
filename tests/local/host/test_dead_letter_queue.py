"""The dead-letter queues of the emulator, as the real SDK sees them."""

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiver, ServiceBusSubQueue

from tests.local.host.emulators import Queue

REASON, DESCRIPTION = b"DeadLetterReason", b"DeadLetterErrorDescription"


def dead_letters(client: ServiceBusClient, queue: Queue) -> ServiceBusReceiver:
    return client.get_queue_receiver(queue.name, sub_queue=ServiceBusSubQueue.DEAD_LETTER)


def die(client: ServiceBusClient, queue: Queue, *bodies: str) -> None:
    """Send messages, and dead-letter each."""
    queue.send(*(ServiceBusMessage(body, application_properties={"kept": 1}) for body in bodies))
    with client.get_queue_receiver(queue.name) as receiver:
        for _ in bodies:
            (message,) = receiver.receive_messages(1, 5)
            receiver.dead_letter_message(message, reason="odd", error_description="as it is")


def test_a_dead_letter_says_why(queue: Queue) -> None:
    with ServiceBusClient.from_connection_string(queue.connection) as client:
        die(client, queue, "a")
        with dead_letters(client, queue) as receiver:
            (message,) = receiver.receive_messages(1, 5)
            assert (str(message), message.dead_letter_reason) == ("a", "odd")
            assert message.dead_letter_error_description == "as it is"
            assert message.application_properties == {b"kept": 1, REASON: b"odd", DESCRIPTION: b"as it is"}
            receiver.complete_message(message)
    assert not queue.dead()


def test_a_dead_letter_says_how_often_it_was_delivered(queue: Queue) -> None:
    queue.send("a")
    with (
        ServiceBusClient.from_connection_string(queue.connection) as client,
        client.get_queue_receiver(queue.name) as receiver,
    ):
        for _ in range(10):
            (message,) = receiver.receive_messages(1, 5)
            receiver.abandon_message(message)
    (dead,) = queue.dead()
    assert (dead.delivery_count, dead.dead_letter_reason) == (10, "MaxDeliveryCountExceeded")


def test_a_dead_letter_that_is_given_back_stays_one(queue: Queue) -> None:
    with ServiceBusClient.from_connection_string(queue.connection) as client:
        die(client, queue, "a")
        for _ in range(12):
            with dead_letters(client, queue) as receiver:
                (message,) = receiver.receive_messages(1, 5)
                receiver.abandon_message(message)
    assert len(queue.dead()) == 1


@pytest.mark.parametrize("room", [1, 2])
def test_a_receiver_locks_no_more_than_it_has_room_for(queue: Queue, room: int) -> None:
    with ServiceBusClient.from_connection_string(queue.connection) as client:
        die(client, queue, "a", "b", "c", "d")
        with dead_letters(client, queue) as one, dead_letters(client, queue) as other:
            first, second = one.receive_messages(room, 5), other.receive_messages(room, 5)
            assert [str(message) for message in first + second] == ["a", "b", "c", "d"][: 2 * room]
