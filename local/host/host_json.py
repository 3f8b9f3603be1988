"""The settings in host.json, with Azure's defaults, or smaller ones where Azure's are for a server."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from local.host.bindings import HostError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class HostJson:
    """The settings that this host supports. Times are in seconds."""

    route_prefix: str
    function_timeout_s: float
    max_concurrent_messages: int
    lock_renewal_s: float
    max_concurrent_blobs: int
    max_blob_attempts: int


def read_host_json(path: Path) -> HostJson:
    """Read the file. Raises HostError."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise HostError(f"{path} cannot be read: {error}") from error
    extensions = content.get("extensions", {})
    bus, blobs = extensions.get("serviceBus", {}), extensions.get("blobs", {})
    return HostJson(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
        function_timeout_s=parse_time_span(content.get("functionTimeout", "00:30:00")),
        max_concurrent_messages=bus.get("maxConcurrentCalls", 16),
        lock_renewal_s=parse_time_span(bus.get("maxAutoLockRenewalDuration", "00:05:00")),
        max_concurrent_blobs=blobs.get("maxDegreeOfParallelism", 4),
        max_blob_attempts=blobs.get("poisonBlobThreshold", 5),
    )


def parse_time_span(span: str) -> float:
    """Return the seconds of a .NET TimeSpan, `[d.]hh:mm:ss[.fff]`. Raises HostError."""
    found = _TIME_SPAN.fullmatch(span)
    if found is None:
        raise HostError(f"'{span}' is not a time span of the form hh:mm:ss.")
    days, hours, minutes, rest = found.groups(default="0")
    return ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(rest)
