import re
from html.parser import HTMLParser
from typing import Any

import pytest

from functions.http import register
from functions.http.endpoints import ENDPOINTS, Endpoint
from functions.http.openapi import describe
from functions.http.docs_page import to_html

assert serve, "it fills the table"
DOCUMENT = describe(ENDPOINTS)
EMPTY = {"meta"}
NASTY = "<script src=x>'\"&"


class Page(HTMLParser):
    """Reads a page, and fails where it is not well-formed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str | None]:
        return [value for attribute, value in self.attributes if attribute == name]


def page(document: dict[str, Any] = DOCUMENT) -> Page:
    return Page(to_html(document))


def test_it_is_a_whole_page() -> None:
    assert to_html(DOCUMENT).startswith("<!doctype html>")
    assert {"html", "head", "title", "body", "h1"} <= page().tags


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_it_has_each_operation_with_its_answers(one: Endpoint) -> None:
    text = " ".join(page().text)
    operation = DOCUMENT["paths"][f"/{one.path}"][one.method.lower()]
    (section,) = re.findall(rf"\b{one.method} +/{re.escape(one.path)} .*?(?= [A-Z]+ +/|Schemas)", text)
    assert operation["summary"] in section
    assert operation.get("description", "") in section
    assert all(parameter["name"] in section for parameter in operation["parameters"])
    for status, answer in operation["responses"].items():
        assert f"{status} {answer['description']}" in section


def test_it_has_each_schema_with_its_fields_and_each_link_leads_to_one() -> None:
    seen = page()
    anchors = set(seen.values("id"))
    assert anchors == set(DOCUMENT["components"]["schemas"])
    assert {str(link) for link in seen.values("href")} <= {f"#{name}" for name in anchors}
    fields = {field for schema in DOCUMENT["components"]["schemas"].values() for field in schema.get("properties", ())}
    assert fields <= set(seen.text)


def test_it_loads_nothing_and_runs_nothing() -> None:
    seen = page()
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & seen.tags
    assert {name for name, _ in seen.attributes} <= {"lang", "charset", "name", "content", "class", "id", "href"}
    assert not re.search(r"https?:|//|url\(|@import|javascript:", to_html(DOCUMENT))


def test_whatever_the_document_says_is_shown_and_not_obeyed() -> None:
    problem = {"description": NASTY, "content": {NASTY: {"schema": {"$ref": f"#/components/schemas/{NASTY}"}}}}
    choice = {"oneOf": [{"const": NASTY}, {"type": "array", "items": {"type": NASTY, "format": NASTY}}]}
    operation = {
        "summary": NASTY,
        "description": NASTY,
        "parameters": [{"name": NASTY, "in": "query", "schema": {"enum": [NASTY]}}],
        "requestBody": {"content": {NASTY: {"schema": choice}}},
        "responses": {NASTY: problem},
    }
    hostile = {
        "info": {"title": NASTY, "description": NASTY},
        "paths": {f"/{NASTY}": {"get": operation}},
        "components": {
            "schemas": {
                NASTY: {"description": NASTY, "properties": {NASTY: {"type": NASTY}}},
                f"{NASTY}2": {"description": NASTY, "type": "string", "enum": [NASTY]},
            }
        },
    }
    seen, plain = page(hostile), page()
    assert seen.tags <= plain.tags
    assert {name for name, _ in seen.attributes} <= {name for name, _ in plain.attributes}
    assert "".join(seen.text).count(NASTY) >= 17
