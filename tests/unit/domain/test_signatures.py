from dataclasses import replace
from uuid import UUID

import pytest

from exchange.domain.errors import NotAuthenticated
from exchange.domain.signatures import (
    RobotSecrets,
    SignedCall,
    check_signature,
    check_timestamp,
    make_signed_headers,
    sign,
)

ROBOT, OTHER = (UUID(f"{digit * 8}-0000-4000-8000-000000000000") for digit in "12")
NOW = 1_800_000_000.0
SECRET = RobotSecrets("a master key").derive(ROBOT, 1)
CALL = SignedCall(ROBOT, sign(SECRET, b"body", ROBOT, "1800000000.5"), "1800000000.5", b"body")


def test_a_secret_has_64_digits_and_depends_on_robot_version_and_key() -> None:
    keys = (RobotSecrets("a master key"), RobotSecrets("another"))
    secrets = [key.derive(robot, version) for key in keys for robot in (ROBOT, OTHER) for version in (1, 2)]
    assert len(set(secrets)) == 8
    assert all(len(secret) == 64 and int(secret, 16) for secret in secrets)
    assert secrets[0] == SECRET


def test_secrets_and_signatures_do_not_change_between_releases() -> None:
    assert SECRET == "9a214631b431db2783c649ba3d318588b8af9e697853645c9c2bf14937d6a45f"
    assert CALL.signature == "aec2e7137b049df402786e95fbe9b086dfe64874b786458f66f62250f4317bf7"


def test_the_representation_does_not_contain_the_master_key() -> None:
    assert "a master key" not in repr(RobotSecrets("a master key"))


def test_the_headers_contain_signature_robot_and_timestamp() -> None:
    assert make_signed_headers(SECRET, b"body", ROBOT, 1800000000.5) == {
        "Authorization": f"Signature {CALL.signature}",
        "X-Client-Id": str(ROBOT),
        "X-Request-Timestamp": "1800000000.5",
    }


def test_a_correct_signature_is_accepted() -> None:
    check_signature(CALL, SECRET)


@pytest.mark.parametrize(
    "changed",
    [
        replace(CALL, robot_id=OTHER),
        replace(CALL, timestamp="1800000000.6"),
        replace(CALL, body=b"body "),
        replace(CALL, signature=""),
        replace(CALL, signature=CALL.signature[:-1]),
        replace(CALL, signature=CALL.signature.upper()),
        replace(CALL, signature="ż" * 64),
    ],
    ids=repr,
)
def test_a_signature_of_another_request_is_refused(changed: SignedCall) -> None:
    with pytest.raises(NotAuthenticated, match="The signature is wrong"):
        check_signature(changed, SECRET)


def test_a_signature_with_another_secret_is_refused() -> None:
    with pytest.raises(NotAuthenticated, match="The signature is wrong"):
        check_signature(CALL, RobotSecrets("a master key").derive(ROBOT, 2))


@pytest.mark.parametrize("signature", ["\u00e9", "\udcff\udcfe", ""])
def test_a_signature_that_is_not_ascii_is_refused(signature: str) -> None:
    with pytest.raises(NotAuthenticated, match="signature is wrong"):
        check_signature(replace(CALL, signature=signature), SECRET)


@pytest.mark.parametrize("timestamp", ["1800000000", "1800000000.0", "1799999700", "1800000300.0", "01800000000"])
def test_a_timestamp_within_five_minutes_is_accepted(timestamp: str) -> None:
    check_timestamp(timestamp, NOW)


@pytest.mark.parametrize(
    "timestamp",
    [
        "1799999699.9",
        "1800000300.1",
        "0",
        "",
        "nan",
        "inf",
        "-1800000000",
        "+1800000000",
        "1800000000.",
        "1.8e9",
        " 1800000000",
        "1800000000\n",
        "1_800_000_000",
        "\uff118" + "0" * 8,
        "9" * 400,
    ],
)
def test_a_timestamp_outside_five_minutes_or_in_another_format_is_refused(timestamp: str) -> None:
    with pytest.raises(NotAuthenticated, match="within five minutes"):
        check_timestamp(timestamp, NOW)
