"""`python -m local.demo.leashed MODULE ...`: run a module that ends when stdin does, so when its starter dies."""

import os
import runpy
import sys
import threading


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
