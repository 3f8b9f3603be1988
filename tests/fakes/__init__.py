"""In-memory fakes of the ports. The port tests run on each fake and on the real adapter."""

from tests.fakes.batches import FakeBatchStore
from tests.fakes.dead_letters import FakeDeadLetterStore
from tests.fakes.files import FakeBatchFiles, FakeResultFiles, FakeUrlSigner
from tests.fakes.messaging import FakeQueues, FakeRobotCalls
from tests.fakes.references import FakeIdentifierClaims, FakeReferenceStore
from tests.fakes.robots import FakeRobotStore
from tests.fakes.webhooks import FakeWebhookCalls, FakeWebhookDeliveryStore, FakeWebhookStore
from tests.fakes.world import FakeClock, World

__all__ = [
    "FakeBatchFiles",
    "FakeBatchStore",
    "FakeClock",
    "FakeDeadLetterStore",
    "FakeIdentifierClaims",
    "FakeQueues",
    "FakeReferenceStore",
    "FakeResultFiles",
    "FakeRobotCalls",
    "FakeRobotStore",
    "FakeUrlSigner",
    "FakeWebhookCalls",
    "FakeWebhookDeliveryStore",
    "FakeWebhookStore",
    "World",
]
