"""Which addresses may be called; that they can't be reached under another name is `tests/ports/test_ssrf.py`'s."""

import pytest

from exchange.domain.public_addresses import is_public, find_url_faults

ONLY_HTTPS = "base_url: only https is called."
NO_USER = "base_url: a user name or password in a URL is not sent."
NO_QUERY = "base_url: it must have no query and no fragment, as '/batch/' is added to it."


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "168.63.129.15",
        "168.63.129.17",
        "2606:4700:4700::1111",
        "::1.1.1.1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "64:ff9b::a83f:8111",
        "::ffff:0:101:101",
        "2002:101:101::",
        "2001:0:7f00:1:0:0:fefe:fefe",
    ],
)
def test_what_anybody_can_reach_is_public_also_as_ipv4_in_other_clothes(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "224.0.0.1",
        "::1",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "fec0::1",
        "ff0e::1",
        "64:ff9b:1::1",
        "5f00::1",
        "3fff::1",
        "100:0:0:1::1",
        "::ffff:0:a83f:8110",
        "::168.63.129.16",
        "::ffff:168.63.129.16",
        "::ffff:10.0.0.1",
        "64:ff9b::a83f:8110",
        "2002:a83f:8110::",
        "2001:0:101:101:0:0:80ff:fffe",
        "2001:0:101:101:0:0:57c0:7eef",
    ],
)
def test_what_belongs_to_somebody_or_nobody_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "text", ["", "not an address", "1.1.1", "1.1.1.1:443", "[2606:4700:4700::1111]", "example.com"]
)
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert is_public(text) is False


@pytest.mark.parametrize(
    ("url", "faults"),
    [
        ("https://robot.example/at/", []),
        ("HTTPS://robot.example:8443", []),
        ("http://robot.example/", [ONLY_HTTPS]),
        ("https://somebody@robot.example/", [NO_USER]),
        ("https://@robot.example/", [NO_USER]),
        ("https://:word@robot.example/", [NO_USER]),
        ("https://robot.example/?a=b", [NO_QUERY]),
        ("https://robot.example/#there", [NO_QUERY]),
        ("https://robot.example/?", [NO_QUERY]),
        ("https://robot.example/#", [NO_QUERY]),
        ("http://somebody:word@robot.example/?a=b#there", [ONLY_HTTPS, NO_USER, NO_QUERY]),
    ],
)
def test_each_fault_of_a_url_is_said(url: str, faults: list[str]) -> None:
    assert find_url_faults(url) == faults
