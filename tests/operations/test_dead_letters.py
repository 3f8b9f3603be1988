import base64
import json
import re
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.messages import DispatchMessage, ImportMessage
from tests.operations.conftest import ENDED, Said, Site, typed, until

NOTHING = Said(0, "There are no dead letters.\n", "")
UPLOADED = "/blobServices/default/containers/results/blobs/"


async def listed(site: Site, batch_id: UUID) -> str:
    """Wait until the batch has a dead letter; return its line."""
    found: list[str] = []

    async def look() -> bool:
        found[:] = [line for line in (await site.dead_letters("list")).out.splitlines() if str(batch_id) in line]
        return bool(found)

    await until(look)
    return found[0]


def id_in(line: str) -> str:
    return line.split(maxsplit=1)[0]


async def test_nothing_there(site: Site) -> None:
    assert await site.dead_letters("list") == NOTHING
    assert await site.dead_letters("resend", "--all") == NOTHING


async def test_an_order_that_failed_ten_times_is_sent_again_and_does_its_work(site: Site) -> None:
    batch_id = uuid4()
    await site.services.queues.send(ImportMessage(batch_id))
    line = await listed(site, batch_id)
    assert re.fullmatch(rf"import/\d+ +{batch_id} +20[-0-9]+ [:0-9]+ +10 +MaxDeliveryCountExceeded", line)
    now = time.time()
    await site.create(batch_id, uuid4(), status=BatchStatus.IMPORTING, delivered_at=now, due_at=now + 3600)
    assert await site.dead_letters("resend", "--all") == Said(0, f"{id_in(line)}: sent again\n", "")

    async def imported() -> bool:
        return (await site.batch(batch_id)).error == "The result file is gone: nothing was imported."

    await until(imported)
    assert await site.dead_letters("list") == NOTHING


async def test_one_is_sent_again_and_the_others_stay(site: Site) -> None:
    batch_ids = [uuid4() for _ in range(3)]
    lines = []
    for batch_id in batch_ids:
        await site.services.queues.send(DispatchMessage(batch_id, 1))
        lines.append(await listed(site, batch_id))
        await site.create(batch_id, uuid4(), **ENDED)
    assert await site.dead_letters("resend", id_in(lines[1])) == Said(0, f"{id_in(lines[1])}: sent again\n", "")
    assert [id_in(line) for line in (await site.dead_letters("list")).out.splitlines()[1:]] == [
        id_in(lines[0]),
        id_in(lines[2]),
    ]
    again = await site.dead_letters("resend", id_in(lines[1]), id_in(lines[2]))
    assert again.code == 1
    assert again.out.splitlines() == [
        f"{id_in(lines[2])}: sent again",
        f"{id_in(lines[1])}: left. There is no such dead letter, or somebody else has it in hand.",
    ]
    assert await site.dead_letters("resend", "--all", "--queue", "import") == NOTHING
    assert (await site.dead_letters("resend", "--all", "--queue", "dispatch")).code == 0
    assert await site.dead_letters("list") == NOTHING


async def test_an_order_that_fails_again_comes_back(site: Site) -> None:
    batch_id = uuid4()
    await site.services.queues.send(ImportMessage(batch_id))
    first = id_in(await listed(site, batch_id))
    assert (await site.dead_letters("resend", "--all")).out == f"{first}: sent again\n"
    second = id_in(await listed(site, batch_id))
    assert second != first
    await site.create(batch_id, uuid4(), **ENDED)
    assert (await site.dead_letters("resend", second)).code == 0
    assert await site.dead_letters("list") == NOTHING


async def test_a_poisoned_upload_is_validated(site: Site) -> None:
    batch_id, reference_id = await site.poison()
    line = await listed(site, batch_id)
    assert line.startswith("blobs/")
    # The batch is not there yet: the letter stays, and can be had again at once.
    assert await site.dead_letters("resend", "--all") == Said(
        1, f"{id_in(line)}: left. There is no such batch request.\n", ""
    )
    await site.create(batch_id, reference_id, status=BatchStatus.ACCEPTED)
    assert await site.dead_letters("resend", id_in(line)) == Said(0, f"{id_in(line)}: sent again\n", "")
    validation = (await site.batch(batch_id)).validation
    assert validation is not None
    assert (validation.entries, validation.accepted) == (1, 1)
    assert await site.dead_letters("list") == NOTHING


