"""The documentation page and its files. `tests/e2e/test_docs_page.py` has their headers as they are served."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from functions.http.docs_page import CONTENT_SECURITY_POLICY, FILE_NAMES, make_page, read_static_file
from tests.stacks import ROOT

VENDORED = ROOT / "functions" / "http" / "static" / "swagger-ui"
MANIFEST = json.loads((VENDORED / "manifest.json").read_text())


class Page(HTMLParser):
    """Collects the tags and attributes of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


def test_the_manifest_names_package_version_source_and_license() -> None:
    assert MANIFEST["package"] == "swagger-ui-dist"
    assert MANIFEST["source"].endswith(f"/swagger-ui-dist-{MANIFEST['version']}.tgz")
    algorithm, _, digest = MANIFEST["integrity"].partition("-")
    assert (algorithm, len(base64.b64decode(digest))) == ("sha512", 64)
    assert MANIFEST["license"] == "Apache-2.0"
    assert {"LICENSE", "NOTICE"} <= set(MANIFEST["sha256"])
    assert "Apache License" in (VENDORED / "LICENSE").read_text()


def test_the_vendored_files_are_exactly_those_of_the_manifest() -> None:
    files = {path.name: path for path in VENDORED.iterdir() if path.name != "manifest.json"}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == MANIFEST["sha256"]


def test_the_decision_record_names_the_vendored_version_and_the_policy() -> None:
    record = (ROOT / "docs" / "decisions" / "0039-swagger-ui.md").read_text()
    assert f"Swagger UI {MANIFEST['version']}" in record
    assert CONTENT_SECURITY_POLICY in record


def test_the_policy_allows_no_inline_code_no_eval_and_no_other_host() -> None:
    directives = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_has_no_inline_code() -> None:
    page = Page(make_page())
    assert make_page().startswith("<!doctype html>")
    assert {"title", "noscript", "link", "script"} <= set(page.tags)
    assert not {"style", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]
    assert not "".join(page.scripts).strip()


def test_the_page_loads_each_of_its_files_by_the_hash_of_the_content() -> None:
    loaded = [str(value) for name, value in Page(make_page()).attributes if name in {"src", "href"}]
    expected = {}
    for name in FILE_NAMES:
        file = read_static_file(name)
        assert file is not None
        assert hashlib.sha256(file.content).hexdigest().startswith(file.version)
        expected[f"/docs/{name}"] = file.version
    versions = dict(url.split("?v=") for url in loaded if "?" in url)
    assert versions == expected
    assert {url for url in loaded if "?" not in url} == {"data:,", "/openapi.json"}


@pytest.mark.parametrize(
    "name", ["", "index.html", "manifest.json", "LICENSE", "../docs.js", "swagger-ui/LICENSE", "DOCS.JS"]
)
def test_no_other_file_is_served(name: str) -> None:
    assert read_static_file(name) is None


def test_the_start_script_uses_no_other_host() -> None:
    script = (ROOT / "functions" / "http" / "static" / "docs.js").read_text()
    assert not re.search(r"https?://", script)
    assert "validatorUrl: null" in script
    assert "persistAuthorization: false" in script
