"""The command `exchange`."""

import io
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from exchange import __version__
from exchange.cli.exits import CommandError, Exit
from exchange.cli.terminal import clean

_HELP = """Request enhancements of bibliographic references, and read what became of them.

Sign in first with `exchange login`. Each command explains itself with `--help`. Data is printed to standard output, and
messages to standard error.
"""
_EPILOGUE = """Exit codes: 0 done; 1 failed; 2 wrong usage; 3 ended with failures; 4 not signed in; 130 interrupted.
"""

# As the first lines of the functions, which are imported only when they are used.
_ACCOUNT = {
    "login": "Sign in to an exchange, and use it from now on.",
    "logout": "Forget a profile: the named one, or the current one.",
    "whoami": "Show the profile, the user and the roles.",
    "profiles": "List the profiles, or make one the current one.",
}


def make_app() -> App:
    """Return the command. The modules of its parts are imported when they are used, so that it starts quickly."""
    app = App(
        "exchange",
        suppress_keyboard_interrupt=False,
        help=_HELP,
        help_epilogue=_EPILOGUE,
        version=__version__,
        help_format="markdown",
    )
    for name, text in _ACCOUNT.items():
        app.command(f"exchange.cli.account:{name}", name=name, help=text)
    app.command("exchange.cli.references:app", name="references", help="Load, find and export references.")
    app.command("exchange.cli.robots:app", name="robots", help="List, register, write, check and run robots.")
    app.command("exchange.cli.batches:app", name="batches", help="Request batches and read their results.")
    app.command("exchange.cli.webhooks:app", name="webhooks", help="Be called when a batch request has ended.")
    app.command("exchange.cli.ops:app", name="ops", help="For operators: see what is stuck, and resend it.")
    app.register_install_completion_command(add_to_startup=False)
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Return its exit code."""
    app = make_app()
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _fail(str(error), Exit.USAGE)
    except CommandError as error:
        return _fail(str(error), error.code)
    except KeyboardInterrupt:
        return _fail("Interrupted.", Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader of the output has gone, for example `head`. Python would complain about it again at its end.
        sys.stdout = None
        return Exit.DONE
    except Exception as error:  # noqa: BLE001 - an unexpected one is raised again
        return _fail(*_explain(error))
    return code if isinstance(code, int) else Exit.DONE


def _fail(text: str, code: Exit) -> int:
    print(f"exchange: {clean(text)}", file=sys.stderr)
    return code


def _explain(error: Exception) -> tuple[str, Exit]:
    """Return the sentence and the exit code of an expected error. Raises any other one."""
    # These modules are imported already if one of their errors was raised.
    import httpx2
    from pydantic import ValidationError

    from exchange.client.errors import ExchangeError, NotSignedIn
    from exchange.contract.base import describe_faults
    from exchange.domain.errors import InputRejected

    match error:
        case NotSignedIn():
            return f"{error} Type: exchange login", Exit.NOT_SIGNED_IN
        case ExchangeError() | InputRejected():
            return str(error), Exit.FAILED
        case ValidationError():
            return "; ".join(describe_faults(error)), Exit.USAGE
        case httpx2.InvalidURL():
            return f"The address cannot be used: {error}.", Exit.USAGE
        case OSError():
            return f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.", Exit.FAILED
        case _:
            raise error


def main() -> None:
    """Run the command and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character must not end the command.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run())
