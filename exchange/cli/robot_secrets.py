"""What a new secret of a robot is for: it is shown or saved once, and the robot is started with it."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from exchange.cli.common import Common
from exchange.contract.robots import Delivery, ProvisionedRobot
from exchange.files.replacing import replacing


def list_start_lines(robot: ProvisionedRobot, api: str, credentials: Path | None) -> list[str]:
    """Return how the robot is started. The secret is not on the line, because shells remember lines."""
    options = f"--api {shlex.quote(api)}"
    if robot.delivery is Delivery.PULL:
        options += " --pull"
    elif port := urlsplit(robot.base_url).port:
        options += f" --port {port}"
    if credentials is not None:
        return [
            "Start the robot, whose module and variable are for example countries:robot:",
            f"  exchange robots run countries:robot --credentials {shlex.quote(str(credentials))} {options}",
        ]
    environment = f"ROBOT_ID={robot.id} ROBOT_SECRET=..."
    return [
        "Start the robot by its module and variable, or a program that ends with `robot.main()`. For example:",
        f"  {environment} exchange robots run countries:robot {options}",
        f"  {environment} python countries.py {options}",
    ]


@contextmanager
def saving(file: Path | None) -> Iterator[Callable[[ProvisionedRobot], object]]:
    """Open what saves the secret, before there is one: a secret that cannot be saved would be lost."""
    if file is None:
        yield lambda _robot: None
        return
    with replacing(file, 0o600) as written:
        yield lambda robot: written.write(robot.model_dump_json(include={"id", "client_secret"}).encode() + b"\n")


def show_secret(robot: ProvisionedRobot, credentials: Path | None, common: Common) -> None:
    """Print the id and the secret. A secret that is saved is not printed."""
    rows = [("robot", robot.name), ("ROBOT_ID", robot.id), ("ROBOT_SECRET", robot.client_secret)]
    if common.json:
        saved = {"client_secret"} if credentials is not None else set()
        common.terminal.write_json(robot.model_dump(mode="json", exclude_unset=True, exclude=saved))
    else:
        common.terminal.write_table(("", ""), rows if credentials is None else rows[:2])
    place = "Keep the secret" if credentials is None else f"The secret is in {credentials}. Keep it"
    common.terminal.say(f"{place}: it is not shown again.")
