"""What the command prints without an exchange: help, errors and exit codes."""

import json
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from exchange import __version__
from exchange.cli.exits import Exit
from exchange.cli.main import make_app, run
from exchange.cli.profiles import Profile, SignIn
from exchange.cli.sign_in import make_get_token
from exchange.cli.terminal import Terminal
from exchange.client import Client
from exchange.client.errors import Unreachable
from tests.stacks import ROOT
from tests.unit.cli.conftest import Run
from tests.unit.cli.server import running_exchange

GROUPS = {
    "references": ["load", "find", "show", "export"],
    "robots": ["list", "show", "register", "update", "rotate-secret", "check", "check-result", "new", "run"],
    "batches": [
        *("request", "list", "show", "watch", "parts", "report", "errors", "export", "cancel", "retry", "compare"),
    ],
    "webhooks": ["list", "add", "remove", "rotate-secret", "test", "deliveries", "redeliver"],
    "ops": ["health", "stats", "overdue", "dead-letters", "failed-webhooks"],
    "ops dead-letters": ["list", "resend"],
}
COMMANDS = [
    *(["login"], ["logout"], ["whoami"], ["profiles"]),
    *([*group.split(), name] for group, names in GROUPS.items() for name in names),
]
ID = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("words", [[], *(group.split() for group in GROUPS), *COMMANDS], ids=" ".join)
def test_every_command_explains_itself(command: Run, words: list[str]) -> None:
    code, out, err = command(*words, "--help")
    assert (code, err) == (0, "")
    assert f"Usage: exchange {' '.join(words)}".strip() in out
    for name in GROUPS.get(" ".join(words), []):
        assert name in out


def test_the_list_of_commands_is_complete() -> None:
    app = make_app()
    assert set(app.resolved_commands()) - {"--help", "-h", "--version", "--install-completion"} == {
        "login",
        "logout",
        "whoami",
        "profiles",
        *(group for group in GROUPS if " " not in group),
    }
    for group, names in GROUPS.items():
        found = app
        for word in group.split():
            found = found[word]
        assert {name for name in found.resolved_commands() if not name.startswith("-")} == set(names)


