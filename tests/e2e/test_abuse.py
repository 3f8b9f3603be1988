"""A table of attacks. Each gets its documented error and writes nothing."""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from inspect import isawaitable
from uuid import UUID, uuid4

import aiohttp
import pytest
from azure.storage.blob import ContainerClient

from samples.robot_from_scratch.signing import Credentials
from tests.e2e.attacks import (
    Attack,
    Request,
    Scene,
    as_operator,
    as_requestor,
    chunks,
    make_callback,
    now_plus,
    sign_callback,
    sign_callback_at,
    sign_with_replaced_secret,
    unknown_id,
)
from tests.e2e.exchange import BATCHES, CALLBACK, Exchange, exchange_on
from tests.e2e.forged_tokens import Forger, an_hour_ago, in_an_hour
from tests.e2e.robot import accept_job, running_robot
from tests.stacks import Stack, running_stack

BODY_LIMIT = 200_000
ROBOTS = "/robots/"
REGISTRATION = {"name": "intruder", "base_url": "https://r.example", "description": "", "owner": ""}


def register_with(token: str | None, path: str = ROBOTS) -> Request:
    return Request("POST", path, {} if token is None else {"Authorization": token}, json.dumps(REGISTRATION).encode())


def header(name: str, status: int, token: str | None) -> Attack:
    return Attack(name, status, lambda _: register_with(token))


def forged(name: str, status: int, method: str, **arguments: object) -> Attack:
    """Return an attack with a token that this method of `Forger` makes."""
    return Attack(name, status, lambda scene: register_with(f"Bearer {getattr(scene.forger, method)(**arguments)}"))


def batch_request(scene: Scene, **changed: object) -> bytes:
    request = {"robot_id": str(scene.robot.robot_id), "reference_ids": [scene.reference_id], **changed}
    return json.dumps(request).encode()


def path(name: str, status: int, template: str, method: str = "GET") -> Attack:
    return Attack(name, status, lambda scene: as_operator(scene, method, template.format(robot=scene.robot.robot_id)))


def body(name: str, status: int, content: bytes, path: str = ROBOTS, **headers: str) -> Attack:
    return Attack(name, status, lambda scene: as_operator(scene, "POST", path, content, **headers))


