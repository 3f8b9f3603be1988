"""In-memory stand-ins of the ports, held to the same contract tests as the real adapters."""

from tests.fakes.batches import FakeBatchStore
from tests.fakes.files import FakeBatchFiles, FakeDeadLetters, FakeResultFiles, FakeUrls
from tests.fakes.messaging import FakeQueues, FakeRobotCalls
from tests.fakes.references import FakeReferenceStore
from tests.fakes.robots import FakeRobotStore
from tests.fakes.world import FakeClock, World

__all__ = [
    "FakeBatchFiles",
    "FakeBatchStore",
    "FakeClock",
    "FakeDeadLetters",
    "FakeQueues",
    "FakeReferenceStore",
    "FakeResultFiles",
    "FakeRobotCalls",
    "FakeRobotStore",
    "FakeUrls",
    "World",
]
