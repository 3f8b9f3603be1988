"""The one place that makes adapters. `connect` makes the clients, `make_services` makes the services on them."""

import time
from dataclasses import dataclass

from azure.identity.aio import DefaultAzureCredential

from exchange.adapters.access_tokens import AccessTokens
from exchange.adapters.blobs import BlobAccount, BlobBatchFiles, BlobIdLists, BlobResultFiles
from exchange.adapters.cached_check import CachedCheck
from exchange.adapters.cosmos.batches import CosmosBatchStore
from exchange.adapters.cosmos.claims import CosmosIdentifierClaims
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.adapters.cosmos.robots import CosmosRobotStore
from exchange.adapters.cosmos.webhook_deliveries import CosmosWebhookDeliveryStore
from exchange.adapters.cosmos.webhooks import CosmosWebhookStore
from exchange.adapters.dead_letters.event_grid import EventGridDeadLetters
from exchange.adapters.dead_letters.poison_queue import PoisonQueue, PoisonQueueDeadLetters
from exchange.adapters.dead_letters.service_bus import ServiceBusDeadLetters
from exchange.adapters.robot_http import HttpRobotCalls
from exchange.adapters.service_bus import ServiceBusQueues
from exchange.adapters.signed_urls import SignedUrls
from exchange.adapters.webhook_http import HttpWebhookCalls
from exchange.contract.operations import DeadLetterQueue
from exchange.domain.ids import new_id
from exchange.domain.signatures import RobotSecrets
from exchange.domain.webhooks import WebhookSecrets
from exchange.ports import Services
from exchange.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """The clients of the Azure services. None of them connects before it is first used."""

    identity: DefaultAzureCredential | None
    blobs: BlobAccount
    poison_queue: PoisonQueue
    database: CosmosDatabase
    queues: ServiceBusQueues

    async def close(self) -> None:
        """Close what is open. The app never does: its connections end with its process."""
        for client in (self.blobs, self.poison_queue, self.database, self.queues, self.identity):
            if client is not None:
                await client.close()


def connect(settings: Settings) -> Connections:
    """Make the clients: by key where the settings have one, else by managed identity."""
    azure = settings.azure
    keys = (azure.data_storage, azure.service_bus, azure.cosmos_key)
    # AZURE_CLIENT_ID selects the managed identity. No token is requested yet.
    identity = None if all(keys) else DefaultAzureCredential()
    storage_identity = None if azure.data_storage else identity
    return Connections(
        identity=identity,
        blobs=BlobAccount(azure.data_storage or azure.data_storage__blob_service_uri or "", storage_identity),
        poison_queue=PoisonQueue(azure.data_storage or azure.data_storage__queue_service_uri or "", storage_identity),
        database=CosmosDatabase(azure.cosmos_endpoint, azure.cosmos_key or identity or "", azure.cosmos_database),
        queues=ServiceBusQueues(
            azure.service_bus or azure.service_bus__fully_qualified_namespace or "",
            None if azure.service_bus else identity,
            azure.dispatch_queue,
            azure.import_queue,
            azure.notify_queue,
        ),
    )


def make_services(settings: Settings, connections: Connections) -> Services:
    """Make the services that the use cases need."""
    account, database, queues = connections.blobs, connections.database, connections.queues
    return Services(
        clock=time.time,
        new_id=new_id,
        batches=CosmosBatchStore(database),
        robots=CosmosRobotStore(database),
        webhooks=CosmosWebhookStore(database),
        webhook_deliveries=CosmosWebhookDeliveryStore(database),
        references=CosmosReferenceStore(database, settings.limits.import_max_concurrent, settings.limits.stored_room),
        claims=CosmosIdentifierClaims(database),
        files=BlobBatchFiles(account),
        results=BlobResultFiles(account),
        id_lists=BlobIdLists(account),
        dead_letters={
            DeadLetterQueue.DISPATCH: ServiceBusDeadLetters(settings.azure.dispatch_queue, queues.links),
            DeadLetterQueue.IMPORT: ServiceBusDeadLetters(settings.azure.import_queue, queues.links),
            DeadLetterQueue.NOTIFY: ServiceBusDeadLetters(settings.azure.notify_queue, queues.links),
            DeadLetterQueue.BLOBS: PoisonQueueDeadLetters(connections.poison_queue),
            DeadLetterQueue.EVENTS: EventGridDeadLetters(account),
        },
        urls=SignedUrls(account, settings.signed_url_lifetime_s, time.time),
        queues=queues,
        robot_calls=HttpRobotCalls(
            settings.deadlines.robot_call_timeout_s,
            settings.deadlines.robot_connect_timeout_s,
            time.time,
            unrestricted=settings.robot_addresses_unrestricted,
        ),
        secrets=RobotSecrets(settings.robot_master_key),
        webhook_calls=HttpWebhookCalls(
            settings.deadlines.webhook_call_timeout_s, time.time, unrestricted=settings.robot_addresses_unrestricted
        ),
        webhook_secrets=WebhookSecrets(settings.robot_master_key),
        tokens=AccessTokens(settings.tokens),
        dependencies={
            "blob storage": CachedCheck(account),
            "cosmos db": CachedCheck(database),
            "service bus": CachedCheck(queues),
        },
        limits=settings.limits,
        deadlines=settings.deadlines,
        console=settings.console_sign_in,
    )
