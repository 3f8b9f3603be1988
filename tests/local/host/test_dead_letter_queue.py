"""The dead-letter queues of the Service Bus emulator, tested with the real SDK."""

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiver, ServiceBusSubQueue

from tests.local.host.emulators import Queue

REASON, DESCRIPTION = b"DeadLetterReason", b"DeadLetterErrorDescription"


def open_dead_letters(client: ServiceBusClient, queue: Queue) -> ServiceBusReceiver:
    return client.get_queue_receiver(queue.name, sub_queue=ServiceBusSubQueue.DEAD_LETTER)


def dead_letter(client: ServiceBusClient, queue: Queue, *bodies: str) -> None:
    """Send messages and move each to the dead-letter queue."""
    queue.send(*(ServiceBusMessage(body, application_properties={"kept": 1}) for body in bodies))
    with client.get_queue_receiver(queue.name) as receiver:
        for _ in bodies:
            (message,) = receiver.receive_messages(1, 5)
            receiver.dead_letter_message(message, reason="odd", error_description="as it is")


def test_a_dead_letter_has_its_reason(queue: Queue) -> None:
    with ServiceBusClient.from_connection_string(queue.connection) as client:
        dead_letter(client, queue, "a")
        with open_dead_letters(client, queue) as receiver:
            (message,) = receiver.receive_messages(1, 5)
            assert (str(message), message.dead_letter_reason) == ("a", "odd")
            assert message.dead_letter_error_description == "as it is"
            assert message.application_properties == {b"kept": 1, REASON: b"odd", DESCRIPTION: b"as it is"}
            receiver.complete_message(message)
    assert not queue.peek_dead_letters()


def test_a_dead_letter_has_its_delivery_count(queue: Queue) -> None:
    queue.send("a")
    with (
        ServiceBusClient.from_connection_string(queue.connection) as client,
        client.get_queue_receiver(queue.name) as receiver,
    ):
        for _ in range(10):
            (message,) = receiver.receive_messages(1, 5)
            receiver.abandon_message(message)
    (dead,) = queue.peek_dead_letters()
    assert (dead.delivery_count, dead.dead_letter_reason) == (10, "MaxDeliveryCountExceeded")


def test_an_abandoned_dead_letter_stays_in_the_dead_letter_queue(queue: Queue) -> None:
    with ServiceBusClient.from_connection_string(queue.connection) as client:
        dead_letter(client, queue, "a")
        for _ in range(12):
            with open_dead_letters(client, queue) as receiver:
                (message,) = receiver.receive_messages(1, 5)
                receiver.abandon_message(message)
    assert len(queue.peek_dead_letters()) == 1


@pytest.mark.parametrize("count", [1, 2])
def test_a_receiver_locks_only_the_messages_that_it_requested(queue: Queue, count: int) -> None:
    with ServiceBusClient.from_connection_string(queue.connection) as client:
        dead_letter(client, queue, "a", "b", "c", "d")
        with open_dead_letters(client, queue) as first_receiver, open_dead_letters(client, queue) as second_receiver:
            first, second = first_receiver.receive_messages(count, 5), second_receiver.receive_messages(count, 5)
            assert [str(message) for message in first + second] == ["a", "b", "c", "d"][: 2 * count]