TOKENS = [
    header("no header", 401, None),
    header("an empty header", 401, ""),
    header("a scheme and no token", 401, "Bearer"),
    header("a blank token", 401, "Bearer  "),
    header("a token that is not a JWT", 401, "Bearer let.me.in"),
    header("a token that is not ASCII", 401, "Bearer \udcff\udcfe"),
    header("a token in another script", 401, "Bearer жетон"),
    header("another scheme", 401, "Basic b3BlcmF0b3I6b3BlcmF0b3I="),
    Attack("lower-case scheme", 401, lambda scene: register_with(f"bearer {scene.forger.issue()}")),
    Attack("two tokens", 401, lambda scene: register_with(f"Bearer {scene.forger.issue()}, Bearer x")),
    Attack("no scheme", 401, lambda scene: register_with(scene.forger.issue())),
    Attack(
        "a token in the query", 401, lambda scene: register_with(None, f"{ROBOTS}?access_token={scene.forger.issue()}")
    ),
    forged("expired", 401, "issue", exp=an_hour_ago()),
    forged("not valid yet", 401, "issue", nbf=in_an_hour()),
    forged("another audience", 401, "issue", aud="api://elsewhere"),
    forged("one audience of several", 401, "issue", aud=["api://enhancement-exchange.local", "api://elsewhere"]),
    forged("another issuer", 401, "issue", iss="https://issuer.elsewhere/"),
    forged("almost the issuer", 401, "issue", iss="https://issuer.local"),
    forged("an expiry that is not a time", 401, "issue", exp="never"),
    forged("a subject that is not a string", 401, "issue", sub=7),
    *(forged(f"no {claim}", 401, "issue_without", claim=claim) for claim in ("exp", "nbf", "iss", "aud", "sub")),
    forged("an ID token", 401, "issue", scp=None, azp=None, azpacr=None, nonce="n", preferred_username="ada"),
    forged("another scope", 401, "issue", scp="openid profile"),
    forged("algorithm none", 401, "make_unsigned"),
    forged("an HMAC with the public key", 401, "sign_with_public_key"),
    forged("RS512 by the right key", 401, "sign_with_issuer_key", algorithm="RS512"),
    forged("PS256 by the right key", 401, "sign_with_issuer_key", algorithm="PS256"),
    forged("an unknown critical header", 401, "sign_with_issuer_key", algorithm="RS256", crit=["x"], x=1),
    forged("another key under the issuer's id", 401, "sign_with_own_key"),
    forged("an unknown key id", 401, "sign_with_own_key", kid="other"),
    forged("an empty key id", 401, "sign_with_own_key", kid=""),
    Attack(
        "its own key in its header",
        401,
        lambda scene: register_with(f"Bearer {scene.forger.sign_with_own_key(jwk=scene.forger.own_key_set())}"),
    ),
    forged("keys from another host", 401, "sign_with_own_key", jku="https://127.0.0.1:1/keys"),
    forged("replaced claims", 401, "replace_claims"),
    Attack("a truncated signature", 401, lambda scene: register_with(f"Bearer {scene.forger.issue()[:-8]}")),
    Attack("no signature", 401, lambda scene: register_with(f"Bearer {scene.forger.issue().rpartition('.')[0]}.")),
    forged("too long", 401, "issue", filler="x" * 20_000),
    forged("no roles", 403, "issue", roles=[]),
    forged("an unknown role", 403, "issue", roles=["administrator"]),
    forged("roles as a string", 403, "issue", roles="operator"),
    forged("a role in capitals", 403, "issue", roles=["Operator"]),
    forged("the wrong role", 403, "issue", role="requestor"),
]

USERS = [
    Attack("a requestor loads references", 403, lambda scene: as_requestor(scene, "POST", "/references/", b"{}")),
    Attack(
        "a requestor changes a robot",
        403,
        lambda scene: as_requestor(scene, "PUT", f"{ROBOTS}{scene.robot.robot_id}/", json.dumps(REGISTRATION).encode()),
    ),
    Attack(
        "a requestor cycles a secret",
        403,
        lambda scene: as_requestor(scene, "POST", f"{ROBOTS}{scene.robot.robot_id}/secret/"),
    ),
    Attack(
        "another requestor's batch",
        403,
        lambda scene: Request(
            "GET", f"{BATCHES}{scene.batch_id}", scene.bearer(scene.forger.issue("requestor", oid="another user"))
        ),
    ),
    Attack("a requestor calls back", 401, lambda scene: as_requestor(scene, "POST", CALLBACK, b"{}")),
    Attack("an operator calls back", 401, lambda scene: as_operator(scene, "POST", CALLBACK, b"{}")),
]

