"""Where Chromium comes from."""

import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.console import chromium


@pytest.mark.exhaustive
@pytest.mark.skipif(platform.system() != "Linux" or platform.machine() != "x86_64", reason="npm has no other Chromium")
def test_two_workers_unpack_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: chromium._unpack(tmp_path), range(2))
    assert first == second
    assert {path.name for path in first.iterdir()} >= {"chromium", "fonts", "fonts.conf"}
    assert {path.name for path in tmp_path.iterdir()} == {first.name, ".lock"}
    started = time.time()
    assert chromium._unpack(tmp_path) == first
    assert (first / "chromium").stat().st_mtime < started


def test_another_machine_needs_a_chromium_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    with pytest.raises(chromium.ChromiumError, match="Name a Chromium or Chrome in CHROMIUM"):
        chromium.find()
    monkeypatch.setenv(chromium.VARIABLE, "/usr/bin/chrome")
    assert chromium.find() == Path("/usr/bin/chrome")
