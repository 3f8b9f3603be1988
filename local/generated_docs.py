"""`python -m local.generated_docs`: write the documents and files that are generated from the code.

They are docs/lifecycle.md, the runbook of the console, and what `local.generated_settings` generates from the table of
settings.
"""

from local.generated_lifecycle import format_lifecycle_page
from local.generated_runbook import format_runbook
from local.generated_settings import format_sample, format_settings_page, format_tunables_type
from local.paths import ROOT


def generate() -> dict[str, str]:
    """Return the text of every generated file by its path in the repository."""
    return {
        "docs/lifecycle.md": format_lifecycle_page(),
        "docs/settings.md": format_settings_page(),
        "local.settings.sample.json": format_sample(),
        "infra/modules/tunables.bicep": format_tunables_type(),
        "console/runbook.js": format_runbook(),
    }


def main() -> None:
    """Write every generated file."""
    for path, text in generate().items():
        (ROOT / path).write_text(text)


if __name__ == "__main__":
    main()