ROBOT_CALLS = [
    Attack("unsigned", 401, lambda scene: sign_callback(scene, authorization=None)),
    Attack("a scheme and no signature", 401, lambda scene: sign_callback(scene, authorization="Signature ")),
    Attack("no id", 401, lambda scene: sign_callback(scene, client_id=None)),
    Attack("no timestamp", 401, lambda scene: sign_callback(scene, timestamp=None)),
    Attack("an id that is not a UUID", 401, lambda scene: sign_callback(scene, client_id="robot")),
    Attack(
        "an id of version 1", 401, lambda scene: sign_callback(scene, client_id="4c2a1b60-0d0e-11ee-be56-0242ac120002")
    ),
    Attack("an unknown id", 401, lambda scene: sign_callback(scene, client_id=str(unknown_id()))),
    Attack("another robot's id", 401, lambda scene: sign_callback(scene, client_id=str(scene.other_robot.robot_id))),
    Attack(
        "two ids", 401, lambda scene: sign_callback(scene, client_id=f"{scene.robot.robot_id}, {scene.robot.robot_id}")
    ),
    Attack(
        "a signed GET with a body, as the exchange's own call to the robot",
        401,
        lambda scene: Request("GET", f"{BATCHES}{scene.batch_id}", scene.robot.headers(b'{"id": 1}'), b'{"id": 1}'),
    ),
    Attack("an id that is not ASCII", 401, lambda scene: sign_callback(scene, client_id="\udcff")),
    Attack("a timestamp that is not ASCII", 401, lambda scene: sign_callback(scene, timestamp="\udcff")),
    Attack("a signature that is not ASCII", 401, lambda scene: sign_callback(scene, authorization="Signature \udcff")),
    Attack("a guessed secret", 401, lambda scene: make_callback(Credentials(scene.robot.robot_id, "guess"), b"{}")),
    Attack("an empty secret", 401, lambda scene: make_callback(Credentials(scene.robot.robot_id, ""), b"{}")),
    Attack(
        "a byte of the body changed",
        401,
        lambda scene: Request("POST", CALLBACK, scene.robot.headers(b"{}"), b"{ }"),
    ),
    Attack(
        "a GET's signature for a POST",
        401,
        lambda scene: Request("POST", CALLBACK, scene.robot.headers(b""), b"{}"),
    ),
    Attack(
        "lower-case scheme, signed",
        401,
        lambda scene: sign_callback(scene, authorization=scene.robot.headers(b"{}")["Authorization"].lower()),
    ),
    Attack(
        "signature in capitals",
        401,
        lambda scene: sign_callback(
            scene, authorization="Signature " + scene.robot.headers(b"{}")["Authorization"].partition(" ")[2].upper()
        ),
    ),
    Attack(
        "two signatures",
        401,
        lambda scene: Request(
            "POST",
            CALLBACK,
            [*scene.robot.headers(b"{}").items(), ("Authorization", "Signature x")],
            b"{}",
        ),
    ),
    Attack(
        "a signature with non-ASCII characters", 401, lambda scene: sign_callback(scene, authorization="Signature ü")
    ),
    *(
        Attack(f"timestamp {timestamp!r}", 401, lambda scene, timestamp=timestamp: sign_callback_at(scene, timestamp))  # type: ignore[misc] # mypy infers no lambda with a default
        for timestamp in ("nan", "inf", "-inf", "-1", "0", "1e400", "1e9", "9" * 400, "1_700_000_000", "0x6", "", "now")
    ),
    Attack("six minutes old", 401, lambda scene: sign_callback_at(scene, now_plus(-360))),
    Attack("six minutes ahead", 401, lambda scene: sign_callback_at(scene, now_plus(360))),
    Attack("a timestamp that is not the signed one", 401, lambda scene: sign_callback(scene, timestamp=now_plus(-1))),
    Attack("a revoked secret", 401, sign_with_replaced_secret),
    Attack(
        "another robot's batch, read",
        403,
        lambda scene: Request("GET", f"{BATCHES}{scene.batch_id}", scene.third_robot.headers(b"")),
    ),
    Attack(
        "another robot's batch, callback",
        403,
        lambda scene: make_callback(scene.third_robot, json.dumps({"request_id": scene.batch_id}).encode()),
    ),
    Attack("a robot lists batch requests", 401, lambda scene: Request("GET", BATCHES, scene.robot.headers(b""))),
    Attack("a robot registers a robot", 401, lambda scene: Request("POST", ROBOTS, scene.robot.headers(b""))),
    *(
        Attack(
            f"a result at {url[:30]}",
            422,
            lambda scene, url=url: make_callback(  # type: ignore[misc] # mypy infers no lambda with a default
                scene.robot, json.dumps({"request_id": scene.batch_id, "storage_url": url}).encode()
            ),
        )
        for url in (
            "http://169.254.169.254/metadata",
            "file:///etc/passwd",
            "https://elsewhere.example/results/x.jsonl",
        )
    ),
]

