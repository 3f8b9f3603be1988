"""Listing and resending dead letters, and listing failed deliveries."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from exchange.contract.operations import (
    DeadLetterQueue,
    DeadLetterResendIn,
    DeadLetterResendResult,
    DeadLettersQuery,
)
from exchange.contract.webhooks import DeliveryState
from exchange.domain.dead_letters import DeadLetter, ResendResult
from exchange.domain.messages import ValidateMessage
from exchange.ports import Revalidate, StoredWebhooks
from exchange.use_cases import resend_dead_letters
from exchange.use_cases.list_failed_deliveries import list_failed_deliveries
from exchange.use_cases.read_dead_letters import read_dead_letters
from exchange.use_cases.resend_dead_letters import resend
from tests.fakes import FakeDeadLetterStore
from tests.fakes.world import START
from tests.ports.test_webhook_store import a_delivery, a_webhook
from tests.unit.use_cases.conftest import OPERATOR, Exchange

DISPATCH, BLOBS, EVENTS = DeadLetterQueue.DISPATCH, DeadLetterQueue.BLOBS, DeadLetterQueue.EVENTS


async def run(exchange: Exchange, **request: Any) -> DeadLetterResendResult:
    return await resend(DeadLetterResendIn(**request), OPERATOR, exchange.services)


def errors(answer: DeadLetterResendResult) -> dict[str, str | None]:
    return {result.id: result.error for result in answer.results}


class TestListing:
    async def test_dead_letters_are_listed_queue_by_queue(self, exchange: Exchange) -> None:
        one, several = uuid4(), (uuid4(), uuid4())
        exchange.dead_letters[DISPATCH].add(DeadLetter(name="3", batch_ids=(one,), attempts=10, reason="r"))
        exchange.dead_letters[EVENTS].add(DeadLetter(name="a/b.json", batch_ids=several))
        found = await read_dead_letters(DeadLettersQuery(), exchange.services)
        first, second = found.dead_letters
        assert (first.id, first.queue, first.attempts, first.reason) == ("dispatch/3", "dispatch", 10, "r")
        assert (first.batch_request_id, first.batch_request_ids) == (one, None)
        assert (second.id, second.batch_request_id) == ("events/a/b.json", several[0])
        assert second.batch_request_ids == list(several)
        assert (found.truncated, found.unreachable) == (False, [])
        only = await read_dead_letters(DeadLettersQuery(queue=EVENTS), exchange.services)
        assert only.dead_letters == [second]

    async def test_more_than_the_limit_are_not_shown(self, exchange: Exchange) -> None:
        for queue in (DISPATCH, BLOBS):
            exchange.dead_letters[queue].add_many(2)
        for limit, shown, truncated in ((1, 1, True), (3, 3, True), (4, 4, False)):
            found = await read_dead_letters(DeadLettersQuery(limit=limit), exchange.services)
            assert (len(found.dead_letters), found.truncated) == (shown, truncated)

    async def test_a_queue_that_cannot_be_read_is_named(self, exchange: Exchange) -> None:
        exchange.dead_letters[DISPATCH].add_many(1)
        exchange.dead_letters[BLOBS].down = True
        found = await read_dead_letters(DeadLettersQuery(), exchange.services)
        assert len(found.dead_letters) == 1
        assert [(part.queue, part.reason) for part in found.unreachable] == [
            (BLOBS, "The dead letters cannot be reached.")
        ]


class TestRequest:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"all": False},
            {"ids": None},
            {"ids": ["dispatch/3"], "all": True},
            {"ids": ["dispatch/3"], "queue": "dispatch"},
            {"queue": "dispatch"},
            {"ids": []},
            {"ids": ["3"]},
            {"ids": ["dispatch/"]},
            {"ids": ["other/3"]},
            {"ids": ["events/a\nb"]},
            {"ids": ["dispatch/3"] * 101},
            {"all": True, "queue": "other"},
        ],
    )
    def test_anything_else_than_ids_or_all_is_refused(self, body: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            DeadLetterResendIn.model_validate(body)


class TestResending:
    async def test_the_named_messages_are_sent_and_the_others_stay(
        self, exchange: Exchange, caplog: pytest.LogCaptureFixture
    ) -> None:
        first, second = exchange.dead_letters[DISPATCH].add_many(2)
        with caplog.at_level(logging.INFO):
            answer = await run(exchange, ids=[f"dispatch/{second}", "import/7", f"dispatch/{second}"])
        missing = "The dead letter does not exist, or another process is handling it."
        assert errors(answer) == {f"dispatch/{second}": None, "import/7": missing}
        assert (answer.remaining, answer.unreachable) == (False, [])
        assert exchange.dead_letters[DISPATCH].sent == [second]
        assert list(exchange.dead_letters[DISPATCH].letters) == [first]
        assert caplog.messages == [
            f"dead letter dispatch/{second}: resent by {OPERATOR.id}",
            f"dead letter import/7: not resent by {OPERATOR.id}",
        ]
        # Repeating it changes nothing.
        assert errors(await run(exchange, ids=[f"dispatch/{second}"])) == {f"dispatch/{second}": missing}

    async def test_the_upload_of_an_event_is_validated_by_a_message(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        exchange.queues.sent.clear()
        exchange.dead_letters[BLOBS].add(DeadLetter(name="a", batch_ids=(batch_id,)))
        exchange.dead_letters[EVENTS].add(DeadLetter(name="b", batch_ids=(batch_id,)))
        assert errors(await run(exchange, all=True)) == {"blobs/a": None, "events/b": None}
        assert exchange.queues.sent == [ValidateMessage(batch_id, START)] * 2

    async def test_an_upload_without_a_batch_stays(self, exchange: Exchange) -> None:
        exchange.dead_letters[BLOBS].add(DeadLetter(name="a", batch_ids=(uuid4(),)))
        assert errors(await run(exchange, all=True)) == {"blobs/a": "The batch request does not exist."}
        assert len(exchange.dead_letters[BLOBS].letters) == 1
        assert exchange.queues.sent == []

    async def test_a_queue_that_cannot_be_reached_does_not_hold_up_the_others(self, exchange: Exchange) -> None:
        exchange.dead_letters[DISPATCH].down = True
        exchange.dead_letters[EVENTS].add_many(1)
        answer = await run(exchange, all=True)
        assert errors(answer) == {"events/1": None}
        reason = "The dead letters cannot be reached."
        assert [(part.queue, part.reason) for part in answer.unreachable] == [(DISPATCH, reason)]
        assert errors(await run(exchange, ids=["dispatch/1"])) == {"dispatch/1": reason}

    async def test_an_outage_while_a_message_is_sent_keeps_the_event(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        exchange.dead_letters[BLOBS].add(DeadLetter(name="a", batch_ids=(batch_id,)))
        exchange.queues.down = True
        answer = await run(exchange, all=True)
        assert (answer.results, [part.queue for part in answer.unreachable]) == ([], [BLOBS])
        assert len(exchange.dead_letters[BLOBS].letters) == 1

    async def test_a_call_resends_at_most_100(self, exchange: Exchange) -> None:
        exchange.dead_letters[DISPATCH].add_many(70)
        exchange.dead_letters[EVENTS].add_many(70)
        answer = await run(exchange, all=True)
        assert (len(answer.results), answer.remaining) == (100, True)
        answer = await run(exchange, all=True)
        assert (len(answer.results), answer.remaining) == (40, False)

    async def test_only_the_queue_is_resent_that_is_named(self, exchange: Exchange) -> None:
        exchange.dead_letters[DISPATCH].add_many(1)
        exchange.dead_letters[EVENTS].add_many(1)
        assert errors(await run(exchange, all=True, queue=EVENTS)) == {"events/1": None}

    async def test_nothing_is_started_after_the_time_for_it(self, exchange: Exchange) -> None:
        class Slow(FakeDeadLetterStore):
            async def resend(
                self, names: Collection[str] | None, revalidate: Revalidate
            ) -> AsyncGenerator[ResendResult, None]:
                async for result in super().resend(names, revalidate):
                    exchange.clock.now += 10
                    yield result

        slow = Slow(sends=True)
        exchange.dead_letters[DISPATCH] = slow
        names = slow.add_many(5)
        answer = await run(exchange, ids=[*(f"dispatch/{name}" for name in names), "import/1"])
        time_over = "There was no time for it. Resend it again."
        assert list(errors(answer).values()) == [None, None, None, time_over, time_over, time_over]
        assert answer.remaining
        assert len(slow.letters) == 2

    async def test_a_queue_that_does_not_answer_is_given_up(
        self, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Silent(FakeDeadLetterStore):
            async def resend(
                self, names: Collection[str] | None, revalidate: Revalidate
            ) -> AsyncGenerator[ResendResult, None]:
                await asyncio.Event().wait()
                async for result in super().resend(names, revalidate):
                    yield result

        monkeypatch.setattr(resend_dead_letters, "_END_WITHIN_S", 0.01)
        exchange.dead_letters[DISPATCH] = Silent(sends=True)
        answer = await run(exchange, all=True)
        assert (answer.results, answer.remaining) == ([], True)


class TestFailedDeliveries:
    async def test_the_url_is_shown_without_what_may_be_secret(self, exchange: Exchange) -> None:
        webhook = a_webhook(url="https://user:word@hooks.test:8443/secret?token=t")
        await exchange.webhooks.replace(StoredWebhooks("o", (webhook,), etag=""))
        answer = {"calls_started": 10, "http_status": 503, "reason": "HTTP 503", "called_at": START}
        kept = a_delivery(webhook.id, state=DeliveryState.FAILED, **answer)
        gone = a_delivery(uuid4(), state=DeliveryState.FAILED, created_at=START + 1)
        for delivery in (kept, gone, a_delivery(webhook.id)):
            await exchange.webhook_deliveries.create(delivery)
        found = await list_failed_deliveries(2, exchange.services)
        assert [(item.id, item.url_host) for item in found.deliveries] == [(gone.id, None), (kept.id, "hooks.test")]
        assert not found.truncated
        last = found.deliveries[1]
        assert (last.webhook_id, last.batch_request_id, last.event) == (webhook.id, kept.batch_id, "batch.ended")
        assert (last.attempts, last.http_status, last.reason) == (10, 503, "HTTP 503")
        shown = found.model_dump_json()
        assert not [part for part in ("word", "8443", "secret", "token") if part in shown]
        assert (await list_failed_deliveries(1, exchange.services)).truncated
