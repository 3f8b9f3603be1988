"""The vendored files of the console: those that their manifest names, as the pinned npm packages have them."""

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from tests.console import vendor

MANIFEST = json.loads((vendor.FOLDER / vendor.MANIFEST).read_text())
FILES = {name: file for package in MANIFEST["packages"] for name, file in package["files"].items()}


def test_the_manifest_names_every_file_but_the_declarations() -> None:
    assert {*FILES, *vendor.DECLARATIONS, vendor.MANIFEST} == {path.name for path in vendor.FOLDER.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_hash_in_the_manifest(name: str) -> None:
    assert hashlib.sha256((vendor.FOLDER / name).read_bytes()).hexdigest() == FILES[name]["sha256"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_the_original_but_for_the_recorded_change(name: str) -> None:
    content = (vendor.FOLDER / name).read_text()
    for change in FILES[name]["replaced"]:
        assert content.count(change["by"]) == 1
        content = content.replace(change["by"], change["text"])
    assert hashlib.sha256(content.encode()).hexdigest() == FILES[name]["original_sha256"]


def test_only_the_address_of_preact_is_changed() -> None:
    assert {name: file["replaced"] for name, file in FILES.items() if file["replaced"]} == {
        "hooks.module.js": [{"text": '"preact"', "by": '"./preact.module.js"'}]
    }


@pytest.mark.parametrize("package", MANIFEST["packages"], ids=lambda package: str(package["package"]))
def test_the_source_is_the_pinned_package(package: dict[str, str]) -> None:
    name, version = package["package"], package["version"]
    assert json.loads((vendor.NPM_FOLDER / "package.json").read_text())["devDependencies"][name] == version
    assert package["source"] == f"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"


def test_the_files_are_written_again_from_the_packages(tmp_path: Path) -> None:
    vendor.write(tmp_path / "vendor")
    written = {path.name: path.read_bytes() for path in (tmp_path / "vendor").iterdir()}
    assert written == {path.name: path.read_bytes() for path in vendor.FOLDER.iterdir()}


def test_a_change_that_no_longer_fits_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = next(file for file in vendor.FILES if file.name == "hooks.module.js")
    monkeypatch.setattr(vendor, "FILES", (dataclasses.replace(hooks, replaced=("'preact'", "'./preact.module.js'")),))
    with pytest.raises(ValueError, match="exactly once"):
        vendor.write(tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()
