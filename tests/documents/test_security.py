"""The table of who may call what in docs/security.md is that of the endpoints."""

import re

from functions.http.register import ENDPOINTS
from tests.documents.reading import text_of


def test_the_table_of_access_is_that_of_the_endpoints() -> None:
    rows = re.findall(r"^\| `([A-Z]+ /\S+)` \| ([^|]+) \|$", text_of("docs/security.md"), re.MULTILINE)
    served = [(f"{endpoint.method} /{endpoint.path}", endpoint.access.value) for endpoint in ENDPOINTS]
    assert sorted(rows) == sorted(served)
