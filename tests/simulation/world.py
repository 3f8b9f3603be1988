"""The world around the steps: processes that take messages and events, a clock that sweeps, robots that are called."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import BatchRobotRequest, BatchRobotResult, Robot
from exchange.domain.batch import Batch
from exchange.domain.callers import CallingRobot, User, Role
from exchange.domain.errors import Conflict, ExchangeError, InputRejected, ResultMissing, Unavailable
from exchange.domain.messages import DispatchMessage, Message
from exchange.domain.limits import Limits
from exchange.domain.robot_answer import RobotAnswer
from exchange.use_cases.dispatch_batch import dispatch_batch
from exchange.use_cases.import_results import import_results
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.sweep import sweep
from exchange.use_cases.validate_upload import validate_upload
from functions.errors import ERROR_POLICIES, Fate
from tests.fakes.world import DEADLINES, START, World
from tests.results import jsonl
from tests.simulation.faults import Plan
from tests.simulation.ports import Calls, Killed, Process, Unreliable, current

LOCK_S = 60.0
# Shorter than a day, which would be many sweeps of nothing.
SILENCE_S = 7200.0
# What the store takes of one item, so that robots can be refused something with little effort.
LARGEST_ITEM = 900
MOST_DELIVERIES = 10
MOST_BLOB_TRIES = 5
SWEEP_S = 60.0
_NAMES = UUID("7b1d1c9e-6d0f-4c57-9a53-0d2d3a5d9e01")
REQUESTOR = User("requestor", frozenset({Role.REQUESTOR}))
LIMITS = Limits(
    references_per_batch_limit=100,
    open_batches_limit=100,
    references_per_load_limit=100,
    result_rejected_entries_limit=100,
    result_file_limit_bytes=1 << 20,
    result_line_limit_bytes=1 << 12,
    import_chunk_entries=3,
    import_chunk_bytes=1 << 12,
)

Events = Sequence[Sequence[float]]
RobotPlay = Callable[["Simulation", BatchRobotRequest, int], Awaitable[RobotAnswer]]


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry of a result, and what should become of it: `added`, or `refused` by the store, or neither."""

    line: Any
    names: UUID | None = None
    added: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """A write of a batch: when, and what it was before and is now."""

    at: float
    before: Batch | None
    after: Batch


@dataclass(slots=True)
class History:
    """What the invariants look back at."""

    writes: dict[UUID, list[Write]] = field(default_factory=dict)
    # What was uploaded for each batch: when, under which ETag, and the entries.
    uploads: dict[UUID, list[tuple[float, str, Sequence[Sent]]]] = field(default_factory=dict)
    # What the robot answered to each of its calls and when, whether or not the answer arrived.
    answers: dict[UUID, list[tuple[float, RobotAnswer]]] = field(default_factory=dict)
    dead_letters: list[Message] = field(default_factory=list)
    surprises: list[BaseException] = field(default_factory=list)


