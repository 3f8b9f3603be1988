"""The world around the use cases: processes that handle messages and events, the sweep's timer, and the robot."""

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from exchange.contract.batches import BatchCancellationIn, BatchEnhancementRequestIn, BatchRetryIn
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import BatchRobotRequest, BatchRobotResult, Delivery, Robot
from exchange.contract.webhooks import DeliveryState, WebhookEvent
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.callers import CallingRobot, Role, User
from exchange.domain.errors import Conflict, ExchangeError, InputRejected, NotFound, ResultMissing, Unavailable
from exchange.domain.limits import Limits
from exchange.domain.messages import (
    DispatchMessage,
    ImportMessage,
    Message,
    NotifyMessage,
    ValidateMessage,
    WebhookMessage,
)
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.webhook_deliveries import WebhookAnswer, WebhookDelivery
from exchange.domain.webhooks import Webhook
from exchange.ports import StoredWebhooks
from exchange.use_cases.call_webhook import call_webhook
from exchange.use_cases.cancel_batch import cancel_batch
from exchange.use_cases.dispatch_batch import dispatch_batch
from exchange.use_cases.fetch_part import fetch_part
from exchange.use_cases.import_results import import_results
from exchange.use_cases.notify_webhooks import notify_webhooks
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.register_once import register_once
from exchange.use_cases.renew_lease import renew_lease
from exchange.use_cases.retry_batch import retry_batch
from exchange.use_cases.sweep import sweep
from exchange.use_cases.sweep_deliveries import sweep_deliveries
from exchange.use_cases.validate_upload import validate_upload
from functions.errors import ERROR_POLICIES
from tests.fakes.webhooks import Post
from tests.fakes.world import DEADLINES, START, World
from tests.results import annotation, jsonl
from tests.simulation.claims import Claims
from tests.simulation.faults import Plan
from tests.simulation.part_checks import PartChecks
from tests.simulation.ports import Calls, Killed, Unreliable, running_process
from tests.simulation.receivers import ReceiverBehaviour

# How long a message stays locked after the process that handles it has died.
LOCK_S = 60.0
# Shorter than the default of a day, which would be many sweeps without an effect.
ROBOT_SILENCE_LIMIT_S = 7200.0
# Fewer than the uploads of some robots.
EARLY_VALIDATIONS_LIMIT = 3
# Shorter than the defaults of days, for the same reason.
WEBHOOK_DELAYS_S = "5 30 60 60 120 120 300 300 300"
WEBHOOK_WAIT_LIMIT_S = 7200.0
FETCH_LIMIT_S = 5400.0
# The store refuses larger items, so that a short entry can be refused.
LARGEST_ITEM = 1000
MAX_MESSAGE_DELIVERIES = 10
MAX_EVENT_DELIVERIES = 5
SWEEP_INTERVAL_S = 60.0
# The robot's version if batch requests leave out references, and another version that does not count.
VERSION, OLDER_VERSION = "2", "1"
_NAMESPACE = UUID("7b1d1c9e-6d0f-4c57-9a53-0d2d3a5d9e01")
REQUESTOR = User("requestor", frozenset({Role.REQUESTOR}))
OTHER_REQUESTOR = User("other requestor", frozenset({Role.REQUESTOR}))
LIMITS = Limits(
    references_per_batch_limit=100,
    open_batches_limit=100,
    open_parts_limit=2,
    references_per_load_limit=100,
    result_rejected_entries_limit=100,
    result_file_limit_bytes=1 << 20,
    result_line_limit_bytes=1 << 12,
    import_chunk_entries=3,
    import_chunk_bytes=1 << 12,
)

EventDelays = Sequence[Sequence[float]]
"""For each upload, the delays of its blob events in seconds. An upload without delays has no event."""

RobotBehaviour = Callable[["Simulation", BatchRobotRequest, int], Awaitable[RobotAnswer]]


@dataclass(frozen=True, slots=True)
class ExpectedEntry:
    """An entry of a result, and what must become of it: `added`, `refused` by the store, or neither.

    `reference_id` is None if the line cannot be read.
    """

    line: Any
    reference_id: UUID | None = None
    added: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """A write of a batch. `before` is None for its creation."""

    at: float
    before: Batch | None
    after: Batch


