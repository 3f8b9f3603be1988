"""What Microsoft's code finds in the app is what the local host finds, and what the table of endpoints says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from functions.http.register import ENDPOINTS, METHODS
from tests.runtime.app import Json, RuntimeApp, app_process
from tests.runtime.host import tick
from tests.stacks import ROOT, Stack


@pytest.fixture(scope="module")
def as_the_local_host_reads_it(emulators: Stack) -> dict[str, Json]:
    """Give the triggers of the app, by the names of its functions."""
    command = [sys.executable, "-m", "tests.runtime.local_view", str(ROOT / "function_app.py")]
    environment = {**os.environ, **emulators.settings}
    said = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ours
    found: dict[str, Json] = json.loads(said.stdout)
    return found


def resolved(trigger: Json, settings: dict[str, str]) -> Json:
    """Put the app settings where the trigger names them, as the host does; leave out what is between it and us."""
    text = re.sub(r"%(\w+)%", lambda match: settings[match[1]], json.dumps(trigger))
    return {name: value for name, value in json.loads(text).items() if name != "properties"}


def test_the_triggers_are_those_of_the_local_host(
    app: RuntimeApp, emulators: Stack, as_the_local_host_reads_it: dict[str, Json]
) -> None:
    indexed = {name: resolved(app.bindings(name)[0], dict(emulators.settings)) for name in app.functions}
    assert indexed == as_the_local_host_reads_it


def test_each_path_of_the_table_is_a_function_for_every_method(app: RuntimeApp) -> None:
    triggers = [app.bindings(name)[0] for name in app.functions]
    served = {one["route"]: one for one in triggers if one["type"] == "httpTrigger"}
    assert served.keys() == {one.path for one in ENDPOINTS}
    assert all(one["methods"] == METHODS and one["authLevel"] == "ANONYMOUS" for one in served.values())


def test_every_other_function_is_there(app: RuntimeApp) -> None:
    triggers = {name: app.bindings(name)[0] for name in app.functions}
    assert {name: one["type"] for name, one in triggers.items() if one["type"] != "httpTrigger"} == {
        "dispatch": "serviceBusTrigger",
        "import_delivered": "serviceBusTrigger",
        "validate": "blobTrigger",
        "sweep_overdue": "timerTrigger",
    }


def test_of_an_upload_only_the_place_crosses(app: RuntimeApp) -> None:
    [trigger] = app.bindings("validate")
    assert trigger["source"] == "EventGrid"
    assert trigger["properties"] == {"SupportsDeferredBinding": True}


async def test_a_worker_that_waited_for_an_app_finds_the_same(
    app: RuntimeApp, emulators: Stack, tmp_path: Path
) -> None:
    async with app_process(tmp_path / "app.log", {}) as waiting:
        await waiting.specialize(emulators.settings)
        assert {name: waiting.bindings(name) for name in waiting.functions} == {
            name: app.bindings(name) for name in app.functions
        }
        assert (await waiting.invoke("sweep_overdue", *tick())).error == ""


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("missing", [("COSMOS_ENDPOINT", "IMPORT_QUEUE", "DATA_STORAGE"), ("ROBOT_MASTER_KEY",)])
async def test_without_a_setting_it_refuses_to_start_and_names_all_that_are_missing(
    tmp_path: Path,
    missing: tuple[str, ...],
    waiting: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    settings = {name: value for name, value in sample.items() if name not in missing}
    async with app_process(tmp_path / "app.log", {} if waiting else settings) as app:
        answer = await (app.specialize(settings) if waiting else app.ask("worker_init_request"))
    assert answer["result"]["status"] == 0
    said = answer["result"]["exception"]["message"]
    start = "SettingsError: The app can't start. Settings missing or bad: "
    assert said.startswith(start)
    assert {re.split(r"[ :]", fault)[0] for fault in said.removeprefix(start).split("; ")} == set(missing)
