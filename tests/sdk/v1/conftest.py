"""The releases. The fast tier tries those that differ in what the tests cover."""

import pytest

from tests.sdk.releases import PRESENT, Release, ReleaseError, load
from tests.tiers import fast_or_exhaustive

# 0.4.0 has another path, 0.4.1 requires a base_url, 0.5.0 refuses it, 0.7.1 renews leases and refuses some annotations,
# 0.9.0 accepts UUIDs of version 7, 0.11.2 requires `created_at`, 0.12.0 has entitlements, and since 0.16.0 a lease is
# renewed by PATCH.
_DIFFERENT = ("0.4.0", "0.4.1", "0.5.0", "0.7.1", "0.9.0", "0.11.2", "0.12.0", PRESENT[-1])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the releases. This file may be imported before the tier is known."""
    if "sdk" in metafunc.fixturenames:
        metafunc.parametrize("sdk", fast_or_exhaustive(_DIFFERENT, PRESENT), indirect=True, scope="session")


@pytest.fixture(scope="session")
def sdk(request: pytest.FixtureRequest) -> Release:
    """Return a release. Fails if it is not installed, because nothing would be tested."""
    try:
        return load(request.param)
    except ReleaseError as error:
        pytest.fail(str(error), pytrace=False)
