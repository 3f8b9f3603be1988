"""A table of attacks: each gets its documented error, and leaves nothing behind."""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from inspect import isawaitable
from uuid import UUID, uuid4

import aiohttp
import pytest
from azure.storage.blob import ContainerClient

from samples.robot.signing import Credentials
from tests.e2e.attacks import (
    Attack,
    Request,
    Scene,
    as_operator,
    as_requestor,
    callback_of,
    chunks,
    seconds_off,
    signed,
    signed_at,
    stranger,
    with_cycled_secret,
)
from tests.e2e.exchange import BATCHES, CALLBACK, Exchange, exchange_on
from tests.e2e.forged_tokens import Forger, later, long_ago
from tests.e2e.robot import running_robot, takes_it
from tests.stacks import Stack, running_stack

BODY_LIMIT = 200_000
ROBOTS = "/robots/"
REGISTRATION = {"name": "intruder", "base_url": "https://r.example", "description": "", "owner": ""}
LATIN1 = "latin-1"


def with_token(token: str | None, path: str = ROBOTS) -> Request:
    return Request("POST", path, {} if token is None else {"Authorization": token}, json.dumps(REGISTRATION).encode())


def shown(name: str, status: int, token: str | None) -> Attack:
    return Attack(name, status, lambda _: with_token(token))


def forged(name: str, status: int, make: str, **how: object) -> Attack:
    return Attack(name, status, lambda scene: with_token(f"Bearer {getattr(scene.forger, make)(**how)}"))


def order(scene: Scene, **changed: object) -> bytes:
    given = {"robot_id": str(scene.robot.robot_id), "reference_ids": [scene.reference_id], **changed}
    return json.dumps(given).encode()


def path(name: str, status: int, where: str, method: str = "GET") -> Attack:
    return Attack(name, status, lambda scene: as_operator(scene, method, where.format(robot=scene.robot.robot_id)))


def body(name: str, status: int, content: bytes, where: str = ROBOTS, **headers: str) -> Attack:
    return Attack(name, status, lambda scene: as_operator(scene, "POST", where, content, **headers))


TOKENS = [
    shown("nothing shown", 401, None),
    shown("nothing in the header", 401, ""),
    shown("a scheme and no token", 401, "Bearer"),
    shown("a blank token", 401, "Bearer  "),
    shown("no token at all", 401, "Bearer let.me.in"),
    shown("another scheme", 401, "Basic b3BlcmF0b3I6b3BlcmF0b3I="),
    Attack("lower-case scheme", 401, lambda scene: with_token(f"bearer {scene.forger.issued()}")),
    Attack("two tokens", 401, lambda scene: with_token(f"Bearer {scene.forger.issued()}, Bearer x")),
    Attack("no scheme", 401, lambda scene: with_token(scene.forger.issued())),
    Attack("in the query", 401, lambda scene: with_token(None, f"{ROBOTS}?access_token={scene.forger.issued()}")),
    forged("expired", 401, "issued", exp=long_ago()),
    forged("not valid yet", 401, "issued", nbf=later()),
    forged("another audience", 401, "issued", aud="api://elsewhere"),
    forged("one audience of several", 401, "issued", aud=["api://enhancement-exchange.local", "api://elsewhere"]),
    forged("another issuer", 401, "issued", iss="https://issuer.elsewhere/"),
    forged("almost the issuer", 401, "issued", iss="https://issuer.local"),
    forged("an end that is no time", 401, "issued", exp="never"),
    forged("a subject that is no text", 401, "issued", sub=7),
    *(forged(f"no {claim}", 401, "without", claim=claim) for claim in ("exp", "nbf", "iss", "aud", "sub")),
    forged("algorithm none", 401, "unsigned"),
    forged("a MAC with the public key", 401, "mac_with_the_public_key"),
    forged("RS512 by the right key", 401, "by_the_key", algorithm="RS512"),
    forged("PS256 by the right key", 401, "by_the_key", algorithm="PS256"),
    forged("a critical header nobody knows", 401, "by_the_key", algorithm="RS256", crit=["x"], x=1),
    forged("another key under the issuer's id", 401, "by_own_key"),
    forged("a key id nobody knows", 401, "by_own_key", kid="other"),
    forged("a key id that is no text", 401, "by_own_key", kid=""),
    Attack(
        "its own key in its header",
        401,
        lambda scene: with_token(f"Bearer {scene.forger.by_own_key(jwk=scene.forger.own_key_set())}"),
    ),
    forged("keys from elsewhere", 401, "by_own_key", jku="https://127.0.0.1:1/keys"),
    forged("claims changed", 401, "with_other_claims"),
    Attack("signature cut", 401, lambda scene: with_token(f"Bearer {scene.forger.issued()[:-8]}")),
    Attack("signature left out", 401, lambda scene: with_token(f"Bearer {scene.forger.issued().rpartition('.')[0]}.")),
    forged("too long", 401, "issued", filler="x" * 20_000),
    forged("no roles", 403, "issued", roles=[]),
    forged("a role nobody knows", 403, "issued", roles=["administrator"]),
    forged("roles as one text", 403, "issued", roles="operator"),
    forged("a role in capitals", 403, "issued", roles=["Operator"]),
    forged("the wrong role", 403, "issued", role="requestor"),
]