async def test_of_poisoned_uploads_one_alone_is_validated_however_the_host_wrote_it(site: Site) -> None:
    (first, _), (second, reference_id) = await site.poison(), await site.poison()
    word = json.dumps({"ContainerName": "results", "BlobName": f"{second}.jsonl"})
    await site.connections.poison.client.send_message(base64.b64encode(word.encode()).decode())
    await site.create(first, uuid4(), status=BatchStatus.ACCEPTED)
    await site.create(second, reference_id, status=BatchStatus.ACCEPTED)
    ids = [id_in(line) for line in (await site.dead_letters("list")).out.splitlines() if str(second) in line]
    assert len(ids) == 2
    for one in ids:
        assert (await site.dead_letters("resend", one)).code == 0
    assert (await site.batch(second)).validation is not None
    assert (await site.batch(first)).validation is None
    assert str(first) in (await site.dead_letters("list")).out
    assert (await site.dead_letters("resend", "--all", "--queue", "blobs")).code == 0
    assert await site.dead_letters("list") == NOTHING


async def test_an_upload_whose_event_never_came_is_validated(site: Site) -> None:
    batch_id, reference_id = await site.poison()
    await site.create(batch_id, reference_id, status=BatchStatus.ACCEPTED)
    letter = await site.lose(f"{UPLOADED}{batch_id}.jsonl")
    (line,) = (await site.dead_letters("list", "--queue", "events")).out.splitlines()[1:]
    assert line.startswith(f"{letter}  {batch_id}  20")
    assert line.endswith("30     MaxDeliveryAttemptsExceeded")
    assert await site.dead_letters("resend", letter) == Said(0, f"{letter}: sent again\n", "")
    assert (await site.batch(batch_id)).validation is not None
    # The poisoned event of the same upload is still there, and has nothing left to do.
    assert (await site.dead_letters("resend", "--all")).code == 0
    assert await site.dead_letters("list") == NOTHING


async def test_a_letter_with_several_events_goes_when_all_of_them_are_done_with(site: Site) -> None:
    (first, reference_id), unknown = await site.poison(), uuid4()
    await site.create(first, reference_id, status=BatchStatus.ACCEPTED)
    letter = await site.lose(f"{UPLOADED}{first}.jsonl", f"{UPLOADED}{unknown}.jsonl", f"{UPLOADED}no-result")
    assert f"{first}, {unknown}" in (await site.dead_letters("list")).out
    said = await site.dead_letters("resend", "--all")
    assert f"{letter}: left. There is no such batch request." in said.out
    assert said.code == 1
    assert (await site.batch(first)).validation is not None
    await site.create(unknown, uuid4(), **ENDED)
    assert (await site.dead_letters("resend", letter)).code == 0
    assert await site.dead_letters("list") == NOTHING


async def test_a_letter_about_something_else_is_left(site: Site) -> None:
    letter = await site.lose("/blobServices/default/containers/results2/blobs/x")
    said = await site.dead_letters("resend", "--all")
    assert said == Said(1, f"{letter}: left. It is not about blobs of the container 'results' alone.\n", "")
    await site.connections.blobs.blob("dead-letters", letter.removeprefix("events/")).delete_blob()


async def test_the_log_says_each_minute_how_the_exchange_is(site: Site) -> None:
    letter = await site.lose(f"{UPLOADED}x")

    async def told() -> bool:
        return bool(re.search(r"vitals: \d+ open \(received .* 1 events undelivered", site.stack.log("host")))

    await until(told)
    assert (await site.dead_letters("resend", letter)).code == 0


async def test_what_can_not_be_reached_is_said_in_a_sentence(site: Site, tmp_path: Path, unused_tcp_port: int) -> None:
    away = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{unused_tcp_port}", site.settings.read_text())
    (tmp_path / "away.json").write_text(away)
    said = await typed("list", "--settings", str(tmp_path / "away.json"))
    assert (said.code, said.out) == (1, "")
    assert sorted(said.err.splitlines()) == [
        "blobs: The store of the poison queue can't be reached.",
        "dispatch: The queue 'dispatch' can't be reached (ServiceBusConnectionError).",
        "events: The store of the container of dead letters can't be reached.",
        "import: The queue 'import' can't be reached (ServiceBusConnectionError).",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("resend",), "say which"),
        (("resend", "--all", "dispatch/3"), "say which"),
        (("resend", "--queue", "import", "dispatch/3"), "leave --queue out"),
        (("resend", "3"), "they are like dispatch/3"),
        (("list", "--settings", "/nowhere.json"), "/nowhere.json is no file of settings"),
    ],
)
async def test_what_was_typed_wrongly_is_said(arguments: tuple[str, ...], words: str) -> None:
    said = await typed(*arguments)
    assert said.code in {1, 2}
    assert words in said.err
    assert "Traceback" not in said.err
