"""How robots that use a release of the present protocol write entries, and how the exchange imports them."""

import json
from typing import Any

from exchange.contract.enhancements import Enhancement
from tests.sdk.documents import Json
from tests.sdk.reading import since
from tests.sdk.releases import Release
from tests.sdk.writing import validate

CREATED_AT = "2026-11-27T06:40:08.460584Z"
# What newer releases write and the exchange ignores.
IGNORED = {"id", "created_at", "supersedes"}


def make_entry(sdk: Release, document: Json) -> Any:
    """Return an enhancement of the release. One release requires the time of creation of robots, too."""
    added = {"created_at": CREATED_AT} if sdk.version == "0.11.2" else {}
    return sdk.model_for(Enhancement).model_validate({**_make_writable(sdk, document), **added})


def _make_writable(sdk: Release, document: Json) -> Json:
    """Replace the schemes of annotations that the release refuses."""
    content = document["content"]
    if "annotations" not in content or sdk.version not in since("0.7.1"):
        return document
    annotations = [
        {**annotation, "scheme": annotation["scheme"].replace("/", ":") or "scheme"}
        for annotation in content["annotations"]
    ]
    return {**document, "content": {**content, "annotations": annotations}}


def is_imported(line: bytes) -> bool:
    """Return whether the entry is imported with every field as it was sent, except those that are ignored.

    An `orcid` that is null is stored as an empty text, which all published clients can read.
    """
    error, enhancement = validate(line)
    sent: Json = json.loads(line)
    kept = {name: value for name, value in sent.items() if name not in IGNORED}
    for author in kept["content"].get("authorship") or []:
        author["orcid"] = author.get("orcid") or ""
    return error is None and {name: value for name, value in enhancement.items() if name not in IGNORED} == kept