MEMBERS = [
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
            "GET", f"{BATCHES}{scene.batch_id}", scene.bearer(scene.forger.issued("requestor", oid="somebody else"))
        ),
    ),
    Attack("a requestor calls back", 401, lambda scene: as_requestor(scene, "POST", CALLBACK, b"{}")),
    Attack("an operator calls back", 401, lambda scene: as_operator(scene, "POST", CALLBACK, b"{}")),
]

ROBOT_CALLS = [
    Attack("unsigned", 401, lambda scene: signed(scene, authorization=None)),
    Attack("a scheme and no signature", 401, lambda scene: signed(scene, authorization="Signature ")),
    Attack("no id", 401, lambda scene: signed(scene, client_id=None)),
    Attack("no timestamp", 401, lambda scene: signed(scene, timestamp=None)),
    Attack("an id that is none", 401, lambda scene: signed(scene, client_id="robot")),
    Attack("an id of version 1", 401, lambda scene: signed(scene, client_id="4c2a1b60-0d0e-11ee-be56-0242ac120002")),
    Attack("an id nobody has", 401, lambda scene: signed(scene, client_id=str(stranger()))),
    Attack("another robot's id", 401, lambda scene: signed(scene, client_id=str(scene.other_robot.robot_id))),
    Attack("two ids", 401, lambda scene: signed(scene, client_id=f"{scene.robot.robot_id}, {scene.robot.robot_id}")),
    Attack("a guessed secret", 401, lambda scene: callback_of(Credentials(scene.robot.robot_id, "guess"), b"{}")),
    Attack("an empty secret", 401, lambda scene: callback_of(Credentials(scene.robot.robot_id, ""), b"{}")),
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
        lambda scene: signed(scene, authorization=scene.robot.headers(b"{}")["Authorization"].lower()),
    ),
    Attack(
        "signature in capitals",
        401,
        lambda scene: signed(
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
    Attack("a signature beyond ASCII", 401, lambda scene: signed(scene, authorization="Signature ü")),
    *(
        Attack(f"timestamp {timestamp!r}", 401, lambda scene, timestamp=timestamp: signed_at(scene, timestamp))  # type: ignore[misc] # mypy infers no lambda with a default
        for timestamp in ("nan", "inf", "-inf", "-1", "0", "1e400", "1e9", "9" * 400, "1_700_000_000", "0x6", "", "now")
    ),
    Attack("six minutes old", 401, lambda scene: signed_at(scene, seconds_off(-360))),
    Attack("six minutes ahead", 401, lambda scene: signed_at(scene, seconds_off(360))),
    Attack("another timestamp than signed", 401, lambda scene: signed(scene, timestamp=seconds_off(-1))),
    Attack("the old secret after a cycle", 401, with_cycled_secret),
    Attack(
        "another robot's batch, read",
        403,
        lambda scene: Request("GET", f"{BATCHES}{scene.batch_id}", scene.fresh_robot.headers(b"")),
    ),
    Attack(
        "another robot's batch, reported",
        403,
        lambda scene: callback_of(scene.fresh_robot, json.dumps({"request_id": scene.batch_id}).encode()),
    ),
    Attack("a robot at the requestors' door", 401, lambda scene: Request("GET", BATCHES, scene.robot.headers(b""))),
    Attack("a robot at the operators' door", 401, lambda scene: Request("POST", ROBOTS, scene.robot.headers(b""))),
    *(
        Attack(
            f"a result at {url[:30]}",
            422,
            lambda scene, url=url: callback_of(  # type: ignore[misc] # mypy infers no lambda with a default
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
    Attack("too large, at the robots' door", 413, lambda scene: signed(scene, b" " * (BODY_LIMIT + 1))),
    body("arrays without end", 400, b"[" * 100_000),
    body("objects without end", 400, b'{"a":' * 30_000),
    body("not UTF-8", 400, b'{"name": "\xff\xfe"}'),
    body("a byte order mark", 400, b"\xef\xbb\xbf{}"),
    body("UTF-16", 400, json.dumps(REGISTRATION).encode("utf-16")),
    body("half a surrogate pair", 400, b'{"name": "\\ud800"}'),
    body("NaN", 422, b'{"name": NaN}'),
    body("compressed", 400, gzip.compress(json.dumps(REGISTRATION).encode()), **{"Content-Encoding": "gzip"}),
    body("two documents", 400, b"{}{}"),
    body("a list", 422, b"[]"),
    body("a field nobody knows", 422, json.dumps({**REGISTRATION, "id": str(stranger())}).encode()),
    body("the same key twice, the last one wrong", 422, b'{"name": "n", "name": 7}'),
    Attack(
        "a name for a million references",
        422,
        lambda scene: as_requestor(scene, "POST", BATCHES, order(scene, reference_ids=["*"])),
    ),
    Attack("no references", 422, lambda scene: as_requestor(scene, "POST", BATCHES, order(scene, reference_ids=[]))),
    Attack(
        "a robot of the attacker's",
        404,
        lambda scene: as_requestor(scene, "POST", BATCHES, order(scene, robot_id=str(stranger()))),
    ),
]

PATHS = [
    path("a path nobody serves", 404, "/admin"),
    path("up and away", 404, "/robots/../admin/host/status"),
    path("up, escaped", 422, "/robots/%2e%2e%2fhealth"),
    path("NUL", 422, "/robots/%00"),
    path("a line break", 422, "/robots/{robot}%0d%0aX-Injected:1"),
    path("a quote", 422, "/references/'%20OR%20'1'='1"),
    path("a quote in a query", 422, "/references/?identifier=x'&identifier_type='"),
    path("a continuation made up", 422, "/references/enhancement/batch/?continuation=../x"),
    path("a status nobody has", 422, "/references/enhancement/batch/?status=owned"),
    path("a method nobody serves", 405, "/robots/{robot}", "DELETE"),
    path("options", 405, "/robots", "OPTIONS"),
    path("head", 405, "/robots", "HEAD"),
]

ATTACKS = [*TOKENS, *MEMBERS, *ROBOT_CALLS, *BODIES, *PATHS]


@pytest.fixture(scope="module")
def guarded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack that nobody else uses, so that whatever is written is the attack's doing."""
    with running_stack(tmp_path_factory.mktemp("guarded"), HTTP_BODY_LIMIT_BYTES=str(BODY_LIMIT)) as stack:
        yield stack


@pytest.fixture(scope="module")
async def scene(guarded_stack: Stack) -> AsyncIterator[Scene]:
    async with exchange_on(guarded_stack) as exchange, running_robot(exchange, takes_it) as silent:
        robots = [await exchange.register_robot(silent.url) for _ in range(3)]
        (reference,) = await exchange.load(1)
        batch = await exchange.until(await exchange.request(robots[0], [reference]), {"accepted"})
        credentials = [Credentials(UUID(one), exchange.secrets[one]) for one in robots]
        forger = Forger(guarded_stack.folder / "issuer.pem")
        robot, other, fresh = credentials
        yield Scene(exchange, forger, robot, other, fresh, batch["id"], reference)


async def writes(exchange: Exchange) -> tuple[int, int]:
    """Count what was written to Cosmos DB so far, and the blobs of the container that only we write."""
    async with exchange.session.get(f"{exchange.stack.addresses['cosmos']}/_control/requests", ssl=False) as response:
        counts = await response.json()
    container = ContainerClient.from_connection_string(exchange.stack.settings["DATA_STORAGE"], "batches")
    with container:
        return counts["write"] + counts["batch"], len(list(container.list_blob_names()))


def test_there_are_many_attacks_and_no_two_alike() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_gets_its_error_and_leaves_nothing(scene: Scene, attack: Attack) -> None:
    made = attack.make(scene)
    request = await made if isawaitable(made) else made
    before = await writes(scene.exchange)
    status, content_type, problem = await request.send(scene.exchange)
    assert status == attack.status, problem
    assert await writes(scene.exchange) == before
    if problem is not None:
        assert content_type == "application/problem+json"
        assert problem["detail"] == " ".join(problem["errors"])
    elif status != 404:
        assert request.method == "HEAD"


async def test_what_the_attacks_are_made_of_is_let_in_if_nothing_is_wrong_with_it(scene: Scene) -> None:
    """Else the table would prove nothing."""
    exchange = scene.exchange
    ok = {**REGISTRATION, "name": f"r {uuid4()}"}
    token = scene.forger.issued()
    assert (await Request("POST", ROBOTS, scene.bearer(token), json.dumps(ok).encode()).send(exchange))[0] == 201
    assert (await signed_at(scene, seconds_off(-290)).send(exchange))[0] == 422, "it lacks a request_id, and is let in"
    assert (await signed_at(scene, seconds_off(290)).send(exchange))[0] == 422
    assert (await Request("GET", f"{BATCHES}{scene.batch_id}", scene.robot.headers(b"")).send(exchange))[0] == 200
    assert (await Request("GET", "/ROBOTS/", scene.bearer(token)).send(exchange))[0] == 200, "case never matters"


async def test_a_robot_that_is_gone_from_the_store_is_a_stranger(scene: Scene) -> None:
    exchange = scene.exchange
    robot_id = await exchange.register_robot("https://r.example")
    robot = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    assert (await exchange.call_as_robot(robot, {}))[0] == 422
    renamed = json.dumps({**REGISTRATION, "name": f"r {uuid4()}"}).encode()
    assert (await as_operator(scene, "PUT", f"{ROBOTS}{robot_id}/", renamed).send(exchange))[0] == 200
    assert (await exchange.call_as_robot(robot, {}))[0] == 422, "a name is not what it is known by"
    await exchange.remove("robots", robot_id, "robot")
    assert (await exchange.call_as_robot(robot, {}))[0] == 401


async def test_a_request_that_stops_halfway_holds_up_nobody(scene: Scene) -> None:
    exchange = scene.exchange

    async def forever() -> AsyncIterator[bytes]:
        yield b"{"
        raise ConnectionError

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await as_operator(scene, "POST", ROBOTS, forever()).send(exchange)
    assert (await as_operator(scene, "GET", ROBOTS).send(exchange))[0] == 200
