"""`python -m infra.deploy COMMAND ENVIRONMENT`: the commands behind `make deploy`, `make entra` and so on."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from infra.deploy.deploy import deploy
from infra.deploy.entra import set_up_application
from infra.deploy.errors import DeployError
from infra.deploy.options import ENVIRONMENTS, Options
from infra.deploy.rotate_master_key import rotate_master_key
from infra.deploy.teardown import teardown
from infra.deploy.timeouts import Timeouts
from infra.deploy.tools import Tools

_INTERRUPTED = 130
COMMANDS: dict[str, Callable[[Options, Tools, Timeouts], None]] = {
    "deploy": deploy,
    "entra": set_up_application,
    "rotate-master-key": rotate_master_key,
    "teardown": lambda options, tools, _timeouts: teardown(options, tools),
}


def main(arguments: Sequence[str], variables: Mapping[str, str], timeouts: Timeouts = Timeouts()) -> int:  # noqa: B008 - frozen
    """Run a command and return its exit code. A DeployError is printed."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("environment", nargs="?", default="", help=" or ".join(ENVIRONMENTS))
    parsed = parser.parse_args(arguments)
    try:
        _check(parsed.command, parsed.environment)
        COMMANDS[parsed.command](Options.read(parsed.environment, variables), Tools(variables), timeouts)
    except DeployError as error:
        print(f"\n{error}", file=sys.stderr)
        if error.tail:
            print("\n".join(f"  | {line}" for line in error.tail.splitlines()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the command again to continue.", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _check(command: str, environment: str) -> None:
    usage = " or ".join(f"make {command} ENV={name}" for name in ENVIRONMENTS)
    if not environment:
        raise DeployError(f"The environment is missing. Type {usage}.")
    if environment not in ENVIRONMENTS:
        raise DeployError(f"There is no environment '{environment}'. Type {usage}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
