"""Which addresses the exchange may call. `tests/ports/test_ssrf.py` tests that no name leads around this check."""

import pytest

from exchange.domain.public_addresses import find_url_faults, is_public

ONLY_HTTPS = "base_url must begin with https://."
NO_USER = "base_url must not contain a user name or password."
NO_HOST = "base_url must be a URL whose host is a name or an address."


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
        "2606:4700::5efe:1.1.1.1",
    ],
)
def test_a_public_address_is_public_in_every_notation(address: str) -> None:
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
        "2606:4700::5efe:10.0.0.1",
        "2606:4700::200:5efe:127.0.0.1",
        "4000::1",
        "1000::1",
        "e000::1",
    ],
)
def test_an_address_that_is_not_public_is_recognised_in_every_notation(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "text", ["", "not an address", "1.1.1", "1.1.1.1:443", "[2606:4700:4700::1111]", "example.com"]
)
def test_a_text_that_is_not_an_address_is_not_public(text: str) -> None:
    assert is_public(text) is False


@pytest.mark.parametrize(
    ("url", "faults"),
    [
        ("https://robot.example/at/", []),
        ("HTTPS://robot.example:8443", []),
        ("http://robot.example/", [ONLY_HTTPS]),
        ("https://user@robot.example/", [NO_USER]),
        ("https://@robot.example/", [NO_USER]),
        ("https://:word@robot.example/", [NO_USER]),
        ("http://user:word@robot.example/", [ONLY_HTTPS, NO_USER]),
        ("https://us[er@robot.example/", [NO_HOST]),
        ("https://\u2100@robot.example/", [NO_HOST]),
    ],
)
def test_every_fault_of_a_url_is_returned(url: str, faults: list[str]) -> None:
    assert find_url_faults(url) == faults
