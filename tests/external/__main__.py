"""Run the function app in `func` on running emulators, so that tests can use it.

python -m tests.external --service-bus   write the configuration of the Service Bus emulator, then exit
python -m tests.external                 create the resources, then run the token issuer and `func` until Ctrl-C

Tests use it if the variable RUNNING_STACK names the folder. `--no-func` runs the token issuer only.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from local.app_settings import make_addresses, make_app_settings, make_stack_settings, write_json
from local.azure_resources import make_certificates, make_resources, read_topology
from local.issuer import ROLES, make_key, mint
from local.paths import ROOT
from local.shutdown import wait_for_shutdown
from local.stack import DEFAULT_PORTS
from tests.e2e.conftest import SHORT

log = logging.getLogger(__name__)
FOLDER = ROOT / ".local" / "external"
_START_S = 180.0
# The emulator accepts at most an hour.
_TIME_TO_LIVE = "PT1H"


def make_service_bus_config() -> dict[str, Any]:
    """Return the configuration of the Service Bus emulator, made from the topology of the project."""
    queues = [
        {
            "Name": queue["name"],
            "Properties": {
                "DeadLetteringOnMessageExpiration": True,
                "DefaultMessageTimeToLive": _TIME_TO_LIVE,
                "LockDuration": f"PT{queue['lockDurationSeconds']}S",
                "MaxDeliveryCount": queue["maxDeliveryCount"],
                "RequiresDuplicateDetection": False,
                "RequiresSession": False,
            },
        }
        for queue in read_topology()["queues"]
    ]
    namespace = {"Name": "sbemulatorns", "Queues": queues, "Topics": []}
    return {"UserConfig": {"Namespaces": [namespace], "Logging": {"Type": "Console"}}}


def make_settings(bundle: Path, cosmos: str) -> dict[str, str]:
    """Return the app settings for the emulators, with the short waits of the end-to-end tests."""
    stack = {
        **make_stack_settings(DEFAULT_PORTS, bundle),
        "COSMOS_ENDPOINT": cosmos,
        "SERVICE_BUS": (
            f"Endpoint=sb://127.0.0.1:{DEFAULT_PORTS['servicebus']};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
        ),
    }
    return make_app_settings(stack, SHORT)


async def run(folder: Path, cosmos: str, *, with_func: bool) -> None:
    """Create the resources and run everything that is not an emulator."""
    certificate, key, bundle = make_certificates(folder / "tls")
    make_key(folder / "issuer.pem")
    settings = make_settings(bundle, cosmos)
    local_settings = {"IsEncrypted": False, "Values": settings}
    write_json(folder / "local.settings.json", local_settings)
    await _create_resources(settings)
    issuer = ["-m", "local.issuer", "--port", str(DEFAULT_PORTS["issuer"]), "--key", str(folder / "issuer.pem")]
    issuer += ["--sign-in-port", str(DEFAULT_PORTS["sign_in"])]
    processes = [await _start(sys.executable, *issuer, "--tls", str(certificate), str(key))]
    try:
        if with_func:
            write_json(ROOT / "local.settings.json", local_settings)
            processes.append(await _start("func", "start", "--port", str(DEFAULT_PORTS["api"])))
            await _wait_for_answer(f"{make_addresses(DEFAULT_PORTS)['api']}/health", processes[-1])
        tokens = {role: mint(folder / "issuer.pem", role) for role in ROLES}
        stack = {**make_addresses(DEFAULT_PORTS), "cosmos": cosmos, "tokens": tokens}
        write_json(folder / "stack.json", stack)
        log.info("ready: %s", folder)
        shutdowns = [wait_for_shutdown(None, exit_with_stdin=False), *(process.wait() for process in processes)]
        await asyncio.wait(map(asyncio.ensure_future, shutdowns), return_when=asyncio.FIRST_COMPLETED)
    finally:
        (folder / "stack.json").unlink(missing_ok=True)
        for process in processes:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def _create_resources(settings: Mapping[str, str]) -> None:
    """Create the containers. An emulator may answer before it is ready."""
    deadline = time.monotonic() + _START_S
    while True:
        try:
            await make_resources(settings["DATA_STORAGE"], settings["COSMOS_ENDPOINT"], settings["COSMOS_KEY"])
        except Exception as error:
            if time.monotonic() > deadline:
                raise
            log.info("the emulators are not ready: %s", type(error).__name__)
            await asyncio.sleep(5)
        else:
            return


async def _start(*command: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdin=asyncio.subprocess.PIPE)


async def _wait_for_answer(url: str, process: asyncio.subprocess.Process) -> None:
    """Wait until the URL answers with success. Raises TimeoutError if the process ends or takes too long."""
    deadline = time.monotonic() + _START_S
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    if response.ok:
                        return
            except aiohttp.ClientError:
                pass
            if process.returncode is not None or time.monotonic() > deadline:
                raise TimeoutError(f"{url} did not answer within {_START_S:g} s, or func ended (see its log)")
            await asyncio.sleep(1)


def main() -> None:
    """Write the configuration of the Service Bus emulator, or run the issuer and `func`."""
    parser = argparse.ArgumentParser(prog="python -m tests.external", description=run.__doc__)
    parser.add_argument("--dir", type=Path, default=FOLDER, help="where settings, keys and stack.json are written")
    parser.add_argument("--service-bus", action="store_true", help="write service-bus.json there, then exit")
    parser.add_argument("--cosmos", default="http://127.0.0.1:8081", help="the address of the Cosmos DB emulator")
    parser.add_argument("--no-func", action="store_true", help="do not run the function app")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    arguments.dir.mkdir(parents=True, exist_ok=True)
    if arguments.service_bus:
        (arguments.dir / "service-bus.json").write_text(json.dumps(make_service_bus_config(), indent=2) + "\n")
    else:
        asyncio.run(run(arguments.dir.resolve(), arguments.cosmos, with_func=not arguments.no_func))


if __name__ == "__main__":
    main()
