"""The releases are installed once, and one that is missing is said."""

from pathlib import Path

import pytest

from tests.sdk.install import install
from tests.sdk.releases import ReleaseError, load


def test_what_is_there_is_not_installed_again(tmp_path: Path) -> None:
    (tmp_path / "0.1.0").mkdir()
    assert not install("0.1.0", tmp_path)


def test_what_can_not_be_installed_is_said_and_nothing_taken_as_installed(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ReleaseError, match=r"^destiny-sdk 0\.0\.0 could not be installed: "):
            install("0.0.0", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_release_that_is_missing_is_said_with_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"0\.1\.0 is not in .* Run: .* -m tests\.sdk\.install$"):
        load("0.1.0", tmp_path)


def test_so_is_what_a_release_imports(tmp_path: Path) -> None:
    package = tmp_path / "0.1.0" / "destiny_sdk"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import no_such_module")
    with pytest.raises(ReleaseError, match=r"^destiny-sdk 0\.1\.0 needs no_such_module, which is not installed\. "):
        load("0.1.0", tmp_path)
