"""What the check prints, and the commands that repeat a call."""

import asyncio
import json
import os
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest

from exchange.cli.exits import Exit
from exchange.cli.main import run
from exchange.robots.check.bench import Bench, Times
from exchange.robots.check.checks import CHECKS
from exchange.robots.check.curl import EXAMPLE_JOB
from exchange.robots.check.formats import to_json, to_junit, to_text
from exchange.robots.check.model import Failed, Finding, Level, NotApplicable, Passed
from exchange.robots.check.run import Plan, check_robot
from exchange.robots.exchange import Credentials
from tests.unit.robots.check.broken_robots import BROKEN
from tests.unit.robots.check.small_robot import SmallRobot, serving_small
from tests.unit.robots.check.test_checks import running

MUST = next(check for check in CHECKS if check.level is Level.MUST)
SHOULD = next(check for check in CHECKS if check.level is Level.SHOULD)
FINDINGS = [
    Finding(MUST, Passed()),
    Finding(MUST, Failed("It <broke> & said \x00 no.", "curl -i x")),
    Finding(SHOULD, Failed("It waited.")),
    Finding(MUST, NotApplicable("It is remote.")),
    Finding(SHOULD, NotApplicable("we know"), skipped=True),
]


def test_outcomes_are_words() -> None:
    outcomes = [finding.outcome for finding in FINDINGS]
    assert outcomes == ["passed", "failed", "warning", "not applicable", "skipped"]


def test_json_explains_failures_only() -> None:
    passed, failed, warning, remote, _ = map(to_json, FINDINGS)
    assert passed == {"id": MUST.id, "level": "must", "title": MUST.title, "outcome": "passed"}
    assert (failed["why"], failed["fix"], failed["curl"]) == (MUST.why, MUST.fix, "curl -i x")
    assert (warning["outcome"], warning["curl"]) == ("warning", None)
    assert remote["detail"] == "It is remote."
    assert "why" not in remote


def test_text_has_the_command() -> None:
    assert to_text(FINDINGS[1]).splitlines()[-1] == "  Try:   curl -i x"
    assert "Try:" not in to_text(FINDINGS[2])


def test_junit_is_xml_with_one_failure() -> None:
    (suite,) = ET.fromstring(to_junit(FINDINGS))  # noqa: S314 - our own
    assert suite.attrib == {"name": "exchange robots check", "tests": "5", "failures": "1", "skipped": "2"}
    children = [[child.tag for child in case] for case in suite]
    assert children == [[], ["failure"], ["system-out"], ["skipped"], ["skipped"]]
    assert suite[1][0].attrib["message"] == "It <broke> & said  no."


def test_each_check_is_explained_in_sentences() -> None:
    assert len({check.id for check in CHECKS}) == len({check.title for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.title[0].islower()
        assert check.why.endswith(".")
        assert check.fix.endswith((".", "}."))


def test_levels_decide_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junit = tmp_path / "junit.xml"
    words = ["robots", "check", "samples.robot.robot:robot", "--only", "ANSW-001", "--only", "SIGN-001"]
    assert run([*words, "--skip", "ANSW-001=we answer 201", "--junit", str(junit), "--json"]) == Exit.DONE
    findings = json.loads(capsys.readouterr().out)
    assert [(each["id"], each["outcome"]) for each in findings] == [("SIGN-001", "passed"), ("ANSW-001", "skipped")]
    assert ET.fromstring(junit.read_text())[0].attrib["skipped"] == "1"  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (["http://127.0.0.1:9"], "Set ROBOT_ID (a UUID) and ROBOT_SECRET", Exit.USAGE),
        (["a:b", "--skip", "SIGN-001"], "--skip must be ID=reason, but is 'SIGN-001'.", Exit.USAGE),
        (["a:b", "--needs", "titles"], "--needs must be one of bibliographic", Exit.USAGE),
        (["a:b", "--listen", "7270"], "--listen must be host:port, but is '7270'.", Exit.USAGE),
        (["a:b", "--only", "X"], "Unknown check: X.", Exit.FAILED),
        (["--pull", "http://127.0.0.1:9"], "A robot that fetches its jobs has no address", Exit.USAGE),
        (["--pull", "python robot.py"], "The command must have {api} in place of the exchange's address", Exit.USAGE),
        (["--pull", "absent:robot"], "The robot did not fetch work, but ended: There is no module absent", Exit.FAILED),
    ],
)
def test_a_wrong_option_is_one_sentence(
    words: list[str], message: str, code: Exit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROBOT_ID", raising=False)
    assert run(["robots", "check", *words]) == code
    assert message in capsys.readouterr().err


def test_a_failure_without_a_call_names_the_command_that_checks_again(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["robots", "check", "tests.unit.robots.check.forgetful_robot", "--needs", "abstract", "--only", "KILL-001"]
    assert run([*words, "--timeout", "3"]) == Exit.ENDED_WITH_FAILURES
    assert f"\n  Again: exchange {' '.join(words)}\n" in capsys.readouterr().err


def test_a_robot_that_cannot_be_reached_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROBOT_ID", str(uuid4()))
    monkeypatch.setenv("ROBOT_SECRET", "a secret")
    assert run(["robots", "check", "http://127.0.0.1:9", "--listen", "127.0.0.1:0"]) == Exit.FAILED
    printed = capsys.readouterr()
    assert "The exchange is played at http://127.0.0.1:" in printed.err
    assert (
        "http://127.0.0.1:9 gave no answer: ClientConnectorError. Start the robot, and check the address."
        in printed.err
    )


@pytest.mark.parametrize(
    ("check_id", "broken_status"),
    [("SIGN-001", 202), ("SIGN-002", 202), ("SIGN-003", 202), ("SIGN-005", 202), ("SIGN-006", 401), ("SIGN-007", 401)],
)
async def test_the_command_shows_the_mistake(check_id: str, broken_status: int) -> None:
    async with running(BROKEN[check_id], Times(job_s=4.0, quiet_s=0.1)) as bench:
        (finding,) = await check_robot(bench, Plan(only=[check_id]))
        assert isinstance(finding.judgement, Failed)
        assert finding.judgement.curl is not None
        assert bench.credentials.secret not in finding.judgement.curl
        assert await run_shell(finding.judgement.curl, bench) == broken_status
        right = await run_on_right_robot(finding.judgement.curl, bench)
    assert right == (202 if broken_status == 401 else 401)


async def run_on_right_robot(command: str, bench: Bench) -> int:
    """Run the command on a robot without the mistake, which has the same secret."""

    class Idle(SmallRobot):
        async def run(self, job: dict[str, object]) -> None:
            """Do nothing, because the job of the command is an example."""

    async with serving_small(Idle, bench.exchange.url, bench.credentials) as url:
        return await run_shell(command.replace(bench.robot_url, url), bench)


async def run_shell(command: str, bench: Bench) -> int:
    """Return the status that a command prints."""
    assert json.loads(EXAMPLE_JOB)["extra_fields"] is None
    environment = {**os.environ, "ROBOT_SECRET": bench.credentials.secret}
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    printed, _ = await process.communicate()
    return int(printed.split()[1])


def test_the_secret_is_not_part_of_what_is_printed_about_a_robot() -> None:
    assert "hidden" not in repr(Credentials(uuid4(), "hidden"))
