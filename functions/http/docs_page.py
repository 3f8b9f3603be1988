"""The OpenAPI document as a page for people: one file that loads nothing and runs nothing."""

from collections.abc import Iterator
from html import escape
from typing import Any

Document = dict[str, Any]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de } h2 code { font-size: 1.1rem }
code { background: #f3f4f6; padding: .1rem .3rem; border-radius: 3px }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem }
td, th { text-align: left; padding: .2rem .6rem .2rem 0; vertical-align: top; border-bottom: 1px solid #eaeef2 }
th { font-weight: 600 }
.method { color: #0a6e31; font-weight: 700 }
"""


def to_html(document: Document) -> str:
    """Give the page."""
    info = document["info"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>",
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(method, path, operation)
    parts.append("<h1>Schemas</h1>")
    for name, schema in document["components"]["schemas"].items():
        parts += _schema(name, schema)
    parts.append("</body></html>")
    return "".join(parts)


def _operation(method: str, path: str, operation: Document) -> Iterator[str]:
    yield f"<h2><span class='method'>{method.upper()}</span> <code>{escape(path)}</code></h2>"
    yield f"<p>{escape(operation['summary'])} {escape(operation.get('description', ''))}</p>"
    takes = operation.get("requestBody", {}).get("content", {})
    if rows := [(kind, _type(content.get("schema", {}))) for kind, content in takes.items()]:
        yield from _table(("body", ""), rows)
    if parameters := operation["parameters"]:
        yield from _table(("parameter", ""), [(one["name"], _type(one["schema"])) for one in parameters])
    answers = operation["responses"].items()
    yield from _table(
        ("answer", ""), [(status, f"{escape(one['description'])} {_content(one)}") for status, one in answers]
    )


def _content(answer: Document) -> str:
    return ", ".join(_type(content["schema"]) for content in answer.get("content", {}).values() if "schema" in content)


def _schema(name: str, schema: Document) -> Iterator[str]:
    yield f"<h2 id='{escape(name)}'><code>{escape(name)}</code></h2><p>{escape(schema.get('description', ''))}</p>"
    if "properties" not in schema:
        yield f"<p>{_type(schema)}</p>"
        return
    required = schema.get("required", [])
    rows = [
        (field, f"{_type(of)}{'' if field in required else ', optional'}") for field, of in schema["properties"].items()
    ]
    yield from _table(("field", ""), rows)


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> Iterator[str]:
    yield f"<table><tr><th>{head[0]}</th><th>{head[1]}</th></tr>"
    yield from (f"<tr><td><code>{escape(name)}</code></td><td>{text}</td></tr>" for name, text in rows)
    yield "</table>"


def _type(schema: Document) -> str:
    """Say in words what a schema allows, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(_type(one) for one in schema[choice])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(" ".join(str(schema[key]) for key in ("type", "format") if key in schema) or "anything")
