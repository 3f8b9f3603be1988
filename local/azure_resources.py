"""The resources that Bicep creates in Azure, created on the emulators from the same topology file."""

import contextlib
import json
from pathlib import Path
from typing import Any

import certifi
import trustme
from azure.core.exceptions import ResourceExistsError
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient
from azure.storage.blob import CorsRule
from azure.storage.blob.aio import BlobServiceClient

from local.paths import TOPOLOGY


def read_topology() -> dict[str, Any]:
    """Read the queues and containers of the system, with their keys and indexes."""
    content: dict[str, Any] = json.loads(TOPOLOGY.read_text())
    return content


async def make_resources(storage: str, endpoint: str, key: str) -> None:
    """Create the blob containers and the Cosmos DB containers. The Service Bus emulator creates the queues itself.

    A blob container may exist on disk. A Cosmos DB container never exists, and gets its documents when it is created.
    """
    topology = read_topology()
    async with BlobServiceClient.from_connection_string(storage) as blobs:
        for name in topology["blobContainers"]:
            with contextlib.suppress(ResourceExistsError):
                await blobs.create_container(name)
    async with CosmosClient(endpoint, key) as cosmos:
        database = await cosmos.create_database(topology["cosmos"]["database"])
        for container in topology["cosmos"]["containers"]:
            await database.create_container(container["name"], **make_container_properties(container))


async def allow_console(storage: str, port: int) -> None:
    """Let pages of the app on this port use signed URLs, as infra/modules/storage-account.bicep does."""
    origins = [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
    rule = CorsRule(
        origins, ["GET", "HEAD", "PUT"], allowed_headers=["*"], exposed_headers=["*"], max_age_in_seconds=3600
    )
    async with BlobServiceClient.from_connection_string(storage) as blobs:
        await blobs.set_service_properties(cors=[rule])


def make_container_properties(container: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with which the SDK creates a Cosmos DB container."""
    return {
        "partition_key": PartitionKey(container["partitionKey"]),
        "unique_key_policy": {"uniqueKeys": [{"paths": [path]} for path in container["uniqueKeys"]]},
        "indexing_policy": _make_indexing_policy(container),
    }


def _make_indexing_policy(container: dict[str, Any]) -> dict[str, Any]:
    """Index only the properties that are queried, as Bicep does."""
    if not container["indexed"]:
        return {"indexingMode": "none", "automatic": False}
    return {
        "indexingMode": "consistent",
        "automatic": True,
        "includedPaths": [{"path": path} for path in container["indexed"]],
        "excludedPaths": [{"path": "/*"}],
        "compositeIndexes": container["indexedTogether"],
    }


def make_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make a server certificate. Return the paths of the certificate, its key, and the bundle that clients need."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key, bundle = folder / "server.pem", folder / "server.key", folder / "ca.pem"
    certificate.write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(server.private_key_pem.bytes())
    # The usual authorities are in the bundle too, so that clients can still verify public addresses.
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return certificate, key, bundle
