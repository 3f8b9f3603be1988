"""The installation of the emulators' npm packages."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.errors import StackError
from local.install import install
from local.paths import NODE


def write_package(folder: Path, registry: str, dependencies: dict[str, str]) -> None:
    """Write a package with its lock file, and the registry from which npm installs its dependencies."""
    folder.mkdir(exist_ok=True)
    name: dict[str, Any] = {"name": "tested", "version": "1.0.0"}
    packages: dict[str, Any] = {"": {**name, "dependencies": dependencies}}
    for dependency, version in dependencies.items():
        resolved = f"{registry}/{dependency}-{version}.tgz"
        packages[f"node_modules/{dependency}"] = {"version": version, "resolved": resolved}
    (folder / "package.json").write_text(json.dumps({**name, "dependencies": dependencies}))
    (folder / "package-lock.json").write_text(json.dumps({**name, "lockfileVersion": 3, "packages": packages}))
    (folder / ".npmrc").write_text(f"registry={registry}\nfetch-retries=0\ncache={folder / 'cache'}\n")


@pytest.fixture
def unreachable_registry(unused_tcp_port: int) -> str:
    return f"http://127.0.0.1:{unused_tcp_port}"


def test_packages_are_installed_once_per_lock_file(tmp_path: Path, unreachable_registry: str) -> None:
    write_package(tmp_path, unreachable_registry, {})
    assert install(folder=tmp_path)
    assert not install(folder=tmp_path)
    with (tmp_path / "package-lock.json").open("a") as lock:
        lock.write("\n")
    assert install(folder=tmp_path)


def test_two_concurrent_installations_install_once(tmp_path: Path, unreachable_registry: str) -> None:
    write_package(tmp_path, unreachable_registry, {})
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: install(folder=tmp_path), range(2))) == [False, True]


def test_an_unreachable_registry_is_reported_each_time(tmp_path: Path, unreachable_registry: str) -> None:
    write_package(tmp_path, unreachable_registry, {"some-package": "1.0.0"})
    for _ in range(2):
        with pytest.raises(StackError, match="Can this machine reach the npm registry"):
            install(folder=tmp_path)


def test_a_missing_node_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"^Node is missing: .* does not exist\. Install it with: make install$"):
        install(tmp_path / "node", tmp_path)
    assert NODE.exists()
