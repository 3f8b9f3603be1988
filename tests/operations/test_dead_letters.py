import base64
import json
import re
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.messages import DispatchMessage, ImportMessage
from tests.operations.conftest import (
    ENDED,
    CommandResult,
    Site,
    run_dead_letters,
    run_dead_letters_process,
    wait_until,
)

NO_DEAD_LETTERS = CommandResult(0, "There are no dead letters.\n", "")
RESULT_PREFIX = "/blobServices/default/containers/results/blobs/"


async def wait_for_dead_letter(site: Site, batch_id: UUID) -> str:
    """Wait until the batch has a dead letter. Return its line of the list."""
    await wait_until(lambda: site.has_dead_letter(batch_id))
    (line,) = (line for line in (await site.run_dead_letters("list")).out.splitlines() if str(batch_id) in line)
    return line


def parse_id(line: str) -> str:
    return line.split(maxsplit=1)[0]


async def test_an_exchange_without_dead_letters(site: Site) -> None:
    settings = ("--settings", str(site.settings))
    assert await run_dead_letters_process("list", *settings) == NO_DEAD_LETTERS
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS
    assert await site.run_dead_letters("resend", "--all") == NO_DEAD_LETTERS


async def test_a_message_that_failed_ten_times_is_resent_and_handled(site: Site) -> None:
    batch_id = uuid4()
    await site.services.queues.send(ImportMessage(batch_id))
    line = await wait_for_dead_letter(site, batch_id)
    assert re.fullmatch(rf"import/\d+ +{batch_id} +20[-0-9]+ [:0-9]+ +10 +MaxDeliveryCountExceeded", line)
    now = time.time()
    await site.create_batch(batch_id, uuid4(), status=BatchStatus.IMPORTING, delivered_at=now, due_at=now + 3600)
    assert await site.run_dead_letters("resend", "--all") == CommandResult(0, f"{parse_id(line)}: resent\n", "")

    async def imported() -> bool:
        error = (await site.load_batch(batch_id)).error
        return error == "The result file was deleted before the import, so nothing was imported."

    await wait_until(imported)
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS


async def test_one_message_is_resent_and_the_others_stay(site: Site) -> None:
    batch_ids = [uuid4() for _ in range(3)]
    lines = []
    for batch_id in batch_ids:
        await site.services.queues.send(DispatchMessage(batch_id, 1))
        lines.append(await wait_for_dead_letter(site, batch_id))
        await site.create_batch(batch_id, uuid4(), **ENDED)
    assert await site.run_dead_letters("resend", parse_id(lines[1])) == CommandResult(
        0, f"{parse_id(lines[1])}: resent\n", ""
    )
    assert [parse_id(line) for line in (await site.run_dead_letters("list")).out.splitlines()[1:]] == [
        parse_id(lines[0]),
        parse_id(lines[2]),
    ]
    again = await site.run_dead_letters("resend", parse_id(lines[1]), parse_id(lines[2]))
    assert again.code == 1
    assert again.out.splitlines() == [
        f"{parse_id(lines[2])}: resent",
        f"{parse_id(lines[1])}: not resent. The dead letter does not exist, or another process is handling it.",
    ]
    assert await site.run_dead_letters("resend", "--all", "--queue", "import") == NO_DEAD_LETTERS
    assert (await site.run_dead_letters("resend", "--all", "--queue", "dispatch")).code == 0
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS


async def test_a_message_that_fails_again_becomes_a_new_dead_letter(site: Site) -> None:
    batch_id = uuid4()
    await site.services.queues.send(ImportMessage(batch_id))
    first = parse_id(await wait_for_dead_letter(site, batch_id))
    assert (await site.run_dead_letters("resend", "--all")).out == f"{first}: resent\n"
    second = parse_id(await wait_for_dead_letter(site, batch_id))
    assert second != first
    await site.create_batch(batch_id, uuid4(), **ENDED)
    assert (await site.run_dead_letters("resend", second)).code == 0
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS


async def test_an_upload_in_the_poison_queue_is_validated(site: Site) -> None:
    batch_id, reference_id = await site.add_to_poison_queue()
    line = await wait_for_dead_letter(site, batch_id)
    assert line.startswith("blobs/")
    # The batch does not exist yet. The dead letter stays and can be resent at once.
    assert await site.run_dead_letters("resend", "--all") == CommandResult(
        1, f"{parse_id(line)}: not resent. The batch request does not exist.\n", ""
    )
    await site.create_batch(batch_id, reference_id, status=BatchStatus.ACCEPTED)
    assert await site.run_dead_letters("resend", parse_id(line)) == CommandResult(0, f"{parse_id(line)}: resent\n", "")
    validation = (await site.load_batch(batch_id)).validation
    assert validation is not None
    assert (validation.entries, validation.accepted) == (1, 1)
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS


async def test_only_the_named_upload_is_validated_from_text_and_from_base64(site: Site) -> None:
    (first, _), (second, reference_id) = await site.add_to_poison_queue(), await site.add_to_poison_queue()
    message = json.dumps({"ContainerName": "results", "BlobName": f"{second}.jsonl"})
    await site.connections.poison_queue.client.send_message(base64.b64encode(message.encode()).decode())
    await site.create_batch(first, uuid4(), status=BatchStatus.ACCEPTED)
    await site.create_batch(second, reference_id, status=BatchStatus.ACCEPTED)
    ids = [parse_id(line) for line in (await site.run_dead_letters("list")).out.splitlines() if str(second) in line]
    assert len(ids) == 2
    for letter_id in ids:
        assert (await site.run_dead_letters("resend", letter_id)).code == 0
    assert (await site.load_batch(second)).validation is not None
    assert (await site.load_batch(first)).validation is None
    assert str(first) in (await site.run_dead_letters("list")).out
    assert (await site.run_dead_letters("resend", "--all", "--queue", "blobs")).code == 0
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS


async def test_an_upload_whose_event_was_not_delivered_is_validated(site: Site) -> None:
    batch_id, reference_id = await site.add_to_poison_queue()
    await site.create_batch(batch_id, reference_id, status=BatchStatus.ACCEPTED)
    letter_id = await site.add_event_dead_letter(f"{RESULT_PREFIX}{batch_id}.jsonl")
    (line,) = (await site.run_dead_letters("list", "--queue", "events")).out.splitlines()[1:]
    assert line.startswith(f"{letter_id}  {batch_id}  20")
    assert line.endswith("30        MaxDeliveryAttemptsExceeded")
    assert await site.run_dead_letters("resend", letter_id) == CommandResult(0, f"{letter_id}: resent\n", "")
    assert (await site.load_batch(batch_id)).validation is not None
    # The message about the same upload in the poison queue has no further effect.
    assert (await site.run_dead_letters("resend", "--all")).code == 0
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS


async def test_a_dead_letter_with_several_events_is_removed_after_the_last(site: Site) -> None:
    (first, reference_id), unknown = await site.add_to_poison_queue(), uuid4()
    await site.create_batch(first, reference_id, status=BatchStatus.ACCEPTED)
    letter_id = await site.add_event_dead_letter(
        f"{RESULT_PREFIX}{first}.jsonl", f"{RESULT_PREFIX}{unknown}.jsonl", f"{RESULT_PREFIX}no-result"
    )
    assert f"{first}, {unknown}" in (await site.run_dead_letters("list")).out
    result = await site.run_dead_letters("resend", "--all")
    assert f"{letter_id}: not resent. The batch request does not exist." in result.out
    assert result.code == 1
    assert (await site.load_batch(first)).validation is not None
    await site.create_batch(unknown, uuid4(), **ENDED)
    assert (await site.run_dead_letters("resend", letter_id)).code == 0
    assert await site.run_dead_letters("list") == NO_DEAD_LETTERS


async def test_an_event_of_another_container_is_not_resent(site: Site) -> None:
    letter_id = await site.add_event_dead_letter("/blobServices/default/containers/results2/blobs/x")
    result = await site.run_dead_letters("resend", "--all")
    assert result == CommandResult(
        1, f"{letter_id}: not resent. It has events that are not about blobs of the container 'results'.\n", ""
    )
    await site.connections.blobs.blob("dead-letters", letter_id.removeprefix("events/")).delete_blob()


async def test_the_stats_in_the_log_count_dead_letters(site: Site) -> None:
    letter_id = await site.add_event_dead_letter(f"{RESULT_PREFIX}x")

    async def is_logged() -> bool:
        return bool(
            re.search(r"stats: open=\d+ received=.* event_dead_letters=1$", site.stack.log("host"), re.MULTILINE)
        )

    await wait_until(is_logged)
    assert (await site.run_dead_letters("resend", letter_id)).code == 0


async def test_sources_that_cannot_be_reached_are_reported(site: Site, tmp_path: Path, unused_tcp_port: int) -> None:
    unreachable = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{unused_tcp_port}", site.settings.read_text())
    (tmp_path / "unreachable.json").write_text(unreachable)
    result = await run_dead_letters("list", "--settings", str(tmp_path / "unreachable.json"))
    assert (result.code, result.out) == (1, "")
    assert sorted(result.err.splitlines()) == [
        "blobs: The store of the poison queue cannot be reached.",
        "dispatch: The queue 'dispatch' cannot be reached (ServiceBusConnectionError).",
        "events: The store of the dead-letter container cannot be reached.",
        "import: The queue 'import' cannot be reached (ServiceBusConnectionError).",
        "notify: The queue 'notify' cannot be reached (ServiceBusConnectionError).",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resend",), "name the dead letters to resend"),
        (("resend", "--all", "dispatch/3"), "name the dead letters to resend"),
        (("resend", "--queue", "import", "dispatch/3"), "leave --queue out"),
        (("resend", "3"), "is not the id of a dead letter, such as dispatch/3"),
        (("list", "--settings", "/nowhere.json"), "/nowhere.json is not a readable settings file"),
    ],
)
async def test_wrong_arguments_are_reported(arguments: tuple[str, ...], message: str) -> None:
    result = await run_dead_letters(*arguments)
    assert result.code in {1, 2}
    assert message in result.err