class Simulation(World):
    """One run: the steps' services are the fakes behind ports at which anything may go wrong."""

    def __init__(self, plan: Plan, robot: RobotPlay, events: Events) -> None:
        """`events`: for each upload in turn, after how long its events come; none, and it has no event."""
        super().__init__(deadlines=replace(DEADLINES, robot_silence_limit_s=SILENCE_S), limits=LIMITS)
        self.calls = Calls(plan)
        self.history = History()
        self._robot = robot
        self._events = itertools.cycle(events)
        self._running: set[asyncio.Task[None]] = set()
        self._robot_calls_made: dict[UUID, int] = {}
        self._ids = itertools.count()
        self.robot_calls.behaviour = self._called
        self._watch_writes()
        unreliable: dict[str, Any] = {
            name: Unreliable(name, getattr(self, name), self.calls)
            for name in ("batches", "robots", "references", "files", "results", "urls", "queues", "robot_calls")
        }
        self.services = replace(self.services, clock=self.time, new_id=self._new_id, **unreliable)
        self.queues.send = self._sent  # type: ignore[method-assign] # what is sent is delivered here
        self.results.clock = self.time
        self.references.largest_item = LARGEST_ITEM
        self.robot: Robot
        self.reference_ids: list[UUID] = []

    def time(self) -> float:
        """Give the virtual time, in seconds since the epoch."""
        return START + asyncio.get_running_loop().time()

    async def populate(self, references: int) -> None:
        """Register a robot and load references, before anything can go wrong."""
        self.robot = Robot(id=self._new_id(), name="robot", base_url="https://robot.test", description="", owner="")
        await self.robots.create(self.robot)
        self.reference_ids = [(await self.references.add(ReferenceFileInput())).id for _ in range(references)]

    async def request(self) -> None:
        """Request a batch as a requestor does, who tries a few times if there is no answer or an outage."""
        order = BatchEnhancementRequestIn(robot_id=self.robot.id, reference_ids=self.reference_ids)

        async def ask() -> None:
            await register_batch(order, REQUESTOR, self.services)

        for _ in range(4):
            if await self._attempt(ask()):
                return
            await asyncio.sleep(5)
        if not self.batches.items:
            # Nothing was accepted: a run with no batch would prove nothing.
            await self.request()

    async def deliver(self, batch_id: UUID, entries: Sequence[Sent]) -> None:
        """Put a result where a robot puts it; its event comes as often and as late as the scenario says."""
        await self.results.put(batch_id, jsonl(*(entry.line for entry in entries)))
        current_upload = await self.results.current_upload(batch_id)
        assert current_upload is not None
        self.history.uploads.setdefault(batch_id, []).append((self.time(), current_upload.etag, entries))
        for delay in next(self._events):
            self.start(self._blob_event(batch_id, delay))

    async def call_back(self, batch_id: UUID, robot: Robot, error: str | None = None) -> str:
        """Call back as a robot does, which tries again while it is told to; return what came of it."""
        body = BatchRobotResult.model_validate(
            {"request_id": batch_id, "error": None if error is None else {"message": error}}
        )
        outcome = "no answer"
        for _ in range(8):
            answers: list[str] = []

            async def call(answers: list[str] = answers) -> None:
                try:
                    await receive_callback(body, CallingRobot(robot.id), self.services)
                    answers.append("200")
                except (Conflict, ResultMissing, InputRejected) as refusal:
                    answers.append(type(refusal).__name__)

            await self._attempt(call())
            if answers:
                outcome = answers[0]
                break
            await asyncio.sleep(20)
        return outcome

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something happen beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def run_until_quiet(self, within_s: float) -> None:
        """Sweep every minute until each batch has ended and nothing is under way any more; raises after the bound."""
        end = asyncio.get_running_loop().time() + within_s
        while self._running or self.open_batches():
            if asyncio.get_running_loop().time() > end:
                waiting = [f"{batch.id} {batch.phase}" for batch in self.open_batches()[:3]]
                raise AssertionError(f"not quiet after {within_s / 3600:g} h: {waiting}")
            await asyncio.sleep(SWEEP_S)  # virtual, and the clock that sweeps
            if self.open_batches():
                self.start(self._swept())

    def open_batches(self) -> list[Batch]:
        """Return the batches that have not ended."""
        return [stored.batch for stored in self.batches.items.values() if not stored.batch.ended]

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.history.surprises.append(task.exception())  # type: ignore[arg-type] # it is not None

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> bool:
        """Let a process of its own do it; say whether it came to its end, and not to an outage or its death."""
        token = current.set(Process())
        try:
            await work
        except (Unavailable, Killed):
            return False
        finally:
            current.reset(token)
        return True

    async def _swept(self) -> None:
        async def run() -> None:
            try:
                await sweep(self.services)
            except ExceptionGroup as group:
                _, surprising = group.split(ExchangeError)
                if surprising is not None:
                    raise surprising from None

        await self._attempt(run())

    async def _sent(self, due: Message) -> None:
        self.queues.sent.append(due)
        self._check_said(due)
        at = due.at if isinstance(due, DispatchMessage) and due.at is not None else 0.0
        for late in self.calls.plan.deliveries():
            self.start(self._message(due, max(0.0, at - self.time()) + late))

    def _check_said(self, due: Message) -> None:
        """See that what is sent stands in the state already, so that a lost message can be made up for."""
        stored = self.batches.items.get(due.batch_id)
        if isinstance(due, DispatchMessage):
            said = stored is not None and stored.batch.attempt >= due.attempt
        else:
            said = stored is not None and stored.batch.delivered_at is not None
        if not said:
            self.history.surprises.append(AssertionError(f"{due} was sent before it was written"))

    async def _message(self, due: Message, delay: float) -> None:
        """Deliver a message until it is completed, or dead-lettered after the last delivery."""
        await asyncio.sleep(delay)
        for _ in range(MOST_DELIVERIES):
            work = (
                dispatch_batch(due.batch_id, due.attempt, self.services)
                if isinstance(due, DispatchMessage)
                else import_results(due.batch_id, self.services)
            )
            if await self._delivered(work):
                return
        self.history.dead_letters.append(due)

    async def _blob_event(self, batch_id: UUID, delay: float) -> None:
        await asyncio.sleep(delay)
        for _ in range(MOST_BLOB_TRIES):
            if await self._delivered(validate_upload(batch_id, self.services)):
                return

    async def _delivered(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do what a trigger does with what a step raises; a process that dies lets the lock expire."""
        process = Process()
        token = current.set(process)
        try:
            await work
        except ExchangeError as error:
            return ERROR_POLICIES[type(error)].fate is Fate.DONE
        except Killed:
            await asyncio.sleep(LOCK_S)
            return False
        finally:
            current.reset(token)
        return True

    async def _called(self, request: BatchRobotRequest) -> RobotAnswer:
        number = self._robot_calls_made[request.id] = self._robot_calls_made.get(request.id, 0) + 1
        answer = await self._robot(self, request, number)
        self.history.answers.setdefault(request.id, []).append((self.time(), answer))
        return answer

    def _new_id(self) -> UUID:
        """Make the same ids in each run: retries spread out by them."""
        return uuid4_like(next(self._ids))

    def _watch_writes(self) -> None:
        """Note each write of a batch that has an effect."""
        create, change = self.batches.create, self.batches.replace

        async def created(batch: Batch) -> None:
            await create(batch)
            self.history.writes[batch.id] = [Write(self.time(), None, batch)]

        async def replaced(batch: Batch, etag: str) -> None:
            before = (await self.batches.load(batch.id)).batch
            await change(batch, etag)
            self.history.writes[batch.id].append(Write(self.time(), before, batch))

        self.batches.create = created  # type: ignore[method-assign] # watched
        self.batches.replace = replaced  # type: ignore[method-assign] # watched

    def batch(self, batch_id: UUID) -> Batch:
        return self.batches.items[batch_id].batch


def uuid4_like(*parts: object) -> UUID:
    """Make an id that is the same in each run, and of version 4."""
    return UUID(bytes=uuid5(_NAMES, "/".join(map(str, parts))).bytes, version=4)