BODIES = [
    body("too large", 413, b" " * (BODY_LIMIT + 1)),
    body("too large, as lines", 413, b"\n" * (BODY_LIMIT + 1), "/references/", **{"Content-Type": "application/jsonl"}),
    Attack("too large, of unknown length", 413, lambda scene: as_operator(scene, "POST", ROBOTS, chunks(300_000))),
    Attack("too large, as a callback", 413, lambda scene: sign_callback(scene, b" " * (BODY_LIMIT + 1))),
    body("unclosed arrays", 400, b"[" * 25_000),
    body("unclosed objects", 400, b'{"a":' * 25_000),
    body("too many arrays", 413, b'{"unknown": [' + b"[]," * 30_000 + b"[]]}"),
    body("too many objects", 413, b'{"unknown": [' + b"{}," * 30_000 + b"{}]}", "/references/"),
    Attack(
        "too many arrays in a callback", 413, lambda scene: sign_callback(scene, b'{"unknown": ' + b"[" * 30_000 + b"}")
    ),
    body("not UTF-8", 400, b'{"name": "\xff\xfe"}'),
    body("two byte order marks", 400, b"\xef\xbb\xbf\xef\xbb\xbf{}"),
    body("UTF-16", 400, json.dumps(REGISTRATION).encode("utf-16")),
    body("a lone surrogate", 400, b'{"name": "\\ud800"}'),
    body("NaN", 400, b'{"name": NaN}'),
    body("NaN in an unknown field", 400, json.dumps({**REGISTRATION, "unknown": float("nan")}).encode()),
    body("compressed", 415, gzip.compress(json.dumps(REGISTRATION).encode()), **{"Content-Encoding": "gzip"}),
    body("two documents", 400, b"{}{}"),
    body("a list", 422, b"[]"),
    body("an unknown field", 422, json.dumps({**REGISTRATION, "id": str(unknown_id())}).encode()),
    body("the same key twice, the last one wrong", 422, b'{"name": "n", "name": 7}'),
    Attack(
        "a wildcard as reference id",
        422,
        lambda scene: as_requestor(scene, "POST", BATCHES, batch_request(scene, reference_ids=["*"])),
    ),
    Attack(
        "no references", 422, lambda scene: as_requestor(scene, "POST", BATCHES, batch_request(scene, reference_ids=[]))
    ),
    Attack(
        "an unknown robot",
        404,
        lambda scene: as_requestor(scene, "POST", BATCHES, batch_request(scene, robot_id=str(unknown_id()))),
    ),
]

PATHS = [
    path("an unknown path", 404, "/admin"),
    path("path traversal", 404, "/robots/../admin/host/status"),
    path("path traversal, escaped", 422, "/robots/%2e%2e%2fhealth"),
    path("NUL", 422, "/robots/%00"),
    path("a line break", 422, "/robots/{robot}%0d%0aX-Injected:1"),
    path("a quote", 422, "/references/'%20OR%20'1'='1"),
    path("a quote in a query", 422, "/references/?identifier=x'&identifier_type='"),
    path("an invented continuation", 422, "/references/enhancement/batch/?continuation=../x"),
    path("an invented page of a reference", 422, f"/references/{unknown_id()}/?continuation=../x"),
    path("a page of a million enhancements", 422, f"/references/{unknown_id()}/?enhancements_limit=1000000"),
    path("a page of no enhancements", 422, f"/references/{unknown_id()}/?enhancements_limit=0"),
    path("an unknown status", 422, "/references/enhancement/batch/?status=owned"),
    path("an unsupported method", 405, "/robots/{robot}", "DELETE"),
    path("OPTIONS", 405, "/robots", "OPTIONS"),
    path("HEAD", 405, "/robots", "HEAD"),
]

ATTACKS = [*TOKENS, *USERS, *ROBOT_CALLS, *BODIES, *PATHS]


