"""`exchange robots`: which robots there are, and their registration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.cli.profiles import read_profiles
from exchange.cli.robot_secrets import list_start_lines, saving, show_secret
from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.robots import Delivery, ProvisionedRobot, Robot, RobotIn, RobotSettings
from exchange.contract.v1.robots import NO_BASE_URL

if TYPE_CHECKING:
    from exchange.client import Client

app = App(name="robots")


@app.command(name="list")
def list_robots(*, common: Common = COMMON) -> None:
    """List the robots."""
    with common.connect() as client:
        robots = client.list_robots().root
    rows = (
        (
            *(robot.name, robot.version, robot.id, "yes" if robot.enabled else "no", robot.delivery),
            *(robot.owner, robot.description),
        )
        for robot in robots
    )
    columns = ("robot", "version", "id", "enabled", "delivery", "owner", "description")
    common.terminal.show(robots, columns, rows)


@app.command
def show(robot: str, *, common: Common = COMMON) -> None:
    """Show a robot and what it did in the last 30 days.

    Parameters
    ----------
    robot
        The name or the id of the robot.
    """
    with common.connect() as client:
        found = client.find_robot(robot)
        activity = client.read_robot_activity(found.id)
    shown = {**found.model_dump(mode="json"), "activity": activity.model_dump(mode="json")}
    if common.json:
        common.terminal.write_json(shown)
        return
    recent = activity.last_30_days
    rows = [
        *(
            (name, ", ".join(value) if isinstance(value, list) else value)
            for name, value in shown.items()
            if name != "activity" and value is not None and value != NO_BASE_URL
        ),
        ("batch requests in 30 days", ", ".join(f"{count} {name}" for name, count in recent.batches.items() if count)),
        ("references enhanced", recent.references_enhanced),
        ("median seconds to deliver", recent.median_seconds_to_deliver),
        ("last seen", activity.last_seen_at),
        ("waiting", activity.waiting),
        ("references to fetch", activity.references_to_fetch if found.delivery is Delivery.PULL else None),
    ]
    common.terminal.write_table(("", ""), rows)


@app.command
def register(
    name: str,
    base_url: str | None = None,
    *,
    description: str = "",
    owner: str = "",
    needs: list[EnhancementType] | None = None,
    needs_identifiers: list[IdentifierType] | None = None,
    delivery: Delivery | None = None,
    max_references: int | None = None,
    credentials: Path | None = None,
    common: Common = COMMON,
) -> None:
    """Register a robot, and print or save its secret, which is never shown again.

    Parameters
    ----------
    name
        Its name, unique among robots.
    base_url
        The address that the exchange calls. A robot that fetches its jobs needs none.
    description
        What it does.
    owner
        Who is responsible for it.
    needs
        What it needs to know of a reference: `bibliographic`, `abstract`, `annotation` or `location`. May be repeated.
    needs_identifiers
        The identifiers that it needs: `doi`, `pm_id`, `open_alex` or `other`. May be repeated.
    delivery
        How it gets its jobs: `push`, the exchange calls it, or `pull`, it fetches them. The default is `push`.
    max_references
        The maximum number of references in one job.
    credentials
        Save the id and the secret in this file instead of printing them. `exchange robots run` reads it.
    """
    if credentials is not None and credentials.exists():
        raise CommandError(f"{credentials} exists already. It may have the secret of another robot: name another file.")
    if base_url is None and delivery is not Delivery.PULL:
        raise CommandError("Name the address that the exchange calls, or use --delivery pull.", Exit.USAGE)
    robot = RobotIn(
        name=name,
        base_url=base_url or NO_BASE_URL,
        description=description,
        owner=owner,
        dependent_enhancements=needs or [],
        dependent_identifiers=needs_identifiers or [],
    )
    settings = _make_settings(delivery=delivery, max_references=max_references)
    with common.connect() as client:
        made = _register(client, robot, settings, credentials, common)
    api = read_profiles().choose(common.profile)[1].url
    for line in list_start_lines(made, api, credentials):
        common.terminal.say(line)


def _register(
    client: "Client", robot: RobotIn, settings: RobotSettings, credentials: Path | None, common: Common
) -> ProvisionedRobot:
    """Register a robot with these settings. Its secret is shown even if the settings could not be changed."""
    with saving(credentials) as save:
        made = client.register_robot(robot)
        save(made)
    try:
        if settings.model_fields_set:
            changed = client.change_robot(made.id, settings)
            made = ProvisionedRobot(**dict(changed), client_secret=made.client_secret)
    finally:
        show_secret(made, credentials, common)
    return made


@app.command
def update(
    robot: str,
    *,
    enabled: bool | None = None,
    version: str | None = None,
    delivery: Delivery | None = None,
    max_references: int | None = None,
    common: Common = COMMON,
) -> None:
    """Change settings of a robot.

    Parameters
    ----------
    robot
        The name or the id of the robot.
    enabled
        Whether it takes new batch requests.
    version
        Its version, which its enhancements name.
    delivery
        How it gets its jobs: `push`, the exchange calls it, or `pull`, it fetches them.
    max_references
        The maximum number of references in one job.
    """
    settings = _make_settings(enabled=enabled, version=version, delivery=delivery, max_references=max_references)
    with common.connect() as client:
        changed: Robot = client.change_robot(client.find_robot(robot).id, settings)
    enabled_now = "yes" if changed.enabled else "no"
    rows = [(changed.name, changed.version, enabled_now, changed.delivery, changed.max_references)]
    common.terminal.show(changed, ("robot", "version", "enabled", "delivery", "max references"), rows)


def _make_settings(**given: object) -> RobotSettings:
    """Return the settings that were given. The others stay as they are."""
    return RobotSettings.model_validate({name: value for name, value in given.items() if value is not None})


@app.command
def rotate_secret(
    robot: str,
    *,
    revoke: Annotated[bool, Parameter(negative="")] = False,
    credentials: Path | None = None,
    common: Common = COMMON,
) -> None:
    """Replace the secret of a robot, and print or save the new one.

    Parameters
    ----------
    robot
        The name or the id of the robot.
    revoke
        End the previous secret at once, for example after a leak.
    credentials
        Save the id and the secret in this file instead of printing them. `exchange robots run` reads it.
    """
    with common.connect() as client:
        found = client.find_robot(robot)
        with saving(credentials) as save:
            made = client.rotate_robot_secret(found.id, revoke=revoke)
            save(made)
    show_secret(made, credentials, common)


# They import the robot kit, which takes longer.
app.command("exchange.cli.robot_tools:check", name="check", help="Check whether a robot keeps to the protocol.")
app.command("exchange.cli.robot_tools:check_result", name="check-result", help="Check a result file of a robot.")
app.command("exchange.cli.robot_run:run", name="run", help="Run a robot on the kit.")
app.command("exchange.cli.robot_tools:new", name="new", help="Write the project of a new robot.")