def test_the_version_is_that_of_the_package(command: Run) -> None:
    assert command("--version") == (0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["batch"], 'Unknown command "batch". Did you mean "batches"?'),
        (["batches", "show", "seven"], "'seven' is neither the id of a batch request nor its first 8 or more digits."),
        (["batches", "show"], 'Command "batches show" parameter --batch requires an argument'),
        (["batches", "watch"], "Name at least one batch request."),
        (["batches", "compare", ID], "Name one baseline: another batch request, or --labels FILE."),
        (["references", "load"], "Name at least one file."),
        (["ops", "dead-letters", "resend"], "Name the dead letters to resend: either --all, or ids"),
        (["ops", "dead-letters", "resend", "--all", "dispatch/3"], "Name the dead letters to resend"),
        (["ops", "dead-letters", "resend", "--queue", "import", "dispatch/3"], "Leave --queue out"),
        (["ops", "dead-letters", "list", "--profile", "none.json"], "none.json is not the file of a local stack"),
        (["login", "https://exchange.example"], "Name the scope of the access tokens with --scope"),
        (["login"], ".local/stack.json is not the file of a local stack that runs."),
        (["login", "http://["], "The address must be like https://exchange.example"),
        (["login", "https://user:secret@exchange.example"], "The address must not have a user name"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(command: Run, words: list[str], text: str) -> None:
    code, out, err = command(*words)
    assert (code, out) == (Exit.USAGE, "")
    assert text in err
    assert err.startswith("exchange: ")
    assert err.count("\n") == 1
    assert "secret" not in err


@pytest.mark.parametrize("content", ["[]", '"x"', '{"api": 5}', '{"api": "http://h:0"}', "["])
def test_a_wrong_stack_file_is_one_sentence(command: Run, folder: Path, content: str) -> None:
    (folder / "stack.json").write_text(content)
    code, out, err = command("login", "stack.json")
    assert (code, out, err.count("\n")) == (Exit.USAGE, "", 1)


@pytest.mark.parametrize("token", ["tökén", "a\nb", "a\x7fb"])
def test_a_token_that_no_server_accepts_is_not_sent(
    command: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("EXCHANGE_TOKEN", token)
    write_profile(folder, "one", "http://127.0.0.1:9")
    assert command("robots", "list") == (
        Exit.NOT_SIGNED_IN,
        "",
        "exchange: The access token has characters that no token has.\n",
    )


@pytest.mark.parametrize("words", [["whoami"], ["robots", "list"], ["logout"], ["batches", "show", ID]], ids=" ".join)
def test_without_a_profile_the_exit_code_is_4(command: Run, words: list[str]) -> None:
    assert command(*words) == (Exit.NOT_SIGNED_IN, "", "exchange: You are not signed in. Type: exchange login URL\n")


def test_a_profile_that_does_not_exist_is_named_with_those_that_do(command: Run, folder: Path) -> None:
    write_profile(folder, "one", "http://127.0.0.1:9")
    assert command("whoami", "--profile", "two") == (
        Exit.NOT_SIGNED_IN,
        "",
        "exchange: There is no profile 'two'. Profiles: one.\n",
    )


def test_a_watch_survives_a_restart_of_the_local_stack(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchange.client.watching._POLL_S", 0)
    stack = folder / "stack.json"
    troubles: list[str] = []

    def restart(error: Unreachable) -> None:
        troubles.append(str(error))
        stack.write_text(json.dumps({"tokens": {"requestor": "token"}}))

    with running_exchange() as exchange:
        exchange.add_batch(ID)
        profile = Profile(exchange.url, SignIn.STACK, stack=str(stack), role="requestor")
        with Client(profile.url, make_get_token(profile)) as client:
            (ended,) = client.watch_batches([UUID(ID)], on_trouble=restart)
    assert ended.request_status == "completed"
    assert troubles == [f"{stack} cannot be read. Is the local stack running? `make up` starts it."]


def test_a_local_stack_that_does_not_run_ends_other_commands_with_exit_code_4(command: Run, folder: Path) -> None:
    (folder / "config").mkdir()
    profile = {"url": "http://127.0.0.1:9", "sign_in": "stack", "stack": "stack.json", "role": "requestor"}
    (folder / "config" / "profiles.json").write_text(json.dumps({"current": "one", "by_name": {"one": profile}}))
    code, out, err = command("robots", "list")
    assert (code, out) == (Exit.NOT_SIGNED_IN, "")
    assert err == "exchange: stack.json cannot be read. Is the local stack running? `make up` starts it.\n"


def test_an_exchange_that_does_not_answer_is_one_sentence(
    command: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.client.retries.RetryPolicy.choose_delay", lambda *_: None)
    monkeypatch.setenv("EXCHANGE_TOKEN", "t")
    write_profile(folder, "one", "http://127.0.0.1:9")
    code, out, err = command("robots", "list")
    assert (code, out) == (Exit.FAILED, "")
    assert err.startswith("exchange: http://127.0.0.1:9 cannot be reached: ")


def test_profiles_that_cannot_be_read_are_named(command: Run, folder: Path) -> None:
    (folder / "config").mkdir()
    for text in ("[]", "{", '{"by_name": {"a": {"url": "u", "sign_in": "magic"}}, "current": "a"}', "[" * 10_000):
        (folder / "config" / "profiles.json").write_text(text)
        code, out, err = command("whoami")
        assert (code, out) == (Exit.FAILED, "")
        assert f"The profiles in {folder}/config/profiles.json cannot be read" in err


def test_a_profile_is_chosen_and_forgotten(command: Run, folder: Path) -> None:
    write_profile(folder, "one", "http://127.0.0.1:1", "two")
    listed = json.loads(command("profiles", "two", "--json")[1])
    assert [(item["name"], item["current"]) for item in listed] == [("one", False), ("two", True)]
    assert command("logout") == (0, "", "Forgot the profile 'two'. The current one is 'one'.\n")
    assert command("logout") == (0, "", "Forgot the profile 'one'.\n")
    assert command("logout")[0] == Exit.NOT_SIGNED_IN


def test_a_dry_run_reads_files_without_an_exchange(command: Run) -> None:
    code, out, err = command("references", "load", ROOT / "samples/references.jsonl", "--dry-run")
    assert (code, out, err) == (0, "", "500 references could be loaded. 0 records were refused.\n")


def test_a_record_that_cannot_be_read_is_named_and_costs_no_other(command: Run, folder: Path) -> None:
    (folder / "library.ris").write_text("TY  - JOUR\nTI  - One\nER  - \nstray\nTY  - JOUR\nTI  - Two\nER  - \n")
    code, _, err = command("references", "load", folder / "library.ris", "--dry-run")
    assert code == Exit.ENDED_WITH_FAILURES
    assert "library.ris:4: " in err
    assert "2 references could be loaded. 1 records were refused." in err


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b\x08\x00", b"%PDF-1.7", b"<html>", b""], ids=["gzip", "PDF", "HTML", "empty"]
)
def test_a_file_that_is_not_one_of_references_is_one_sentence(command: Run, folder: Path, content: bytes) -> None:
    (folder / "library.ris").write_bytes(content)
    code, out, err = command("references", "load", folder / "library.ris", "--dry-run")
    assert (out, err.count("Traceback")) == ("", 0)
    assert (code, err.count("\n")) in {(Exit.FAILED, 1), (Exit.DONE, 1), (Exit.ENDED_WITH_FAILURES, 2)}


def test_nothing_is_loaded_if_a_file_is_missing(command: Run, folder: Path) -> None:
    write_profile(folder, "one", "http://127.0.0.1:9")
    code, out, err = command("references", "load", ROOT / "samples/references.jsonl", "missing.ris")
    assert (code, out) == (Exit.FAILED, "")
    assert "missing.ris" in err
    assert err.count("\n") == 1


def test_a_reader_that_goes_away_is_not_an_error() -> None:
    shell = f"{sys.executable} -m exchange.cli --help | true"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, cwd=ROOT, check=False)  # noqa: S603, S607 - our own command
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_unexpected_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("exchange.cli.account.read_profiles", fail)
    with pytest.raises(ZeroDivisionError):
        run(["whoami"])


def write_profile(folder: Path, name: str, url: str, *others: str) -> None:
    (folder / "config").mkdir(exist_ok=True)
    profile = {"url": url, "sign_in": "token"}
    profiles = {"current": name, "by_name": dict.fromkeys([name, *others], profile)}
    (folder / "config" / "profiles.json").write_text(json.dumps(profiles))


def test_a_text_cannot_control_the_terminal(command: Run, capsys: pytest.CaptureFixture[str]) -> None:
    title = "a\x1b[31mred\x9b1m\u202eb\ttab"
    Terminal(as_json=False).write_table(("title",), [(title,)])
    assert capsys.readouterr().out == "title\na [31mred 1m b tab\n"
    Terminal(as_json=True).write_json({"title": title})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"title": title}
    assert not set("\x1b\x9b\u202e") & set(printed)
    assert "\x1b" not in command("batch\x1b[31m")[2]
