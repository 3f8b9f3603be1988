"""`python -m local.demo.exit_with_stdin MODULE ...`: run a module, and exit when stdin closes.

The parent holds the other end of stdin, so the module also exits when the parent is killed.
"""

import os
import runpy
import sys
import threading


def _exit_when_stdin_closes() -> None:
    # The file object of stdin has a lock, which a module that exits by itself could not get.
    while os.read(sys.stdin.fileno(), 1 << 16):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    threading.Thread(target=_exit_when_stdin_closes, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
