"""What Bicep makes in Azure, made on the emulators from the same topology file."""

import json
from pathlib import Path
from typing import Any

import certifi
import trustme
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient
from azure.storage.blob.aio import BlobServiceClient

from local.paths import TOPOLOGY


def topology() -> dict[str, Any]:
    """Read the queues, containers and keys of the system."""
    content: dict[str, Any] = json.loads(TOPOLOGY.read_text())
    return content


async def make_resources(storage: str, endpoint: str, key: str) -> None:
    """Make the blob containers and the Cosmos DB containers. The Service Bus emulator reads the file itself."""
    wanted = topology()
    async with BlobServiceClient.from_connection_string(storage) as blobs:
        for name in wanted["blobContainers"]:
            await blobs.create_container(name)
    async with CosmosClient(endpoint, key) as cosmos:
        database = await cosmos.create_database(wanted["cosmos"]["database"])
        for container in wanted["cosmos"]["containers"]:
            await database.create_container(container["name"], **container_properties(container))


def container_properties(container: dict[str, Any]) -> dict[str, Any]:
    """Say how a container of Cosmos DB is made."""
    return {
        "partition_key": PartitionKey(container["partitionKey"]),
        "unique_key_policy": {"uniqueKeys": [{"paths": [path]} for path in container["uniqueKeys"]]},
        "indexing_policy": _indexing(container),
    }


def _indexing(container: dict[str, Any]) -> dict[str, Any]:
    """Index what is queried and nothing else, as Bicep does."""
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
    """Make a certificate for the Cosmos emulator; return it, its key, and the bundle that a client checks it by."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key, bundle = folder / "server.pem", folder / "server.key", folder / "ca.pem"
    certificate.write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(server.private_key_pem.bytes())
    # Beside the authorities that everybody trusts, so that other addresses can still be checked.
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return certificate, key, bundle
