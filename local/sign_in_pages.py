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
# The colours are those of console/console.css. A test compares them.
_STYLE = """
:root {
  color-scheme: light dark;
  --page: light-dark(#f6f7f9, #14171b);
  --panel: light-dark(#ffffff, #1c2026);
  --raised: light-dark(#eef1f4, #262b33);
  --line: light-dark(#d5dae0, #363d47);
  --field-line: light-dark(#76808c, #7f8a97);
  --text: light-dark(#1b2128, #e8ebef);
  --quiet: light-dark(#57616c, #a7b0ba);
  --link: light-dark(#0b5c94, #7fc1f2);
  font: 100%/1.5 system-ui, sans-serif;
}
* { box-sizing: border-box; }
body {
  display: grid; place-items: center; min-height: 100vh; margin: 0; padding: 1rem;
  background: var(--page); color: var(--text);
}
main {
  width: 100%; max-width: 34rem; padding: clamp(1rem, 5vw, 2rem);
  background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
}
p { margin: 0.5rem 0; color: var(--quiet); }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; }
.brand { margin: 0 0 0.5rem; font-weight: 700; color: var(--text); }
a {
  display: block; margin: 0.75rem 0 0; padding: 0.6rem 0.9rem; color: inherit; text-decoration: none;
  border: 1px solid var(--field-line); border-radius: 8px;
}
a:hover { background: var(--raised); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
b { display: block; color: var(--link); }
"""
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
        f'<a href="/authorize?{html.escape(urlencode({**query, "role": role}))}"><b>{role}</b> {_ABOUT[role]}</a>'
        for role in ROLES
    )


def make_page(title: str, content: str, status: int = 200) -> web.Response:
    """Return a page. `content` is HTML."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f'<body><main><p class="brand">Enhancement Exchange</p><h1>{title}</h1>{content}</main></body></html>'
    )
    return web.Response(text=text, content_type="text/html", status=status)
