"""Tools for authors of robots. They need no exchange."""

import asyncio
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.files.replacing import replacing
from exchange.robots.check.bench import Times
from exchange.robots.check.formats import to_json, to_junit, to_text
from exchange.robots.check.model import Delivery, Failed, Finding
from exchange.robots.check.process import API, make_pull_command
from exchange.robots.check.references import ALL_NEEDS
from exchange.robots.check.result_file import (
    ReferencesError,
    ResultSummary,
    judge_result,
    read_pieces,
    read_reference_ids,
)
from exchange.robots.check.run import CheckError, Plan, check_kit_robot, check_url, list_failures
from exchange.robots.check.run_pull import check_pull_robot
from exchange.robots.exchange import Credentials
from exchange.robots.options import ID, SECRET
from exchange.robots.project import ProjectError, write_project


def check(
    robot: str,
    *,
    pull: Annotated[bool, Parameter(negative="")] = False,
    listen: str = "127.0.0.1:7270",
    address: str | None = None,
    needs: Annotated[list[str] | None, Parameter(negative="")] = None,
    timeout: float = 60.0,
    only: Annotated[list[str] | None, Parameter(negative="")] = None,
    skip: Annotated[list[str] | None, Parameter(negative="")] = None,
    junit: Path | None = None,
    common: Common = COMMON,
) -> int:
    """Check whether a robot keeps to the protocol. The command plays the exchange, and needs none.

    Parameters
    ----------
    robot
        Either `module:robot`, a robot on the kit, which the command starts. Or the address of a robot that runs, such
        as `http://127.0.0.1:8000`. It must call the address of `--listen` as its exchange, and the environment must
        have the same ROBOT_ID and ROBOT_SECRET as the robot. With `--pull`: `module:robot`, or a command that starts
        any other robot, with `{api}` in place of the address of the exchange.
    pull
        The robot fetches its jobs. The command starts it, with ROBOT_ID and ROBOT_SECRET in its environment.
    listen
        Where the played exchange listens, for a robot that runs already.
    address
        How the robot reaches it, if that is another address, for example from a container.
    needs
        A type of enhancements or identifiers that the robot depends on. May be repeated. The default is all types.
    timeout
        The seconds in which the robot must deliver a job.
    only
        The id of a check to make. May be repeated.
    skip
        A check to leave out and the reason, as `ID=reason`. May be repeated.
    junit
        A file for the findings as JUnit XML.
    """
    wrong = sorted(set(needs or ()) - set(ALL_NEEDS))
    if wrong:
        raise CommandError(f"--needs must be one of {', '.join(ALL_NEEDS)}, but is {', '.join(wrong)}.", Exit.USAGE)
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise CommandError(f"--listen must be host:port, but is '{listen}'.", Exit.USAGE)
    is_url = robot.startswith(("http://", "https://"))
    if pull and is_url:
        raise CommandError("A robot that fetches its jobs has no address: name module:robot or a command.", Exit.USAGE)
    try:
        plan = Plan(
            only=only or (),
            skipped=dict(map(_parse_skip, skip or ())),
            times=Times(job_s=timeout),
            needs=needs or ALL_NEEDS,
            host=host if is_url else "127.0.0.1",
            port=int(port) if is_url else 0,
            address=address if is_url else None,
            delivery=Delivery.PULL if pull else Delivery.PUSH,
        )
        if pull:
            findings = asyncio.run(check_pull_robot(_parse_command(robot), plan))
        elif is_url:
            findings = asyncio.run(check_url(robot, _read_credentials(), plan, _make_announcer(common)))
        else:
            findings = asyncio.run(check_kit_robot(robot, plan))
    except CheckError as error:
        raise CommandError(str(error)) from None
    if junit is not None:
        with replacing(junit) as file:
            file.write(to_junit(findings).encode())
    options = [part for need in needs or () for part in ("--needs", need)]
    _show(findings, common, ["exchange", "robots", "check", robot, *(["--pull"] if pull else []), *options])
    return Exit.ENDED_WITH_FAILURES if list_failures(findings) else Exit.DONE


