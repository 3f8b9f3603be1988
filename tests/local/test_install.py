"""The emulators' npm packages: installed as the lock file says, once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.install import install
from local.paths import NODE
from local.problem import StackError


def package(folder: Path, registry: str, dependencies: dict[str, str]) -> None:
    """Write a package with its lock, and where npm is to look for what it depends on."""
    folder.mkdir(exist_ok=True)
    name: dict[str, Any] = {"name": "tried", "version": "1.0.0"}
    packages: dict[str, Any] = {"": {**name, "dependencies": dependencies}}
    for one, version in dependencies.items():
        packages[f"node_modules/{one}"] = {"version": version, "resolved": f"{registry}/{one}-{version}.tgz"}
    (folder / "package.json").write_text(json.dumps({**name, "dependencies": dependencies}))
    (folder / "package-lock.json").write_text(json.dumps({**name, "lockfileVersion": 3, "packages": packages}))
    (folder / ".npmrc").write_text(f"registry={registry}\nfetch-retries=0\ncache={folder / 'cache'}\n")


@pytest.fixture
def nowhere(unused_tcp_port: int) -> str:
    return f"http://127.0.0.1:{unused_tcp_port}"


def test_it_installs_once_and_again_when_the_lock_file_changes(tmp_path: Path, nowhere: str) -> None:
    package(tmp_path, nowhere, {})
    assert install(folder=tmp_path)
    assert not install(folder=tmp_path)
    with (tmp_path / "package-lock.json").open("a") as lock:
        lock.write("\n")
    assert install(folder=tmp_path)


def test_two_at_once_install_once(tmp_path: Path, nowhere: str) -> None:
    package(tmp_path, nowhere, {})
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: install(folder=tmp_path), range(2))) == [False, True]


def test_a_registry_out_of_reach_is_said_and_nothing_taken_as_installed(tmp_path: Path, nowhere: str) -> None:
    package(tmp_path, nowhere, {"some-package": "1.0.0"})
    for _ in range(2):
        with pytest.raises(StackError, match="is the npm registry within reach"):
            install(folder=tmp_path)


def test_a_missing_node_is_said(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"^There is no Node at .*\. Install it with: make install$"):
        install(tmp_path / "node", tmp_path)
    assert NODE.exists()
