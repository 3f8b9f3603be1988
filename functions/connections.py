"""The only place that makes real adapters."""

import time
from dataclasses import dataclass

from azure.identity.aio import DefaultAzureCredential

from functions.adapters.access_tokens import AccessTokens
from functions.adapters.blobs import BlobAccount, BlobBatchFiles, BlobResultFiles
from functions.adapters.cosmos.batches import CosmosBatchStore
from functions.adapters.cosmos.database import CosmosDatabase
from functions.adapters.cosmos.references import CosmosReferenceStore
from functions.adapters.cosmos.robots import CosmosRobotStore
from functions.adapters.given_up import GivenUpUploads, PoisonQueue
from functions.adapters.remembered import Remembered
from functions.adapters.robot_http import HttpRobotCalls
from functions.adapters.service_bus import ServiceBusQueues
from functions.adapters.signed_urls import SignedUrls
from functions.domain.ids import new_id
from functions.domain.limits import Deadlines, Limits
from functions.domain.signatures import RobotSecrets
from functions.ports import Services
from functions.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """The outside systems that we have an account with. Nothing connects before it is first used."""

    identity: DefaultAzureCredential | None
    blobs: BlobAccount
    poison: PoisonQueue
    database: CosmosDatabase
    bus: ServiceBusQueues

    async def close(self) -> None:
        """Close what is open; the app, which ends with its process, never does."""
        for part in (self.blobs, self.poison, self.database, self.bus, self.identity):
            if part is not None:
                await part.close()


def connect(settings: Settings) -> Connections:
    """Make the clients that the settings name."""
    keys = (settings.data_storage, settings.service_bus, settings.cosmos_key)
    # AZURE_CLIENT_ID says which managed identity; no token is asked for yet.
    identity = None if all(keys) else DefaultAzureCredential()
    storage_identity = None if settings.data_storage else identity
    return Connections(
        identity=identity,
        blobs=BlobAccount(settings.data_storage or settings.data_storage__blob_service_uri or "", storage_identity),
        poison=PoisonQueue(settings.data_storage or settings.data_storage__queue_service_uri or "", storage_identity),
        database=CosmosDatabase(
            settings.cosmos_endpoint, settings.cosmos_key or identity or "", settings.cosmos_database
        ),
        bus=ServiceBusQueues(
            settings.service_bus or settings.service_bus__fully_qualified_namespace or "",
            None if settings.service_bus else identity,
            settings.dispatch_queue,
            settings.import_queue,
        ),
    )


def wire(settings: Settings, connections: Connections) -> Services:
    """Make the adapters, on these connections."""
    account, database, bus = connections.blobs, connections.database, connections.bus
    return Services(
        clock=time.time,
        new_id=new_id,
        batches=CosmosBatchStore(database),
        robots=CosmosRobotStore(database),
        references=CosmosReferenceStore(database, settings.import_requests_at_once),
        files=BlobBatchFiles(account),
        results=BlobResultFiles(account),
        given_up=GivenUpUploads(account, connections.poison),
        urls=SignedUrls(account, settings.signed_url_lifetime_s, time.time),
        queues=bus,
        robot_calls=HttpRobotCalls(
            settings.robot_call_timeout_s,
            settings.robot_connect_timeout_s,
            time.time,
            anywhere=settings.robots_anywhere,
        ),
        secrets=RobotSecrets(settings.robot_master_key),
        tokens=AccessTokens(settings.token_issuer, settings.token_audience, settings.token_keys_url),
        dependencies={
            "blob storage": Remembered(account),
            "cosmos db": Remembered(database),
            "service bus": Remembered(bus),
        },
        limits=_limits(settings),
        deadlines=_deadlines(settings),
    )


def _limits(settings: Settings) -> Limits:
    """How much of anything the steps take."""
    return Limits(
        references_per_batch=settings.references_per_batch_limit,
        open_batches=settings.open_batches_limit,
        references_per_load=settings.references_per_load_limit,
        result_bytes=settings.result_file_limit_bytes,
        line_bytes=settings.result_line_limit_bytes,
        useless_entries=settings.result_useless_entries_limit,
        window_entries=settings.import_window_entries,
        window_bytes=settings.import_window_bytes,
    )


def _deadlines(settings: Settings) -> Deadlines:
    """How long the lifecycle waits for what."""
    return Deadlines(
        dispatch_overdue_s=settings.dispatch_overdue_s,
        received_s=settings.received_limit_s,
        robot_call_s=settings.robot_call_timeout_s,
        robot_retry_first_s=settings.robot_retry_first_s,
        robot_retry_longest_s=settings.robot_retry_longest_s,
        robot_retry_all_s=settings.robot_retry_all_s,
        validation_wait_s=settings.validation_wait_s,
        callback_wait_s=settings.callback_wait_s,
        robot_silence_s=settings.robot_silence_limit_s,
        progress_s=settings.progress_limit_s,
        tries_without_progress=settings.progress_tries,
        record_progress_s=settings.progress_record_s,
    )
