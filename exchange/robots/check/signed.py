"""What is wrong with the signatures of the robot's calls."""

import time

from aiohttp import web

from exchange.domain.errors import NotAuthenticated
from exchange.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP, SignedCall, check_signature, check_timestamp
from exchange.robots.check.jobs import Fault
from exchange.robots.exchange import Credentials


def find_signature_faults(
    credentials: Credentials, request: web.Request, body: bytes, subject: str
) -> dict[Fault, str]:
    """Return a sentence about the signature if it is wrong. It begins with the subject."""
    scheme, _, signature = request.headers.get("Authorization", "").partition(" ")
    timestamp = request.headers.get(TIMESTAMP, "")
    if scheme != SCHEME or request.headers.get(CLIENT_ID) != str(credentials.robot_id):
        needed = f"'Authorization: {SCHEME} <hex>' and {CLIENT_ID}, the robot's id"
        return {Fault.SIGNATURE: f"{subject} does not have the headers {needed}."}
    try:
        check_timestamp(timestamp, time.time())
        check_signature(SignedCall(credentials.robot_id, signature, timestamp, body), credentials.secret)
    except NotAuthenticated as error:
        return {Fault.SIGNATURE: f"{subject} was not signed correctly. {error}"}
    return {}
