"""All fakes together, as `Services`."""

from uuid import UUID

from exchange.contract.operations import DeadLetterQueue
from exchange.contract.references import ReferenceFileInput
from exchange.domain.ids import new_id
from exchange.domain.limits import Deadlines, Limits
from exchange.domain.loading import make_reference
from exchange.domain.signatures import RobotSecrets
from exchange.domain.webhooks import WebhookSecrets
from exchange.ports import Services
from tests.fakes.access import FakeDependency, FakeTokens
from tests.fakes.batches import FakeBatchStore
from tests.fakes.dead_letters import FakeDeadLetterStore
from tests.fakes.files import FakeBatchFiles, FakeIdLists, FakeResultFiles, FakeUrlSigner
from tests.fakes.messaging import FakeQueues, FakeRobotCalls
from tests.fakes.references import FakeIdentifierClaims, FakeReferenceStore
from tests.fakes.robots import FakeRobotStore
from tests.fakes.webhooks import FakeWebhookCalls, FakeWebhookDeliveryStore, FakeWebhookStore

START = 1_800_000_000.0

DEADLINES = Deadlines()

# Smaller than the defaults, so that tests reach the limits quickly.
LIMITS = Limits(
    references_per_batch_limit=1000,
    references_per_upload_limit=5000,
    references_per_load_limit=1000,
    result_rejected_entries_limit=100,
    result_file_limit_bytes=1 << 22,
    result_line_limit_bytes=1 << 16,
    import_chunk_entries=4,
    import_chunk_bytes=1 << 20,
)


class FakeClock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class World:
    """The fakes. Each attribute has the type of the fake, and the name that the port has in `services`."""

    def __init__(self, deadlines: Deadlines = DEADLINES, limits: Limits = LIMITS) -> None:
        self.clock = FakeClock()
        self.batches = FakeBatchStore()
        self.robots = FakeRobotStore()
        self.webhooks = FakeWebhookStore()
        self.webhook_deliveries = FakeWebhookDeliveryStore()
        self.webhook_calls = FakeWebhookCalls()
        self.references = FakeReferenceStore()
        self.claims = FakeIdentifierClaims()
        self.files = FakeBatchFiles()
        self.results = FakeResultFiles(self.clock)
        self.id_lists = FakeIdLists(self.files, self.clock)
        events = {DeadLetterQueue.BLOBS, DeadLetterQueue.EVENTS}
        self.dead_letters = {queue: FakeDeadLetterStore(sends=queue not in events) for queue in DeadLetterQueue}
        self.urls = FakeUrlSigner()
        self.queues = FakeQueues()
        self.robot_calls = FakeRobotCalls()
        self.tokens = FakeTokens()
        self.store, self.queue = FakeDependency(), FakeDependency()
        self.services = Services(
            clock=self.clock,
            new_id=new_id,
            batches=self.batches,
            robots=self.robots,
            webhooks=self.webhooks,
            webhook_deliveries=self.webhook_deliveries,
            references=self.references,
            claims=self.claims,
            files=self.files,
            results=self.results,
            id_lists=self.id_lists,
            dead_letters=self.dead_letters,
            urls=self.urls,
            queues=self.queues,
            robot_calls=self.robot_calls,
            secrets=RobotSecrets("the master key of a world of fakes"),
            webhook_calls=self.webhook_calls,
            webhook_secrets=WebhookSecrets("the master key of a world of fakes"),
            tokens=self.tokens,
            dependencies={"store": self.store, "queue": self.queue},
            limits=limits,
            deadlines=deadlines,
            console=None,
        )

    async def load(self, reference: ReferenceFileInput) -> UUID:
        """Store the reference without claims, and return its id. It may be empty."""
        made = make_reference(new_id(), reference, self.clock())
        await self.references.create(made)
        return made.id
