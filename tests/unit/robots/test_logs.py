import json
import logging

import pytest

from exchange.robots.logs import JsonFormatter, TextFormatter, bind_batch, hide_signatures

HEX = "0123456789abcdef" * 4


def make_record() -> logging.LogRecord:
    fields = {"msg": "a %s\nline", "args": ("first",), "levelname": "ERROR", "name": "robot"}
    error = ValueError("https://storage/r?sp=r&sig=abc%2Fdef&se=1")
    return logging.makeLogRecord({**fields, "exc_info": (ValueError, error, None)})


def test_a_json_line_has_the_fields_and_no_signature() -> None:
    with bind_batch("1"):
        line = JsonFormatter().format(make_record())
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["level"], fields["message"], fields["batch_id"]) == ("ERROR", "a first\nline", "1")
    assert fields["exception"].endswith("ValueError: https://storage/r?sp=r&sig=...&se=1")
    assert "batch_id" not in json.loads(JsonFormatter().format(make_record()))


def test_a_text_has_the_batch_and_no_signature() -> None:
    with bind_batch("1"):
        text = TextFormatter().format(make_record())
    assert "line batch_id=1\nValueError" in text
    assert "abc" not in text
    assert "batch_id" not in TextFormatter().format(make_record())


@pytest.mark.parametrize("text", [f"Authorization: Signature {HEX}", f"'x?SIG={HEX}'", f"sig={HEX}\n"])
def test_signatures_are_hidden(text: str) -> None:
    assert HEX not in hide_signatures(text)


def test_a_sentence_about_a_signature_is_kept() -> None:
    assert hide_signatures("The signature is wrong.") == "The signature is wrong."
