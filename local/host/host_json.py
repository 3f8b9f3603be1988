"""What host.json says, with Azure's defaults where it says nothing."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostJson:
    """The part of host.json that this host goes by. Times are in seconds."""

    route_prefix: str
    function_timeout_s: float
    messages_at_once: int
    lock_renewal_s: float
    blobs_at_once: int
    blob_tries: int


def read_host_json(path: Path) -> HostJson:
    """Read the file."""
    content = json.loads(path.read_text())
    extensions = content.get("extensions", {})
    bus, blobs = extensions.get("serviceBus", {}), extensions.get("blobs", {})
    return HostJson(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
        function_timeout_s=seconds(content.get("functionTimeout", "00:30:00")),
        messages_at_once=bus.get("maxConcurrentCalls", 16),
        lock_renewal_s=seconds(bus.get("maxAutoLockRenewalDuration", "00:05:00")),
        blobs_at_once=blobs.get("maxDegreeOfParallelism", 8),
        blob_tries=blobs.get("poisonBlobThreshold", 5),
    )


def seconds(span: str) -> float:
    """Read a .NET TimeSpan of hours, minutes and seconds."""
    hours, minutes, rest = span.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)
