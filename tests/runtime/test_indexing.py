"""Microsoft's worker library finds the functions that the local host finds, and those of the table of endpoints."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from functions.http.register import ENDPOINTS, METHODS
from tests.runtime.app import Json, RuntimeApp, app_process
from tests.runtime.host import make_timer_run
from tests.stacks import ROOT, Stack


@pytest.fixture(scope="module")
def local_triggers(emulators: Stack) -> dict[str, Json]:
    """The triggers of the app as the local host reads them, by the names of its functions."""
    command = [sys.executable, "-m", "tests.runtime.local_view", str(ROOT / "function_app.py")]
    environment = {**os.environ, **emulators.settings}
    printed = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ours
    found: dict[str, Json] = json.loads(printed.stdout)
    return found


def resolve(trigger: Json, settings: dict[str, str]) -> Json:
    """Replace `%NAME%` by app settings, as the host does. Omit `properties`, which only the worker library adds."""
    text = re.sub(r"%(\w+)%", lambda match: settings[match[1]], json.dumps(trigger))
    return {name: value for name, value in json.loads(text).items() if name != "properties"}


def test_the_triggers_are_those_of_the_local_host(
    app: RuntimeApp, emulators: Stack, local_triggers: dict[str, Json]
) -> None:
    indexed = {name: resolve(app.bindings(name)[0], dict(emulators.settings)) for name in app.functions}
    assert indexed == local_triggers


def test_each_path_of_the_table_is_one_function_for_all_methods(app: RuntimeApp) -> None:
    triggers = [app.bindings(name)[0] for name in app.functions]
    served = {trigger["route"]: trigger for trigger in triggers if trigger["type"] == "httpTrigger"}
    # A parameter with this name takes the rest of the path, which a route writes with an asterisk.
    paths = [path for endpoint in ENDPOINTS for path in (endpoint.path, *endpoint.aliases)]
    assert served.keys() == {path.replace("{path}", "{*path}") for path in paths}
    assert all(trigger["methods"] == METHODS for trigger in served.values())
    assert all(trigger["authLevel"] == "ANONYMOUS" for trigger in served.values())


def test_the_other_functions_have_their_triggers(app: RuntimeApp) -> None:
    triggers = {name: app.bindings(name)[0] for name in app.functions}
    types = {name: trigger["type"] for name, trigger in triggers.items()}
    assert {name: kind for name, kind in types.items() if kind != "httpTrigger"} == {
        "dispatch": "serviceBusTrigger",
        "import_delivered": "serviceBusTrigger",
        "notify": "serviceBusTrigger",
        "validate": "blobTrigger",
        "sweep_overdue": "timerTrigger",
    }


def test_the_blob_trigger_passes_the_location_of_an_upload_not_its_content(app: RuntimeApp) -> None:
    [trigger] = app.bindings("validate")
    assert trigger["source"] == "EventGrid"
    assert trigger["properties"] == {"SupportsDeferredBinding": True}


async def test_a_worker_that_was_started_without_an_app_finds_the_same_functions(
    app: RuntimeApp, emulators: Stack, tmp_path: Path
) -> None:
    async with app_process(tmp_path / "app.log", {}) as waiting:
        await waiting.specialize(emulators.settings)
        assert {name: waiting.bindings(name) for name in waiting.functions} == {
            name: app.bindings(name) for name in app.functions
        }
        assert (await waiting.invoke("sweep_overdue", *make_timer_run())).error == ""


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("missing", [("COSMOS_ENDPOINT", "IMPORT_QUEUE", "DATA_STORAGE"), ("ROBOT_MASTER_KEY",)])
async def test_the_app_does_not_start_without_its_settings_and_names_the_missing_ones(
    tmp_path: Path,
    missing: tuple[str, ...],
    waiting: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    settings = {name: value for name, value in sample.items() if name not in missing}
    async with app_process(tmp_path / "app.log", {} if waiting else settings) as app:
        response = await (app.specialize(settings) if waiting else app.send("worker_init_request"))
    assert response["result"]["status"] == 0
    message = response["result"]["exception"]["message"]
    start = "SettingsError: The app cannot start. Missing or invalid settings: "
    assert message.startswith(start)
    assert {re.split(r"[ :]", fault)[0] for fault in message.removeprefix(start).split("; ")} == set(missing)