@dataclass(slots=True)
class History:
    """What happened in a run, for the invariants."""

    writes: dict[UUID, list[Write]] = field(default_factory=dict)
    # The batches that were deleted, because they could not be counted after they were stored.
    withdrawn: set[UUID] = field(default_factory=set)
    # The uploads of each batch: time, ETag and entries.
    uploads: dict[UUID, list[tuple[float, str, Sequence[ExpectedEntry]]]] = field(default_factory=dict)
    # The robot's answers for each batch and their times, whether or not they arrived.
    answers: dict[UUID, list[tuple[float, RobotAnswer]]] = field(default_factory=dict)
    # The batches whose robot was told that its result counts.
    delivered: set[UUID] = field(default_factory=set)
    # When the first cancellation of each batch was confirmed.
    cancelled: dict[UUID, float] = field(default_factory=dict)
    # The users who were told of a batch with an idempotency key.
    told: set[tuple[str, UUID]] = field(default_factory=set)
    # The batches that a confirmed call has retried others as.
    retries: set[UUID] = field(default_factory=set)
    # The calls that arrived at webhooks, with their times. The exchange may not know that they did.
    posts: list[tuple[float, WebhookDelivery]] = field(default_factory=list)
    dead_letters: list[Message] = field(default_factory=list)
    lost_messages: int = 0
    unexpected_errors: list[BaseException] = field(default_factory=list)


