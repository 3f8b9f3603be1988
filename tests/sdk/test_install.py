"""The installation of the releases, and the errors for missing ones."""

from pathlib import Path

import pytest

from tests.sdk.install import install
from tests.sdk.releases import ReleaseError, load


def test_an_installed_release_is_not_installed_again(tmp_path: Path) -> None:
    (tmp_path / "0.1.0").mkdir()
    assert not install("0.1.0", tmp_path)


def test_a_release_that_cannot_be_installed_is_reported_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ReleaseError, match=r"^destiny-sdk 0\.0\.0 could not be installed\. "):
            install("0.0.0", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_missing_release_is_reported_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"0\.1\.0 is not in .* Run: .* -m tests\.sdk\.install$"):
        load("0.1.0", tmp_path)


def test_a_missing_import_of_a_release_is_reported(tmp_path: Path) -> None:
    package = tmp_path / "0.1.0" / "destiny_sdk"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import no_such_module")
    with pytest.raises(ReleaseError, match=r"^destiny-sdk 0\.1\.0 needs no_such_module, which is not installed\. "):
        load("0.1.0", tmp_path)
