"""`python -m infra.deploy COMMAND ENVIRONMENT`: what `make deploy` and its kin run."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from infra.deploy.deploying import deploy
from infra.deploy.entra import entra
from infra.deploy.options import ENVIRONMENTS, Options
from infra.deploy.patience import Patience
from infra.deploy.problem import DeployError
from infra.deploy.rotation import rotate_master_key
from infra.deploy.settings import write_settings
from infra.deploy.teardown import teardown
from infra.deploy.tools import Tools

_INTERRUPTED = 130
COMMANDS: dict[str, Callable[[Options, Tools, Patience], None]] = {
    "deploy": deploy,
    "entra": entra,
    "rotate-master-key": rotate_master_key,
    "settings": lambda options, tools, _patience: write_settings(options, tools),
    "teardown": lambda options, tools, _patience: teardown(options, tools),
}


def main(arguments: Sequence[str], variables: Mapping[str, str], patience: Patience = Patience()) -> int:  # noqa: B008 - frozen
    """Run a command; say in a sentence what kept it from its end."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("environment", nargs="?", default="", help=" or ".join(ENVIRONMENTS))
    given = parser.parse_args(arguments)
    try:
        _check(given.command, given.environment)
        COMMANDS[given.command](Options.read(given.environment, variables), Tools(variables), patience)
    except DeployError as problem:
        print(f"\n{problem}", file=sys.stderr)
        if problem.tail:
            print("\n".join(f"  | {line}" for line in problem.tail.splitlines()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Running it again goes on from here.", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _check(command: str, environment: str) -> None:
    known = " or ".join(f"make {command} ENV={name}" for name in ENVIRONMENTS)
    if not environment:
        raise DeployError(f"Say which environment: {known}.")
    if environment not in ENVIRONMENTS:
        raise DeployError(f"There is no environment '{environment}': {known}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