@pytest.fixture(scope="module")
def guarded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own, so that every write on it is caused by an attack."""
    with running_stack(tmp_path_factory.mktemp("guarded"), HTTP_BODY_LIMIT_BYTES=str(BODY_LIMIT)) as stack:
        yield stack


@pytest.fixture(scope="module")
async def scene(guarded_stack: Stack) -> AsyncIterator[Scene]:
    async with exchange_on(guarded_stack) as exchange, running_robot(exchange, accept_job) as accepting:
        robots = [await exchange.register_robot(accepting.url) for _ in range(3)]
        (reference,) = await exchange.load_references(1)
        batch = await exchange.wait_until(await exchange.request_batch(robots[0], [reference]), {"accepted"})
        credentials = [Credentials(UUID(robot_id), exchange.secrets[robot_id]) for robot_id in robots]
        forger = Forger(guarded_stack.folder / "issuer.pem")
        robot, other_robot, third_robot = credentials
        yield Scene(exchange, forger, robot, other_robot, third_robot, batch["id"], reference)


async def count_writes(exchange: Exchange) -> tuple[int, int]:
    """Return how many writes Cosmos DB has received, and how many blobs the exchange has written."""
    async with exchange.session.get(f"{exchange.stack.addresses['cosmos']}/_control/requests", ssl=False) as response:
        counts = await response.json()
    container = ContainerClient.from_connection_string(exchange.stack.settings["DATA_STORAGE"], "batches")
    with container:
        return counts["write"] + counts["batch"], len(list(container.list_blob_names()))


def test_the_table_has_many_attacks_with_unique_names() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_gets_its_error_and_writes_nothing(scene: Scene, attack: Attack) -> None:
    made = attack.make_request(scene)
    request = await made if isawaitable(made) else made
    before = await count_writes(scene.exchange)
    status, content_type, problem = await request.send(scene.exchange)
    assert status == attack.status, problem
    assert await count_writes(scene.exchange) == before
    if problem is not None:
        assert content_type == "application/problem+json"
        assert problem["detail"] == " ".join(problem["errors"])
    elif status != 404:
        assert request.method == "HEAD"


async def test_the_same_requests_succeed_without_the_attack(scene: Scene) -> None:
    """Otherwise the attacks might be refused for another reason."""
    exchange = scene.exchange
    ok = {**REGISTRATION, "name": f"r {uuid4()}"}
    token = scene.forger.issue()
    assert (await Request("POST", ROBOTS, scene.bearer(token), json.dumps(ok).encode()).send(exchange))[0] == 201
    assert (await sign_callback_at(scene, now_plus(-290)).send(exchange))[0] == 422, (
        "authenticated, but without a request_id"
    )
    assert (await sign_callback_at(scene, now_plus(290)).send(exchange))[0] == 422
    assert (await Request("GET", f"{BATCHES}{scene.batch_id}", scene.robot.headers(b"")).send(exchange))[0] == 200
    assert (await Request("GET", "/ROBOTS/", scene.bearer(token)).send(exchange))[0] == 200, "paths ignore case"


async def test_a_robot_that_was_removed_from_the_store_is_refused(scene: Scene) -> None:
    exchange = scene.exchange
    robot_id = await exchange.register_robot("https://r.example")
    robot = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    assert (await exchange.call_as_robot(robot, {}))[0] == 422
    renamed = json.dumps({**REGISTRATION, "name": f"r {uuid4()}"}).encode()
    assert (await as_operator(scene, "PUT", f"{ROBOTS}{robot_id}/", renamed).send(exchange))[0] == 200
    assert (await exchange.call_as_robot(robot, {}))[0] == 422, "a robot is identified by its id, not by its name"
    await exchange.remove_item("robots", robot_id, "robot")
    assert (await exchange.call_as_robot(robot, {}))[0] == 401


async def test_an_interrupted_request_does_not_block_others(scene: Scene) -> None:
    exchange = scene.exchange

    async def interrupted_body() -> AsyncIterator[bytes]:
        yield b"{"
        raise ConnectionError

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await as_operator(scene, "POST", ROBOTS, interrupted_body()).send(exchange)
    assert (await as_operator(scene, "GET", ROBOTS).send(exchange))[0] == 200
