"""`python -m tests.console.install`: install the npm packages that check and test the console, and unpack Chromium."""

import sys

from local.errors import StackError
from local.install import install
from tests.console.chromium import ChromiumError, find
from tests.console.vendor import NPM_FOLDER

if __name__ == "__main__":
    try:
        install(folder=NPM_FOLDER, packages="tests of the console")
        find()
    except ChromiumError as error:
        # Everything else can be tested.
        print(error, file=sys.stderr)  # noqa: T201 - the person who types `make` reads it
    except StackError as error:
        sys.exit(str(error))
