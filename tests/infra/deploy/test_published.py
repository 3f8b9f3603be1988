"""What is published is the app and nothing else."""

import subprocess

from tests.stacks import ROOT

APP = {"function_app.py", "functions", "host.json", "requirements.txt"}


def test_all_of_the_app_is_published_and_nothing_beside_it() -> None:
    """By git's own reading of the patterns, which Core Tools share."""
    files = git("ls-files")
    ignored = set(
        git("-c", f"core.excludesFile={ROOT / '.funcignore'}", "check-ignore", "--no-index", "--stdin", given=files)
    )
    published = set(files) - ignored
    assert {file.split("/")[0] for file in published} == APP
    assert {file for file in files if file.split("/")[0] in APP} == published


def git(*arguments: str, given: list[str] | None = None) -> list[str]:
    ended = subprocess.run(  # noqa: S603 - arguments are ours
        ["git", *arguments],  # noqa: S607 - the git that made this checkout
        cwd=ROOT,
        input="\n".join(given or []),
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.splitlines()
