"""What a page loads: the number of requests and the bytes that were transferred."""

from dataclasses import dataclass, field

from playwright.async_api import Page, Request

from tests.console.watch import path_of


@dataclass(slots=True)
class Loading:
    """What a page has loaded: for each request its path and the bytes on the wire, headers of the answer included."""

    requests: list[tuple[str, int]] = field(default_factory=list)

    @property
    def transferred_bytes(self) -> int:
        """The sum over all requests."""
        return sum(size for _, size in self.requests)


class Transfers:
    """Counts the finished requests of a page. Answers from the browser's cache count with zero bytes."""

    def __init__(self, page: Page) -> None:
        self._finished: list[Request] = []
        page.on("requestfinished", lambda request: self._finished.append(request))  # noqa: PLW0108 - no bound method

    async def read(self) -> Loading:
        """Return what has been loaded so far."""
        loading = Loading()
        for request in list(self._finished):
            sizes = await request.sizes()
            size = sizes["responseHeadersSize"] + sizes["responseBodySize"]
            loading.requests.append((path_of(request.url), size))
        return loading
