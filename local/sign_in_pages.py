"""The pages of the local issuer. They need no script."""

import base64
import hashlib
import html
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from local.issuer import ROLES

_ABOUT = {
    "requestor": "requests batches, and reads their results",
    "contributor": "loads references",
    "operator": "does all of this, manages robots, and sees every batch",
}
_STYLE = (
    ":root{color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif}body{max-width:32rem;margin:10vh auto;"
    "padding:0 1rem}a{display:block;margin:.75rem 0;padding:.75rem 1rem;border:1px solid;border-radius:.5rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_choices(query: Mapping[str, str]) -> str:
    """Return a link for each role, which repeats the request with the role."""
    return "".join(
        f'<a href="/authorize?{html.escape(urlencode({**query, "role": role}))}"><b>{role}</b>: {_ABOUT[role]}</a>'
        for role in ROLES
    )


def make_page(title: str, content: str, status: int = 200) -> web.Response:
    """Return a page. `content` is HTML."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>{content}</main></body></html>"
    )
    return web.Response(text=text, content_type="text/html", status=status)
