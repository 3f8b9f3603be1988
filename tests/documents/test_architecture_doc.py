"""The diagrams and tables in docs/architecture.md, compared with the code, the topology and host.json."""

import ast
import json
import re
from pathlib import Path
from uuid import UUID

import pytest

from exchange.domain import blob_names
from exchange.settings import Settings
from functions.app import build_app
from tests.stacks import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()
TOPOLOGY = json.loads((ROOT / "infra" / "topology.json").read_text())
BATCH, ATTEMPT = UUID(int=1), UUID(int=2)


def section(title: str) -> str:
    """Return the text under a heading, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


COMPONENTS: dict[str, str] = dict(re.findall(r'^ +(\w+)\["([\w./]+)"\]$', section("Components"), re.MULTILINE))
ARROWS = re.findall(r"^ +(\w+) --> (\w+)$", section("Components"), re.MULTILINE)


def component_of(module: str) -> str | None:
    """Return the box of the component diagram that a module belongs to."""
    path = module.replace(".", "/")
    for name, component in COMPONENTS.items():
        inside = component.removesuffix("/").removesuffix(".py")
        if path == inside or path.startswith(f"{inside}/"):
            return name
    return None


def imported_modules(file: Path) -> set[str]:
    """Return the modules that a file imports. A name imported from a package may be a module too."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return modules


def imports() -> set[tuple[str, str]]:
    """Return the pairs of boxes of which the first one imports the second one."""
    found = set()
    for package in ("functions", "exchange"):
        for file in (ROOT / package).rglob("*.py"):
            source = component_of(".".join(file.relative_to(ROOT).with_suffix("").parts))
            for module in imported_modules(file):
                target = component_of(module)
                if source and target and source != target:
                    found.add((source, target))
    return found


def test_each_box_of_the_components_is_a_module_or_package() -> None:
    assert len(COMPONENTS) > 10
    for component in COMPONENTS.values():
        assert (ROOT / component).exists(), component


def test_each_module_is_in_a_box() -> None:
    for package in ("functions", "exchange"):
        for file in (ROOT / package).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            is_root = file.parent.name == package and file.stem == "__init__"
            assert is_root or component_of(module), module


def test_each_arrow_is_an_import() -> None:
    assert set(ARROWS) <= imports()


def test_each_import_is_an_arrow_or_a_chain_of_arrows() -> None:
    """The diagram omits arrows that follow from others, so that it stays readable."""
    reachable = set(ARROWS)
    while more := {(a, d) for a, b in reachable for c, d in ARROWS if b == c} - reachable:
        reachable |= more
    assert imports() <= reachable


def test_the_table_of_functions_is_that_of_the_app() -> None:
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    functions = build_app(Settings.read(values)).get_functions()
    names = [str(function.get_function_name()) for function in functions if "httpTrigger" not in str(function)]
    stated = re.findall(r"^\| `(\w+)` \|", section("Containers"), re.MULTILINE)
    assert sorted(stated) == sorted(names)


def test_the_table_of_blobs_has_each_name() -> None:
    names = {
        blob_names.BATCHES: {
            blob_names.id_list(BATCH),
            blob_names.manifest(BATCH),
            blob_names.manifest(BATCH, ATTEMPT),
            blob_names.selected(BATCH, ATTEMPT),
            blob_names.reference_data(BATCH, ATTEMPT),
            blob_names.accepted(BATCH, ATTEMPT),
            blob_names.draft_report(BATCH, ATTEMPT),
            blob_names.refused(BATCH, ATTEMPT, 7),
            blob_names.report_text(BATCH, ATTEMPT),
            blob_names.report_lines(BATCH, ATTEMPT),
            blob_names.errors(BATCH, ATTEMPT),
            blob_names.enhancements(BATCH, ATTEMPT),
        },
        blob_names.RESULTS: {blob_names.result(BATCH)},
    }
    stated: dict[str, set[str]] = {container: set() for container in names}
    for container, name in re.findall(r"^\| `([\w-]+)`: `([^`]+)` \|", section("Blobs"), re.MULTILINE):
        filled = (
            name.replace("<batch>", str(BATCH))
            .replace("<list>", str(BATCH))
            .replace("<attempt>", str(ATTEMPT))
            .replace("<end>", "7")
        )
        stated[container].add(filled)
    assert stated == names


def test_the_table_of_blobs_has_each_container() -> None:
    stated = re.findall(r"^\| `([\w-]+)`", section("Blobs"), re.MULTILINE)
    assert set(stated) == set(TOPOLOGY["blobContainers"])


def test_the_table_of_items_has_each_container() -> None:
    stated = re.findall(r"^\| `([\w-]+)`", section("Cosmos DB items"), re.MULTILINE)
    assert set(stated) == {container["name"] for container in TOPOLOGY["cosmos"]["containers"]}


@pytest.mark.parametrize("queue", TOPOLOGY["queues"], ids=lambda queue: queue["name"])
def test_the_table_of_queues_has_their_limits(queue: dict[str, int]) -> None:
    (row,) = re.findall(rf"^\| Service Bus `{queue['name']}` .*$", section("Queues"), re.MULTILINE)
    assert f"after {queue['maxDeliveryCount']} deliveries or {queue['timeToLiveDays']} days" in row


def test_the_poison_queue_gets_an_event_after_the_stated_number_of_runs() -> None:
    blobs = json.loads((ROOT / "host.json").read_text())["extensions"]["blobs"]
    assert f"after {blobs['poisonBlobThreshold']} failed runs" in section("Queues")


def test_each_file_in_the_steps_exists() -> None:
    for title in ("endpoint", "event", "alert", "setting"):
        steps = section(f"How to add an {title}" if title[0] in "ae" else f"How to add a {title}")
        paths = re.findall(r"`((?:\w+/)+[\w.]*)`", steps)
        assert paths
        for path in paths:
            assert (ROOT / path).exists(), path
