"""A stand-in for `func`, which works as that for `az`."""

import json
import os
import sys
from pathlib import Path

STATE = Path(os.environ["STAND_IN_STATE"])


def main(arguments: list[str]) -> int:
    """Record the call. Print the version, or publish."""
    with (STATE / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(["func", *arguments]) + "\n")
    cloud = json.loads((STATE / "cloud.json").read_text())
    if arguments == ["--version"]:
        sys.stdout.write(f"{cloud['func_version']}\n")
        return 0
    if any(fault["words"][0] == "func" for fault in json.loads((STATE / "faults.json").read_text())):
        sys.stderr.write("Error uploading the archive: broken on purpose\n")
        return 1
    cloud["published"] = True
    (STATE / "cloud.json").write_text(json.dumps(cloud))
    sys.stdout.write("Remote build succeeded!\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