def _parse_command(robot: str) -> list[str]:
    """Return the command of a robot that fetches its jobs. One word is the name of a robot on the kit."""
    words = shlex.split(robot)
    if len(words) == 1:
        return make_pull_command(robot)
    if not any(API in word for word in words):
        raise CommandError(
            f"The command must have {API} in place of the exchange's address, as in 'python robot.py --api {API}'.",
            Exit.USAGE,
        )
    return words


def _make_announcer(common: Common) -> Callable[[str], None]:
    def announce(url: str) -> None:
        common.terminal.say(f"The exchange is played at {url}. The robot must call this address.")

    return announce


def _parse_skip(text: str) -> tuple[str, str]:
    check_id, _, reason = text.partition("=")
    if not reason.strip():
        raise CommandError(f"--skip must be ID=reason, but is '{text}'.", Exit.USAGE)
    return check_id, reason


def _read_credentials() -> Credentials:
    try:
        return Credentials(UUID(os.environ[ID]), os.environ[SECRET])
    except (KeyError, ValueError):
        raise CommandError(
            f"Set {ID} (a UUID) and {SECRET} in the environment, with the same values as for the robot. Without an "
            "exchange they can be any values.",
            Exit.USAGE,
        ) from None


def _show(findings: list[Finding], common: Common, command: list[str]) -> None:
    if common.json:
        common.terminal.write_json([to_json(finding) for finding in findings])
        return
    rows = [
        (finding.check.id, finding.check.level, finding.outcome, finding.check.title, finding.detail)
        for finding in findings
    ]
    common.terminal.write_table(("check", "level", "outcome", "the robot ...", "found"), rows)
    for finding in findings:
        if isinstance(finding.judgement, Failed):
            common.terminal.say(f"\n{to_text(finding)}")
            # What the robot does with a job takes more than one call, so there is no command with curl.
            if finding.judgement.curl is None:
                common.terminal.say(f"  Again: {shlex.join([*command, '--only', finding.check.id])}")
    outcomes = [finding.outcome for finding in findings]
    counts = (f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes))
    common.terminal.say(f"\n{len(findings)} checks: {', '.join(counts)}.")


def check_result(file: Path, *, references: Path, common: Common = COMMON) -> int:
    """Check a result file as the exchange does, and print its report.

    Parameters
    ----------
    file
        The result file.
    references
        The references of the job, as the robot downloads them. Each needs its id.
    """
    try:
        summary = judge_result(read_reference_ids(references), read_pieces(file), _ignore if common.json else _write)
    except ReferencesError as error:
        raise CommandError(str(error)) from None
    if common.json:
        common.terminal.write_json(_summarize(summary))
    else:
        counts = ", ".join(f"{count} {kind}" for kind, count in summary.kinds.items() if count)
        common.terminal.say(f"{summary.entries} entries." + (f" {counts}." if counts else ""))
        if summary.fault is not None:
            common.terminal.say(summary.fault)
    return Exit.DONE if summary.complete else Exit.ENDED_WITH_FAILURES


def _ignore(_report: bytes) -> None:
    """Print nothing: JSON has the counts and the most frequent messages only, because a report can be long."""


def _write(report: bytes) -> None:
    sys.stdout.write(report.decode())


def _summarize(summary: ResultSummary) -> dict[str, object]:
    return {
        "complete": summary.complete,
        "entries": summary.entries,
        "kinds": summary.kinds,
        "fault": summary.fault,
        **summary.errors.model_dump(mode="json"),
    }


def new(name: str, folder: Path | None = None, *, common: Common = COMMON) -> None:
    """Write the project of a new robot on the kit: a function, a test, references to try it on, and a Dockerfile.

    Parameters
    ----------
    name
        The name of the robot, for example `countries`.
    folder
        Where to write it. The default is a folder with this name.
    """
    try:
        written = write_project(name, folder or Path(name))
    except ProjectError as error:
        raise CommandError(str(error)) from None
    if common.json:
        common.terminal.write_json([str(file) for file in written])
        return
    for file in written:
        print(file)
    common.terminal.suggest(f"cd {written[0].parent}, read README.md, and change robot.py")
