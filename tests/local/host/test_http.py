import gzip
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.local.host.apps import App, Host

SOURCE = """
@app.route("Things/{thing_id}/parts/{name}.json", methods=["GET", "PUT"])
async def parts(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(dict(req.route_params)), mimetype="application/json")

@app.route("things/{thing_id}/parts/{name}.json", methods=["POST"])
async def add_part(req: func.HttpRequest) -> str:
    return "added"

@app.route("files/{*rest}")
async def files(req: func.HttpRequest) -> str:
    return json.dumps(dict(req.route_params))

@app.route("pages/{page?}")
async def pages(req: func.HttpRequest) -> str:
    return json.dumps(dict(req.route_params))

@app.route("ids/{id:guid}")
async def ids(req: func.HttpRequest) -> str:
    return "an id"

@app.route("ids/{name}")
async def names(req: func.HttpRequest) -> str:
    return "a name"

@app.route("hidden/{any}")
async def a_hides(req: func.HttpRequest) -> str:
    return "by the first name"

@app.route("hidden/page")
async def b_is_hidden(req: func.HttpRequest) -> str:
    return "by its route"

@app.route("echo")
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    import hashlib
    seen = {
        "method": req.method, "url": req.url, "params": dict(req.params),
        "accept": req.headers["ACCEPT"], "body": hashlib.sha256(req.get_body()).hexdigest(),
    }
    return func.HttpResponse(json.dumps(seen))

@app.route("response")
async def response(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse(
        "d\u00e9j\u00e0", status_code=418, mimetype="text/html", charset="latin-1", headers={"X-One": "1"}
    )
    for name, value in [("X-Two", "a"), ("X-Two", "b"), ("Set-Cookie", "first=1"), ("Set-Cookie", "second=2")]:
        answer.headers.add(name, value)
    return answer

@app.route("bytes")
async def raw(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(bytes(range(256)), headers={"content-type": "application/x-tar"})

@app.route("typed")
async def typed(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("{}", mimetype="application/json")

@app.route("raises")
async def raises(req: func.HttpRequest) -> str:
    raise ValueError("no")

@app.route("nothing")
async def nothing(req: func.HttpRequest):
    return None

@app.route("cancels")
async def cancels(req: func.HttpRequest) -> str:
    raise asyncio.CancelledError

@app.route("takes-too-long")
async def takes_too_long(req: func.HttpRequest) -> str:
    try:
        await asyncio.sleep(60)
    finally:
        record(cancelled=True)

@app.route("context")
def with_context(req: func.HttpRequest, context: func.Context) -> str:
    return json.dumps([context.function_name, context.invocation_id, context.function_directory])

both = threading.Barrier(2)

@app.route("meet")
def meet(req: func.HttpRequest) -> str:
    both.wait(20)
    return str(threading.current_thread() is threading.main_thread())
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    return App(tmp_path_factory.mktemp("http"), SOURCE, {"http": {"routePrefix": "v1"}}, functionTimeout="00:00:01")


@pytest.fixture(scope="module")
def host(app: App) -> Iterator[Host]:
    with app.running(FUNCTIONS_REQUEST_BODY_SIZE_LIMIT="1000000") as host:
        yield host


def test_a_route_is_found_by_its_prefix_and_parameters(host: Host) -> None:
    assert host.call("GET", "/v1/things/7/parts/bolt.json").json() == {"thing_id": "7", "name": "bolt"}


@pytest.mark.parametrize("path", ["/V1/THINGS/7/Parts/bolt.JSON", "/v1/things/7/parts/bolt.json/"])
def test_case_and_a_trailing_slash_are_ignored(host: Host, path: str) -> None:
    assert host.call("GET", path).json() == {"thing_id": "7", "name": "bolt"}


def test_parameters_are_decoded_except_for_slashes(host: Host) -> None:
    answer = host.call("GET", "/v1/things/a%20b%2Fc%0A/parts/100%25%C3%A9.json")
    assert answer.json() == {"thing_id": "a b%2Fc\n", "name": "100%\u00e9"}


def test_a_catch_all_parameter_matches_the_rest_of_the_path(host: Host) -> None:
    assert host.call("GET", "/v1/files/a/b/c.txt").json() == {"rest": "a/b/c.txt"}
    assert host.call("GET", "/v1/files").json() == {}


def test_an_optional_parameter_may_be_left_out(host: Host) -> None:
    assert host.call("GET", "/v1/pages/2").json() == {"page": "2"}
    assert host.call("GET", "/v1/pages").json() == {}


def test_the_constraint_of_a_parameter_selects_the_route(host: Host) -> None:
    assert host.call("GET", "/v1/ids/5d1f4ae6-0a8c-4d5f-8f0e-0a2f3c4b5d6e").body == b"an id"
    assert host.call("GET", "/v1/ids/alice").body == b"a name"


def test_if_two_routes_match_the_first_function_by_name_is_called(host: Host) -> None:
    assert host.call("GET", "/v1/hidden/page").body == b"by the first name"


def test_the_method_selects_the_function(host: Host) -> None:
    assert host.call("POST", "/v1/things/7/parts/bolt.json").body == b"added"
    assert host.call("PUT", "/v1/things/7/parts/bolt.json").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/v1/things/7/parts/bolt.json"), ("GET", "/echo"), ("GET", "/v1"), ("GET", "/"), ("GET", "/v1/echo/x")],
)
def test_any_other_path_or_method_gets_an_empty_404(host: Host, method: str, path: str) -> None:
    answer = host.call(method, path)
    assert (answer.status, answer.body) == (404, b"")


def test_a_function_receives_the_request(host: Host) -> None:
    answer = host.call("POST", "/v1/echo?a=1&b=x%20y&a=2", b"\x00\xff", {"Accept": "text/plain"})
    assert answer.json() == {
        "method": "POST",
        "url": f"http://127.0.0.1:{host.port}/v1/echo?a=1&b=x%20y&a=2",
        "params": {"a": "1,2", "b": "x y"},
        "accept": "text/plain",
        "body": hashlib.sha256(b"\x00\xff").hexdigest(),
    }


def test_a_compressed_body_is_not_decompressed(host: Host) -> None:
    body = gzip.compress(b"packed")
    answer = host.call("POST", "/v1/echo", body, {"Content-Encoding": "gzip", "Accept": "*/*"})
    assert answer.json()["body"] == hashlib.sha256(body).hexdigest()


def test_a_query_parameter_without_a_value_is_left_out(host: Host) -> None:
    answer = host.call("GET", "/v1/echo?a=&b&c=1&c=", None, {"Accept": "*/*"})
    assert answer.json()["params"] == {"c": "1,"}


def test_a_body_above_the_limit_gets_413(host: Host) -> None:
    assert host.call("POST", "/v1/echo", bytes(1_000_000), {"Accept": "*/*"}).status == 200
    answer = host.call("POST", "/v1/echo", bytes(1_000_001), {"Accept": "*/*"})
    assert (answer.status, answer.body) == (413, b"")


def test_the_response_of_a_function_is_returned(host: Host) -> None:
    answer = host.call("GET", "/v1/response")
    assert (answer.status, answer.body) == (418, b"d\xe9j\xe0")
    assert answer.header("Content-Type") == "text/html; charset=latin-1"
    assert answer.header("X-One") == "1"


def test_only_the_last_value_of_a_header_is_returned_but_every_cookie(host: Host) -> None:
    answer = host.call("GET", "/v1/response")
    assert [value for name, value in answer.headers if name == "X-Two"] == ["b"]
    assert answer.cookies() == {"first": "1", "second": "2"}


def test_bytes_are_returned_with_the_functions_content_type(host: Host) -> None:
    answer = host.call("GET", "/v1/bytes")
    assert (answer.body, answer.header("Content-Type")) == (bytes(range(256)), "application/x-tar")


def test_a_content_type_that_is_not_text_has_no_charset(host: Host) -> None:
    assert host.call("GET", "/v1/typed").header("Content-Type") == "application/json"


@pytest.mark.parametrize("path", ["/v1/raises", "/v1/nothing", "/v1/cancels"])
def test_a_failure_gets_an_empty_500(host: Host, path: str) -> None:
    answer = host.call("GET", path)
    assert (answer.status, answer.body) == (500, b"")


def test_a_function_that_takes_too_long_is_cancelled(app: App, host: Host) -> None:
    assert host.call("GET", "/v1/takes-too-long").status == 500
    assert app.records == [{"cancelled": True}]


def test_a_function_receives_its_context(app: App, host: Host) -> None:
    first, second = (host.call("GET", "/v1/context").json() for _ in range(2))
    assert first[0] == "with_context"
    assert first[1] != second[1]
    assert first[2] == str(app.folder)


def test_plain_functions_run_concurrently_in_threads(host: Host) -> None:
    with ThreadPoolExecutor(2) as clients:
        answers = list(clients.map(lambda _: host.call("GET", "/v1/meet"), range(2)))
    assert [answer.body for answer in answers] == [b"False", b"False"]
