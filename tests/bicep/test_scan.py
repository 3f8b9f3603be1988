"""checkov, over what is deployed: each finding is mended, or waived with its reason."""

import pytest

from tests.bicep.scanning import Finding, Scan, scan
from tests.infra.reading import content, predicted

WAIVERS = content("waivers.json")


def waived(environment: str) -> set[Finding]:
    """Return what is waived there; a waiver that names no environment is for each."""
    here = [one for one in WAIVERS if environment in one.get("environments", [environment])]
    assert len({(one["rule"], one["kind"]) for one in here}) == len(here)
    return {Finding(one["rule"], one["kind"]) for one in here}


@pytest.fixture(scope="module", params=["dev", "prod"])
def scanned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    return scan(predicted(request.param), tmp_path_factory.mktemp("scan"))


@pytest.mark.timeout(300)
def test_checkov_has_looked_at_everything(scanned: Scan) -> None:
    assert scanned.resources >= 50


@pytest.mark.timeout(300)
def test_every_finding_is_mended_or_waived(scanned: Scan) -> None:
    assert sorted(scanned.findings - waived(scanned.environment)) == []


@pytest.mark.timeout(300)
def test_every_waiver_is_still_needed(scanned: Scan) -> None:
    assert sorted(waived(scanned.environment) - scanned.findings) == []


def test_every_waiver_has_a_reason() -> None:
    assert all(len(one["reason"].split()) > 5 for one in WAIVERS)
