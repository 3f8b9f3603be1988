"""What a page does that it must not: errors, failed requests, requests to others, violations of the security policy."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response

# The names in `stack.json` of what a page may send requests to.
ALLOWED_ADDRESSES = ("api", "issuer", "sign_in", "signIn", "blob")
_LOCAL_SCHEMES = {"about", "blob", "data"}
_REPORT = "reportPolicyViolation"
_LISTEN = f"""
document.addEventListener("securitypolicyviolation", (event) => {{
  const place = `${{event.sourceFile}}:${{event.lineNumber}}`;
  {_REPORT}(`${{event.effectiveDirective}} blocked ${{event.blockedURI}} at ${{place}}`);
}});
"""


def origin(address: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


# Without slots, because Playwright sets attributes on objects whose methods are its listeners.
@dataclass
class Watch:
    """Records what the pages of a context do that they must not. `allow` names what a test causes on purpose."""

    origins: frozenset[str]
    findings: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, *texts: str) -> None:
        """Accept findings that contain one of these texts, for example `"503"`. The test must cause each of them."""
        self.allowed += texts

    def unexpected(self) -> list[str]:
        """Return the findings that were not allowed, and the allowed texts that no finding contains."""
        found = [finding for finding in self.findings if not any(text in finding for text in self.allowed)]
        missing = [text for text in self.allowed if not any(text in finding for finding in self.findings)]
        return [*found, *(f"allowed, but did not happen: {text}" for text in missing)]

    async def start(self, context: BrowserContext) -> None:
        """Watch every page of the context."""
        await context.expose_function(_REPORT, lambda text: self.findings.append(f"policy violation: {text}"))
        await context.add_init_script(_LISTEN)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.findings.append(f"uncaught error: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium's own line for an answer of 400 or more is the finding of `_response`, too.
        if not message.text.startswith("Failed to load resource: the server responded"):
            self.findings.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in _LOCAL_SCHEMES and origin(request.url) not in self.origins:
            self.findings.append(f"request to another origin: {request.method} {request.url}")

    def _failed(self, request: Request) -> None:
        # A page cancels the calls of a screen that the user leaves.
        if request.failure == "net::ERR_ABORTED":
            return
        self.findings.append(f"failed request: {request.method} {path_of(request.url)}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.findings.append(f"answer {response.status}: {response.request.method} {path_of(response.url)}")


def allowed_origins(addresses: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the origins of the addresses in `stack.json` that a page may send requests to."""
    return frozenset(origin(address) for name, address in addresses if name in ALLOWED_ADDRESSES)


def path_of(url: str) -> str:
    """Return the address without its query, which can be a signature."""
    return url.partition("?")[0]
