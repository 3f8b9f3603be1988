"""All fakes together, as the services that steps take."""

from functions.domain.ids import new_id
from functions.domain.limits import Deadlines, Limits
from functions.domain.signatures import RobotSecrets
from functions.ports import Services
from tests.fakes.access import FakeDependency, FakeTokens
from tests.fakes.batches import FakeBatchStore
from tests.fakes.files import FakeBatchFiles, FakeGivenUp, FakeResultFiles, FakeUrls
from tests.fakes.messaging import FakeQueues, FakeRobotCalls
from tests.fakes.references import FakeReferenceStore
from tests.fakes.robots import FakeRobotStore

START = 1_800_000_000.0

DEADLINES = Deadlines(
    dispatch_overdue_s=300,
    received_s=7200,
    robot_call_s=30,
    robot_retry_first_s=5,
    robot_retry_longest_s=600,
    robot_retry_all_s=3600,
    validation_wait_s=120,
    callback_wait_s=900,
    robot_silence_s=86_400,
    progress_s=900,
    tries_without_progress=10,
    record_progress_s=30,
)

LIMITS = Limits(
    references_per_batch=1000,
    open_batches=100,
    references_per_load=1000,
    useless_entries=100,
    result_bytes=1 << 22,
    line_bytes=1 << 16,
    window_entries=4,
    window_bytes=1 << 20,
)


class FakeClock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class World:
    """The fakes, each under the name that `services` has it by, and with its own type."""

    def __init__(self, deadlines: Deadlines = DEADLINES, limits: Limits = LIMITS) -> None:
        self.clock = FakeClock()
        self.batches = FakeBatchStore()
        self.robots = FakeRobotStore()
        self.references = FakeReferenceStore()
        self.files = FakeBatchFiles()
        self.results = FakeResultFiles(self.clock)
        self.given_up = FakeGivenUp()
        self.urls = FakeUrls()
        self.queues = FakeQueues()
        self.robot_calls = FakeRobotCalls()
        self.tokens = FakeTokens()
        self.store, self.queue = FakeDependency(), FakeDependency()
        self.services = Services(
            clock=self.clock,
            new_id=new_id,
            batches=self.batches,
            robots=self.robots,
            references=self.references,
            files=self.files,
            results=self.results,
            given_up=self.given_up,
            urls=self.urls,
            queues=self.queues,
            robot_calls=self.robot_calls,
            secrets=RobotSecrets("the master key of a world of fakes"),
            tokens=self.tokens,
            dependencies={"store": self.store, "queue": self.queue},
            limits=limits,
            deadlines=deadlines,
        )
