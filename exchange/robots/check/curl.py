"""Commands with curl that repeat a call to a robot. They sign it when they are run, with ROBOT_SECRET."""

import shlex
from uuid import UUID

# The body has no signed URLs, because people send such commands to each other.
EXAMPLE_JOB = (
    '{"id": "6641777a-8197-4d00-92bb-f5ecf038cae3", "reference_storage_url": "https://example.org/references", '
    '"result_storage_url": "https://example.org/result", "extra_fields": null}'
)
# The arguments are the body, the robot's id and the timestamp. The secret comes from the environment.
_SIGN = (
    "import hashlib, hmac, os, sys, uuid; body, robot, at = sys.argv[1:]; "
    'message = b":".join([body.encode(), uuid.UUID(robot).bytes, at.encode()]); '
    'print(hmac.new(os.environ["ROBOT_SECRET"].encode(), message, hashlib.sha256).hexdigest())'
)


def make_curl(
    robot_url: str, robot_id: UUID, *, age_s: int = 0, sent: str = EXAMPLE_JOB, signed: str | None = None
) -> str:
    """Return the command for a signed call. `signed` is the body that is signed, if it is not the one that is sent."""
    sign = f'python3 -c {shlex.quote(_SIGN)} {shlex.quote(signed or sent)} {robot_id} "$AT"'
    return (
        f'AT=$(($(date +%s) - {age_s})); SIGNATURE=$({sign}); curl -i -H "Authorization: Signature $SIGNATURE" '
        f'-H "X-Client-Id: {robot_id}" -H "X-Request-Timestamp: $AT" {_make_end(robot_url, sent)}'
    )


def make_unsigned_curl(robot_url: str) -> str:
    """Return the command for a call without a signature."""
    return f"curl -i {_make_end(robot_url, EXAMPLE_JOB)}"


def _make_end(robot_url: str, body: str) -> str:
    url = f"{robot_url.rstrip('/')}/batch/"
    return f'-H "Content-Type: application/json" --data-binary {shlex.quote(body)} {shlex.quote(url)}'
