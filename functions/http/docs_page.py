"""The documentation page: Swagger UI, from files of this package, under a strict Content-Security-Policy."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("static")

# The files that the page loads, by the name in their URL. `swagger-ui/manifest.json` names version and source.
_STYLE, _BUNDLE, _OWN_STYLE, _START = "swagger-ui.css", "swagger-ui-bundle.js", "docs.css", "docs.js"
_FILES = {
    _STYLE: (_FOLDER / "swagger-ui" / _STYLE, "text/css"),
    _BUNDLE: (_FOLDER / "swagger-ui" / _BUNDLE, "text/javascript"),
    _OWN_STYLE: (_FOLDER / _OWN_STYLE, "text/css"),
    _START: (_FOLDER / _START, "text/javascript"),
}
FILE_NAMES = list(_FILES)
MEDIA_TYPES = sorted({media_type for _, media_type in _FILES.values()})

# `connect-src` is for the OpenAPI document and "Try it out". The icons in Swagger UI's style sheet are `data:` URLs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that the page loads. `version` is a hash of its content."""

    content: bytes
    media_type: str
    version: str


@cache
def read_static_file(name: str) -> StaticFile | None:
    """Return the file of this name, or None if the page has no such file."""
    if name not in _FILES:
        return None
    path, media_type = _FILES[name]
    content = path.read_bytes()
    return StaticFile(content, media_type, hashlib.sha256(content).hexdigest()[:16])


@cache
def make_page() -> str:
    """Return the page as HTML. The URLs of its files contain their versions, so that browsers can keep them."""
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Enhancement Exchange</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_url(_STYLE)}">
<link rel="stylesheet" href="{_url(_OWN_STYLE)}">
</head>
<body>
<noscript>This page needs JavaScript. The same documentation is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<div id="docs"></div>
<script src="{_url(_BUNDLE)}"></script>
<script src="{_url(_START)}"></script>
</body>
</html>
"""


def _url(name: str) -> str:
    file = read_static_file(name)
    assert file is not None  # noqa: S101 - the names are ours
    return f"/docs/{name}?v={file.version}"