class Simulation(World):
    """One run. The services are the fakes, and any of their calls may go wrong."""

    def __init__(self, plan: Plan, robot: RobotBehaviour, events: EventDelays, *, large_results: bool) -> None:
        update: dict[str, float | str] = {
            "robot_silence_limit_s": ROBOT_SILENCE_LIMIT_S,
            "early_validations_limit": EARLY_VALIDATIONS_LIMIT,
            "webhook_retry_delays_s": WEBHOOK_DELAYS_S,
            "webhook_wait_limit_s": WEBHOOK_WAIT_LIMIT_S,
            "fetch_limit_s": FETCH_LIMIT_S,
        }
        if large_results:
            update["small_result_limit_bytes"] = 0
        super().__init__(deadlines=DEADLINES.model_copy(update=update), limits=LIMITS)
        self.validation_claims = Claims(DEADLINES.validation_wait_s)
        self.part_checks = PartChecks(self.batches.items, LIMITS)
        self.calls = Calls(plan)
        self.history = History()
        self._behave = robot
        self._events = itertools.cycle(events)
        self._running: set[asyncio.Task[None]] = set()
        self._background: list[asyncio.Task[None]] = []
        self._robot_calls_made: dict[UUID, int] = {}
        self._ids = itertools.count()
        self._receivers: dict[UUID, ReceiverBehaviour] = {}
        self.robot_calls.behaviour = self._answer_call
        self.webhook_calls.behaviour = self._receive_event
        self._record_writes()
        self._record_reads()
        self._record_imports()
        unreliable: dict[str, Any] = {
            name: Unreliable(name, getattr(self, name), self.calls)
            for name in (
                *("batches", "robots", "references", "files", "results", "urls", "queues", "robot_calls"),
                *("webhooks", "webhook_deliveries", "webhook_calls"),
            )
        }
        self.services = replace(self.services, clock=self.time, new_id=self._new_id, **unreliable)
        self.queues.send = self._send  # type: ignore[method-assign] # the simulation delivers the messages
        self.results.clock = self.time
        self.references.largest_item = LARGEST_ITEM
        self.robot: Robot
        self.reference_ids: list[UUID] = []
        self.test_run = False
        # Those that a batch request does not leave out.
        self.selected_ids: list[UUID] = []
        self.earlier_enhancements: set[UUID] = set()

    def time(self) -> float:
        """Return the virtual time in seconds since the epoch."""
        return START + asyncio.get_running_loop().time()

    async def populate(
        self,
        references: int,
        receivers: Sequence[ReceiverBehaviour] = (),
        skipped: int | None = None,
        delivery: Delivery = Delivery.PUSH,
        max_references: int | None = None,
    ) -> None:
        """Register a robot, load references and create webhooks, without any faults.

        If `skipped` is set, so many of the references are to be skipped. The robot gets its jobs as `delivery` says,
        with at most `max_references` in each.
        """
        self._receivers = {self._new_id(): receiver for receiver in receivers}
        created = tuple(
            Webhook(id=item, url="https://hook.test", description="", events=tuple(WebhookEvent), created_at=START)
            for item in self._receivers
        )
        if created:
            await self.webhooks.replace(StoredWebhooks(REQUESTOR.id, created, etag=""))
        self.robot = Robot(
            id=self._new_id(),
            name="robot",
            base_url="https://robot.test",
            description="",
            owner="",
            delivery=delivery,
            max_references=max_references,
            version=None if skipped is None else VERSION,
        )
        await self.robots.create(self.robot)
        self.reference_ids = [await self.load(ReferenceFileInput()) for _ in range(references)]
        self.selected_ids = self.reference_ids[skipped or 0 :]
        if skipped is not None:
            self._enhance(self.reference_ids[:skipped], self.robot.id, VERSION)
            self._enhance(self.selected_ids[:1], self.robot.id, OLDER_VERSION)
            self._enhance(self.selected_ids[1:], self._new_id(), VERSION)

    def _enhance(self, reference_ids: Sequence[UUID], robot_id: UUID, version: str) -> None:
        for reference_id in reference_ids:
            enhancement_id = self._new_id()
            origin = {"id": str(enhancement_id), "robot_id": str(robot_id), "created_at": "2027-01-01T00:00:00Z"}
            self.references.put(annotation(reference_id, robot_version=version, **origin))
            self.earlier_enhancements.add(enhancement_id)

    async def request_batch(self) -> None:
        """Request a batch as a requestor does, who tries again a few times after an error or without an answer."""
        request = BatchEnhancementRequestIn(
            robot_id=self.robot.id,
            reference_ids=self.reference_ids,
            test_run=self.test_run,
            skip_enhanced=self.selected_ids != self.reference_ids,
        )

        async def register() -> None:
            await register_batch(request, REQUESTOR, self.services)

        for _ in range(4):
            if await self._run_in_process(register()):
                return
            await asyncio.sleep(5)
        if not self.batches.items:
            # Nothing was accepted. A run without a batch would prove nothing.
            await self.request_batch()

    async def request_with_a_key(self, user: User) -> None:
        """Request a batch, several times without an answer. All requests of all users have the same key."""
        request = BatchEnhancementRequestIn(robot_id=self.robot.id, reference_ids=self.reference_ids)
        registered = False

        async def register() -> None:
            nonlocal registered
            batch_id = (await register_once(request, "key", user, self.services)).batch.id
            self.history.told.add((user.id, batch_id))
            registered = True

        for _ in range(8):
            await self._run_in_process(register())
            if registered:
                return
            await asyncio.sleep(5)

    async def retry(self, times: int) -> None:
        """Retry each batch as soon as it has ended, with as many calls at the same time."""
        known: set[UUID] = set()
        while True:
            await asyncio.sleep(1)
            batches = [stored.batch for stored in self.batches.items.values()]
            ended = [batch for batch in batches if batch.ended and batch.part is None]
            for batch in ended:
                if batch.id not in known and batch.retry_of is None:
                    known.add(batch.id)
                    await asyncio.gather(*(self._retry(batch.id) for _ in range(times)))
            if ended and not self.list_open_batches():
                return

    async def _retry(self, batch_id: UUID) -> None:
        answered = False

        async def retry() -> None:
            nonlocal answered
            # Nothing may be left to retry.
            with suppress(Conflict):
                self.history.retries.add(
                    (await retry_batch(batch_id, BatchRetryIn(), REQUESTOR, self.services)).batch.id
                )
            answered = True

        for _ in range(8):
            await self._run_in_process(retry())
            if answered:
                return
            await asyncio.sleep(20)

    def list_requested(self, batch_id: UUID) -> Sequence[UUID]:
        """Return the references of a batch request or of a part that are not skipped."""
        batch = self.batches.items[batch_id].batch
        name = blob_names.manifest(batch.request_id, batch.manifest)
        if batch.selected is not None:
            name = blob_names.selected(batch.request_id, batch.selected)
        ids = [UUID(item) for item in json.loads(self.files.blobs[name])]
        if batch.part is None:
            return ids
        wanted = batch.part.range
        return ids[wanted.start : wanted.start + wanted.count]

    def list_stored(self, batch_id: UUID) -> list[Any]:
        """Return the enhancements that this batch or part has added."""
        items = self.references.enhancements.values()
        return [item for item in items if _label(item).startswith(str(batch_id))]

    def read_report(self, batch: Batch, name: str) -> bytes:
        """Read a blob of the report."""
        return self.files.blobs[f"{batch.id}/{batch.report}/{name}"]

    def cancel_at(self, call: str, delays: Sequence[float]) -> None:
        """Cancel every batch request after the first call of this port, once for each delay."""

        def observe(started: str) -> None:
            if started == call:
                self.calls.observe = lambda _call: None
                for delay in delays:
                    self.start(self._cancel_all(delay))

        self.calls.observe = observe

    async def _cancel_all(self, delay: float) -> None:
        await asyncio.sleep(delay)
        for batch_id in [stored.batch.id for stored in self.batches.items.values() if stored.batch.part is None]:
            if batch_id in self.batches.items:
                await self._cancel(batch_id)

    async def _cancel(self, batch_id: UUID) -> None:
        """Cancel a batch as its requestor does, who tries again until there is an answer."""
        users = {user.id: user for user in (REQUESTOR, OTHER_REQUESTOR)}
        user = users[self.batches.items[batch_id].batch.requestor]
        answered = False

        async def cancel() -> None:
            nonlocal answered
            # A refusal is a final answer too. The batch may be withdrawn meanwhile.
            with suppress(Conflict, NotFound):
                await cancel_batch(batch_id, BatchCancellationIn(reason="enough"), user, self.services)
                self.history.cancelled.setdefault(batch_id, self.time())
            answered = True

        for _ in range(8):
            await self._run_in_process(cancel())
            if answered:
                return
            await asyncio.sleep(20)

    async def upload(self, batch_id: UUID, entries: Sequence[ExpectedEntry]) -> None:
        """Upload a result as a robot does. Its blob events arrive with the delays of the scenario."""
        await self.results.put(batch_id, jsonl(*(entry.line for entry in entries)))
        current_upload = await self.results.find_upload(batch_id)
        assert current_upload is not None
        self.history.uploads.setdefault(batch_id, []).append((self.time(), current_upload.etag, entries))
        for delay in next(self._events):
            self.start(self._deliver_event(batch_id, delay))

    async def call_back(self, batch_id: UUID, robot: Robot, error: str | None = None) -> None:
        """Call back as a robot does, which tries again until it gets a final answer."""
        body = {"request_id": batch_id, "error": None if error is None else {"message": error}}
        result = BatchRobotResult.model_validate(body)
        answered = False

        async def call() -> None:
            nonlocal answered
            # A refusal is a final answer too.
            with suppress(Conflict, ResultMissing, InputRejected):
                await receive_callback(batch_id, result, CallingRobot(robot.id), self.services)
                if error is None:
                    self.history.delivered.add(batch_id)
            answered = True

        for _ in range(8):
            await self._run_in_process(call())
            if answered:
                return
            await asyncio.sleep(20)

    async def fetch(self, limit: int, lease_s: float) -> Batch | None:
        """Fetch a part as a robot does. Return None if there is no work, or no answer."""
        fetched: Batch | None = None

        async def fetch() -> None:
            nonlocal fetched
            fetched = await fetch_part(CallingRobot(self.robot.id), limit, lease_s, self.services)

        await self._run_in_process(fetch())
        if fetched is not None:
            self._note(self.part_checks.record_fetch, fetched)
        return fetched

    async def renew(self, part_id: UUID, lease_s: float) -> bool | None:
        """Renew a lease as a robot does. Return False if that is refused, and None if there is no answer."""
        renewed: bool | None = None
        lease = self.batches.items[part_id].batch.lease
        was_expired = lease is None or lease.until <= self.time()

        async def renew() -> None:
            nonlocal renewed
            try:
                until = await renew_lease(part_id, lease_s, CallingRobot(self.robot.id), self.services)
            except Conflict:
                renewed = False
            else:
                self._note(partial(self.part_checks.record_renewal, part_id, until, was_expired=was_expired))
                renewed = True

        if lease_s == 0:
            self.part_checks.record_return(part_id)
        await self._run_in_process(renew())
        return renewed

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run this work concurrently."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finish)
        return task

    def start_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this work concurrently, until the run ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.append(task)
        task.add_done_callback(self._finish)

    async def run_until_ended(self, within_s: float) -> None:
        """Sweep every minute until all batches have ended, their webhooks have the events, and no work is running.

        Raises AssertionError if that takes longer than `within_s`.
        """
        end = asyncio.get_running_loop().time() + within_s
        while self._running or self.list_open_batches() or self.list_pending_deliveries():
            if self.history.unexpected_errors:
                # The run has failed already.
                return
            if asyncio.get_running_loop().time() > end:
                open_batches = [f"{batch.id} {batch.phase}" for batch in self.list_open_batches()[:3]]
                pending = [f"{delivery.id}" for delivery in self.list_pending_deliveries()[:3]]
                raise AssertionError(f"not ended after {within_s / 3600:g} h: {open_batches} {pending}")
            await asyncio.sleep(SWEEP_INTERVAL_S)
            if self.list_open_batches() or self.list_pending_deliveries():
                self.start(self._sweep())

    def list_open_batches(self) -> list[Batch]:
        """Return the batches that have not ended, or whose webhooks are still to be notified."""
        batches = [stored.batch for stored in self.batches.items.values()]
        return [batch for batch in batches if not batch.ended or batch.notify_due]

    def list_pending_deliveries(self) -> list[WebhookDelivery]:
        """Return the deliveries to webhooks that have no end."""
        deliveries = [stored.delivery for stored in self.webhook_deliveries.items.values()]
        return [delivery for delivery in deliveries if delivery.state is DeliveryState.PENDING]

    def _finish(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.history.unexpected_errors.append(error)

    async def _run_in_process(self, work: Coroutine[Any, Any, None]) -> bool:
        """Run the work in a new process. Return False if the process died or a port was unavailable."""
        with running_process():
            try:
                await work
            except (Unavailable, Killed):
                return False
        return True

    async def _sweep(self) -> None:
        async def run() -> None:
            for work in (sweep, sweep_deliveries):
                try:
                    await work(self.services)
                except ExceptionGroup as group:
                    _, unexpected = group.split(ExchangeError)
                    if unexpected is not None:
                        raise unexpected from None

        await self._run_in_process(run())

    async def _send(self, message: Message) -> None:
        self.queues.sent.append(message)
        self._check_written_before_sent(message)
        deliver_at = (None if isinstance(message, ImportMessage | NotifyMessage) else message.deliver_at) or 0.0
        delays = self.calls.plan.choose_delays()
        self.history.lost_messages += not delays
        for delay in delays:
            self.start(self._deliver_message(message, max(0.0, deliver_at - self.time()) + delay))

    def _check_written_before_sent(self, message: Message) -> None:
        """Check that what is stored implies the message. Otherwise the sweep could not resend a lost message."""
        if isinstance(message, WebhookMessage):
            delivery = self.webhook_deliveries.items.get((message.webhook_id, message.delivery_id))
            is_written = delivery is not None and delivery.delivery.attempt >= message.attempt
        elif stored := self.batches.items.get(message.batch_id):
            match message:
                case DispatchMessage():
                    is_written = stored.batch.attempt >= message.attempt
                case NotifyMessage():
                    is_written = stored.batch.ended
                case _:
                    is_written = stored.batch.delivered_at is not None
        else:
            is_written = False
        if not is_written:
            error = AssertionError(f"{message} was sent before the state that requires it was written")
            self.history.unexpected_errors.append(error)

    async def _deliver_message(self, message: Message, delay: float) -> None:
        """Deliver the message until it is completed, or dead-letter it after the last delivery."""
        await asyncio.sleep(delay)
        for _ in range(MAX_MESSAGE_DELIVERIES):
            if await self._handle(self._process(message)):
                return
        self.history.dead_letters.append(message)

    def _process(self, message: Message) -> Coroutine[Any, Any, None]:
        match message:
            case DispatchMessage():
                return dispatch_batch(message.batch_id, message.attempt, self.services)
            case ValidateMessage():
                return validate_upload(message.batch_id, self.services)
            case ImportMessage():
                return import_results(message.batch_id, self.services)
            case NotifyMessage():
                return notify_webhooks(message.batch_id, self.services)
            case WebhookMessage():
                return call_webhook(message.webhook_id, message.delivery_id, message.attempt, self.services)

    async def _deliver_event(self, batch_id: UUID, delay: float) -> None:
        await asyncio.sleep(delay)
        for _ in range(MAX_EVENT_DELIVERIES):
            if await self._handle(validate_upload(batch_id, self.services)):
                return

    async def _handle(self, work: Coroutine[Any, Any, None]) -> bool:
        """Run the work as a trigger does. Return False if the message is to be redelivered.

        If the process dies, the message is redelivered after its lock expires.
        """
        with running_process():
            try:
                await work
            except ExchangeError as error:
                return not ERROR_POLICIES[type(error)].redeliver
            except Killed:
                await asyncio.sleep(LOCK_S)
                return False
        return True

    async def _answer_call(self, job: BatchRobotRequest) -> RobotAnswer:
        number = self._robot_calls_made[job.id] = self._robot_calls_made.get(job.id, 0) + 1
        self._note(self.part_checks.record_call, job.id)
        answer = await self._behave(self, job, number)
        self.history.answers.setdefault(job.id, []).append((self.time(), answer))
        return answer

    async def _receive_event(self, post: Post) -> WebhookAnswer:
        self.history.posts.append((self.time(), post.delivery))
        self._note(self._check_event, post.delivery)
        number = sum(delivery.id == post.delivery.id for _, delivery in self.history.posts)
        return self._receivers[post.delivery.webhook_id](number)

    def _check_event(self, delivery: WebhookDelivery) -> None:
        """Check that an event tells of an end that is stored, with the status that is stored."""
        assert delivery.batch_id is not None
        batch = self.batches.items[delivery.batch_id].batch
        assert batch.ended, "a webhook was told of an end that is not stored"
        assert json.loads(delivery.body)["data"]["request_status"] == batch.status, "a webhook got a wrong status"

    def _new_id(self) -> UUID:
        """Return the same ids in every run, because the delays of retries depend on them."""
        number = next(self._ids)
        return UUID(bytes=uuid5(_NAMESPACE, str(number)).bytes, version=4)

    def _record_writes(self) -> None:
        """Record each write of a batch that takes effect."""
        create, replace_batch, delete = self.batches.create, self.batches.replace, self.batches.delete

        async def create_and_record(batch: Batch) -> None:
            await create(batch)
            # A derived id may be used again.
            self.history.withdrawn.discard(batch.id)
            is_new = batch.id not in self.history.writes
            self.history.writes[batch.id] = [Write(self.time(), None, batch)]
            if is_new:
                self._note(self.part_checks.record_creation, batch, self.time())

        async def replace_and_record(batch: Batch, etag: str) -> str:
            before = (await self.batches.load(batch.id)).batch
            new_etag = await replace_batch(batch, etag)
            self._note(self.validation_claims.record_write, before, batch, self.time())
            uploaded_at = [at for at, *_ in self.history.uploads.get(batch.id, [])]
            self._note(self.part_checks.record_write, before, batch, self.time(), uploaded_at)
            self.history.writes[batch.id].append(Write(self.time(), before, batch))
            return new_etag

        async def delete_and_record(batch_id: UUID, etag: str) -> None:
            await delete(batch_id, etag)
            (creation,) = self.history.writes.pop(batch_id)
            assert creation.before is None
            self.history.withdrawn.add(batch_id)

        self.batches.create = create_and_record  # type: ignore[method-assign] # wraps the fake
        self.batches.replace = replace_and_record  # type: ignore[method-assign] # wraps the fake
        self.batches.delete = delete_and_record  # type: ignore[method-assign] # wraps the fake

    def _record_reads(self) -> None:
        """Check each read of an upload."""
        read = self.results.read

        async def check_and_read(batch_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
            self._note(self.validation_claims.check_read, batch_id, etag)
            async for piece in read(batch_id, etag):
                yield piece

        self.results.read = check_and_read  # type: ignore[method-assign] # wraps the fake

    def _record_imports(self) -> None:
        """Check each import of entries: it adds nothing to a batch request that has ended."""
        import_entries = self.references.import_entries

        async def import_and_check(*args: Any) -> AsyncGenerator[Any, None]:
            pieces = import_entries(*args)
            while True:
                known = set(self.references.enhancements)
                try:
                    piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                for enhancement_id in self.references.enhancements.keys() - known:
                    self._note(self.part_checks.record_import, self.references.enhancements[enhancement_id])
                yield piece

        self.references.import_entries = import_and_check  # type: ignore[assignment,method-assign] # wraps the fake

    def _note(self, check: Callable[..., None], *arguments: object) -> None:
        """Make a check, and keep its failure for the end of the run."""
        try:
            check(*arguments)
        except AssertionError as error:
            self.history.unexpected_errors.append(error)


def _label(enhancement: Any) -> str:
    label: str = enhancement["content"]["annotations"][0]["label"]
    return label
