import json
import re

import pytest

from exchange.domain.batch import Phase
from exchange.domain.events import Event
from exchange.domain.lifecycle import ROWS
from exchange.settings import Setting, list_settings
from local.generated_docs import generate
from local.generated_lifecycle import describe_phases, format_lifecycle_page
from local.generated_settings import NOT_IN_AZURE, format_value
from tests.stacks import ROOT

GENERATED = generate()


@pytest.mark.parametrize("path", GENERATED)
def test_the_committed_file_equals_what_is_generated(path: str) -> None:
    assert (ROOT / path).read_text() == GENERATED[path], "run `make docs`"


def test_the_lifecycle_page_has_every_phase_and_every_transition() -> None:
    text = format_lifecycle_page()
    for row in ROWS:
        section = re.split(r"\n##+ ", text.partition(f"## `{row.phase}`")[2])[0]
        assert f"| `{row.event.__name__}` |" in section
        for target in row.leads_to:
            assert any(
                line.startswith(f"    {row.phase} --> {target}: ") and row.event.__name__ in line
                for line in text.splitlines()
            )
    assert all(f"## `{phase}`" in text for phase in Phase)


def test_each_diagram_of_the_lifecycle_page_has_all_phases_of_its_machine() -> None:
    diagrams = re.findall(r"```mermaid\n(.*?)```", format_lifecycle_page(), re.DOTALL)
    phases = [set(re.findall(r"^ +(?:\[\*\] --> )?(\w+)", diagram, re.MULTILINE)) for diagram in diagrams]
    assert phases == [
        {"reading", "ended"},
        {"received", "accepted", "delivered", "importing", "ended"},
        {"divided", "reporting", "ended"},
    ]


def test_the_lifecycle_page_describes_every_event() -> None:
    described = format_lifecycle_page().partition("\n## Events\n")[2]
    assert all(f"| `{event.__name__}` | " in described for event in Event.__args__)
    assert "|  |" not in format_lifecycle_page()


def test_every_phase_has_a_description() -> None:
    assert all(describe_phases()[phase] for phase in Phase)


@pytest.mark.parametrize("setting", list(list_settings()), ids=lambda setting: setting.name)
def test_every_setting_has_a_description_and_a_row_with_its_default(setting: Setting) -> None:
    assert setting.description.endswith(".")
    (row,) = (line for line in GENERATED["docs/settings.md"].splitlines() if line.startswith(f"| `{setting.name}` |"))
    assert row.endswith(f"| {setting.description} |")
    if setting.default is not None:
        assert row.split(" | ")[1] == format_value(setting.default)


def test_the_sample_has_the_default_of_every_setting_that_is_not_local() -> None:
    sample = json.loads(GENERATED["local.settings.sample.json"])["Values"]
    defaults = {
        setting.name: setting.default
        for setting in list_settings()
        if setting.default is not None and setting.name not in NOT_IN_AZURE
    }
    read = {
        name: sample[name] if isinstance(default, str) else json.loads(sample[name])
        for name, default in defaults.items()
    }
    assert read == defaults


def test_the_type_of_the_tunables_has_every_setting_with_a_default_that_may_be_set_in_azure() -> None:
    names = {setting.name for setting in list_settings() if setting.default is not None} - set(NOT_IN_AZURE)
    lines = GENERATED["infra/modules/tunables.bicep"].splitlines()
    listed = [line.strip().removesuffix(": string?") for line in lines if line.endswith(": string?")]
    assert sorted(listed) == sorted(names | {"SWEEP_SCHEDULE"})


@pytest.mark.parametrize(("value", "text"), [(3600.0, "3600"), (0.5, "0.5"), (True, "true"), (4 << 30, "4294967296")])
def test_a_default_is_written_as_the_text_of_an_app_setting(value: float, text: str) -> None:
    assert format_value(value) == text
