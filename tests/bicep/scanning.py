"""Findings of checkov, and the reasons in infra/waivers.json why some of them stand."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.infra.reading import Prediction

CHECKOV = "checkov==3.3.30"
# It takes what has a schema and more than one line; of anything else it scans nothing and is content.
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@dataclass(frozen=True, order=True)
class Finding:
    """A rule, and the type of resource that strays from it."""

    rule: str
    kind: str


@dataclass(frozen=True)
class Scan:
    """Where, how much was looked at, and what was found."""

    environment: str
    resources: int
    findings: frozenset[Finding]


def scan(prediction: Prediction, folder: Path) -> Scan:
    """Have checkov look at a prediction, in an environment of its own."""
    template = folder / f"{prediction.environment}.json"
    flat = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": prediction.resources}
    template.write_text(json.dumps(flat, indent=2))
    command = [
        sys.executable,
        "-m",
        "uv",
        "tool",
        "run",
        "--quiet",
        "--from",
        CHECKOV,
        "--python",
        sys.executable,
        "checkov",
    ]
    options = ["--file", str(template), "--framework", "arm", "--output", "json", "--skip-download", "--soft-fail"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, *options], cwd=folder, capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout)
    summary = report.get("summary", report)
    assert summary["parsing_errors"] == 0
    failed = report.get("results", {}).get("failed_checks", [])
    found = {Finding(one["check_id"], one["resource"].rsplit(".", 1)[0]) for one in failed}
    return Scan(prediction.environment, summary["resource_count"], frozenset(found))
