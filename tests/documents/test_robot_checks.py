"""What docs/robots.md says about the conformance check, held against the code."""

import re

from exchange.cli.main import make_app
from exchange.robots.check.bench import Times
from exchange.robots.check.checks import CHECKS
from exchange.robots.check.formats import to_text
from exchange.robots.check.model import PULL_ONLY, PUSH_ONLY, Failed, Finding
from tests.documents.reading import marked_in, text_of

DOCUMENT = "docs/robots.md"
SECTION = text_of(DOCUMENT).partition("## Check your robot")[2].partition("### ")[0]


def test_the_table_has_every_check() -> None:
    (table,) = marked_in(DOCUMENT, "checks")
    assert table.rows == [[f"`{check.id}`", check.level, check.title, check.why] for check in CHECKS]


def test_the_checks_of_one_way_only_are_named() -> None:
    pull_only = [check.id for check in CHECKS if check.deliveries == PULL_ONLY]
    push_only = [check.id for check in CHECKS if check.deliveries == PUSH_ONLY]
    assert {check_id[:4] for check_id in pull_only} == {"PULL"}
    assert {check_id[:4] for check_id in push_only} == {"SIGN", "ANSW", "KILL"}
    answers = [check_id for check_id in push_only if check_id.startswith("ANSW")]
    assert "The checks that begin with `PULL` are for robots that fetch their jobs." in SECTION
    assert f"`{answers[0]}` to `{answers[-1]}`, are for robots that are called." in SECTION


def test_the_shown_failure_is_what_the_check_prints() -> None:
    (failure,) = marked_in(DOCUMENT, "failure")
    check = next(check for check in CHECKS if check.id == failure.argument)
    assert failure.code == to_text(Finding(check, Failed("The score of 'Kenya' is 87."))) + "\n"


def test_every_option_is_described() -> None:
    command = make_app()["robots"]["check"]
    arguments = command.assemble_argument_collection()
    options = {name for argument in arguments for name in argument.names if name.startswith("--")}
    described = set(re.findall(r"^\| `(--\w+)`", SECTION, re.MULTILINE))
    # The robot is named without an option, and every command has a profile.
    assert described == options - {"--robot", "--profile"}


def test_the_numbers_are_quoted() -> None:
    assert f"by default {Times().job_s:g}" in SECTION
    changelog = text_of("CHANGELOG.md")
    assert f"makes {len(CHECKS)} checks" in changelog
