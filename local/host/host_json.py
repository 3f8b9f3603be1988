"""What host.json says, with Azure's defaults where it says nothing, or smaller ones where Azure's fit a server."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from local.host.bindings import HostError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")


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
    """Read the file; raises HostError."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise HostError(f"{path} can't be read: {error}") from error
    extensions = content.get("extensions", {})
    bus, blobs = extensions.get("serviceBus", {}), extensions.get("blobs", {})
    return HostJson(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
        function_timeout_s=seconds(content.get("functionTimeout", "00:30:00")),
        messages_at_once=bus.get("maxConcurrentCalls", 16),
        lock_renewal_s=seconds(bus.get("maxAutoLockRenewalDuration", "00:05:00")),
        blobs_at_once=blobs.get("maxDegreeOfParallelism", 4),
        blob_tries=blobs.get("poisonBlobThreshold", 5),
    )


def seconds(span: str) -> float:
    """Read a .NET TimeSpan, `hh:mm:ss` with days before or parts of a second after; raises HostError."""
    found = _TIME_SPAN.fullmatch(span)
    if found is None:
        raise HostError(f"'{span}' is no time span of the form hh:mm:ss.")
    days, hours, minutes, rest = found.groups(default="0")
    return ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(rest)
