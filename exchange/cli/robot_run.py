"""`exchange robots run`: a robot on the kit, run by the command."""

from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from cyclopts import Parameter
from cyclopts.validators import Number
from pydantic import BaseModel, Field, ValidationError

from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.cli.profiles import read_profiles
from exchange.contract.base import check_url
from exchange.robots.command import RunError, UsageError, read_credentials, start
from exchange.robots.exchange import Credentials
from exchange.robots.find import FindError, find_robot
from exchange.robots.leases import MAX_LIMIT
from exchange.robots.options import DEFAULTS, MAX_PORT, MIN_LEASE_S, Options


def run(
    robot: str,
    *,
    credentials: Path | None = None,
    api: str | None = None,
    host: str = DEFAULTS.host,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=MAX_PORT))] = DEFAULTS.port,
    pull: Annotated[bool, Parameter(negative="")] = DEFAULTS.pull,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_LIMIT))] = DEFAULTS.limit,
    lease: Annotated[int, Parameter(validator=Number(gte=MIN_LEASE_S))] = DEFAULTS.lease,
    workers: Annotated[int, Parameter(validator=Number(gte=1))] = DEFAULTS.workers,
    state: Path | None = None,
    log: Literal["json", "text"] = "json",
    file: Annotated[Path | None, Parameter(name="--try")] = None,
    common: Common = COMMON,
) -> None:
    """Run a robot on the kit: serve it, let it fetch its jobs, or try its function on a file.

    Its id and secret are read from ROBOT_ID and ROBOT_SECRET in the environment, or from the file of `--credentials`.

    Parameters
    ----------
    robot
        The module and the variable of the robot, for example `countries:robot`. A module with one robot is enough.
    credentials
        The file that `exchange robots register --credentials` wrote.
    api
        The address of the exchange. The default is that of the profile.
    host
        The address to listen on. The default is reached from this machine only.
    port
        The port to listen on.
    pull
        Do not serve: fetch jobs from the exchange. It needs no address of its own.
    limit
        The references in a fetched job.
    lease
        The seconds for which a fetched job is kept for a process that has died. A process that works renews it.
    workers
        How many calls of the function run at once, and with `--pull` also how many jobs.
    state
        The folder for accepted jobs and unfinished results. The default is in the user's cache, and with `--pull` the
        system's folder for temporary files.
    log
        The form of the log on standard error.
    file
        Do not serve: apply the function to the references in a JSONL file, and print the result lines.
    """
    try:
        found = find_robot(robot)
        address = None if file else _find_api(api, common)
        options = Options(address, host, port, pull, limit, lease, workers, state, log, file)
        start(found, options, read_credentials if credentials is None else lambda: _read_file(credentials))
    except UsageError as error:
        text = str(error)
        raise CommandError(f"{text[0].upper()}{text[1:]}. Or name their file with --credentials.", Exit.USAGE) from None
    except (FindError, RunError) as error:
        raise CommandError(str(error)) from None


def _find_api(api: str | None, common: Common) -> str:
    if api is None:
        return read_profiles().choose(common.profile)[1].url
    try:
        return check_url(api)
    except ValueError as error:
        raise CommandError(f"--api {error}.", Exit.USAGE) from None


class _Saved(BaseModel):
    """The part of a robot's registration that is saved."""

    id: UUID
    client_secret: str = Field(min_length=1)


def _read_file(file: Path) -> Credentials:
    try:
        saved = _Saved.model_validate_json(file.read_bytes())
    except ValidationError:
        raise CommandError(
            f"{file} is not a file that `exchange robots register --credentials` wrote.", Exit.USAGE
        ) from None
    return Credentials(saved.id, saved.client_secret)
