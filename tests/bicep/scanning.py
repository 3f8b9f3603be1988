"""Findings of checkov. infra/waivers.json gives the reasons why some of them are accepted."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.infra.reading import Prediction
from tests.stacks import ROOT

# checkov reads only files that have a schema and more than one line. It reports success for any other file.
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


@dataclass(frozen=True, order=True)
class Finding:
    """A rule, and the type of resource that violates it."""

    rule: str
    kind: str


@dataclass(frozen=True)
class Scan:
    """The environment, the number of resources that were scanned, and the findings."""

    environment: str
    resources: int
    findings: frozenset[Finding]


def scan(prediction: Prediction, folder: Path) -> Scan:
    """Scan a prediction with checkov, which runs in its own virtual environment (dependency group `infra`)."""
    template = folder / f"{prediction.environment}.json"
    flat = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": prediction.resources}
    template.write_text(json.dumps(flat, indent=2))
    uv = [sys.executable, "-m", "uv", "run", "--quiet", "--project", str(ROOT), "--python", sys.executable]
    command = [*uv, "--isolated", "--frozen", "--only-group", "infra", "checkov"]
    options = ["--file", str(template), "--framework", "arm", "--output", "json", "--skip-download", "--soft-fail"]
    run = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, *options], cwd=folder, capture_output=True, text=True, check=True
    )
    report = json.loads(run.stdout)
    summary = report.get("summary", report)
    assert summary["parsing_errors"] == 0
    failed = report.get("results", {}).get("failed_checks", [])
    found = {Finding(check["check_id"], check["resource"].rsplit(".", 1)[0]) for check in failed}
    return Scan(prediction.environment, summary["resource_count"], frozenset(found))
