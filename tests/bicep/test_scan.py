"""checkov scans the predicted resources. Each finding is fixed, or waived with a reason."""

import pytest

from tests.bicep.scanning import Finding, Scan, scan
from tests.infra.reading import content, predicted

WAIVERS = content("waivers.json")


def read_waivers(environment: str) -> set[Finding]:
    """Return the waivers for an environment. A waiver without environments is for all of them."""
    waivers = [waiver for waiver in WAIVERS if environment in waiver.get("environments", [environment])]
    assert len({(waiver["rule"], waiver["kind"]) for waiver in waivers}) == len(waivers)
    return {Finding(waiver["rule"], waiver["kind"]) for waiver in waivers}


@pytest.fixture(scope="module", params=["dev", "prod"])
def scanned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    return scan(predicted(request.param), tmp_path_factory.mktemp("scan"))


@pytest.mark.timeout(300)
def test_checkov_scans_every_resource(scanned: Scan) -> None:
    assert scanned.resources >= 50


@pytest.mark.timeout(300)
def test_every_finding_has_a_fix_or_a_waiver(scanned: Scan) -> None:
    assert sorted(scanned.findings - read_waivers(scanned.environment)) == []


@pytest.mark.timeout(300)
def test_every_waiver_is_still_needed(scanned: Scan) -> None:
    assert sorted(read_waivers(scanned.environment) - scanned.findings) == []


def test_every_waiver_has_a_reason() -> None:
    assert all(len(waiver["reason"].split()) > 5 for waiver in WAIVERS)
