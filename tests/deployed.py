"""Which modules are deployed to Azure."""

from tests.stacks import ROOT

# The rooms of `exchange` that are installed with the package only. `.funcignore` does not publish them.
INSTALLED_ONLY = {"cli", "client", "compare", "files", "formats", "robots"}

_FOLDERS = {ROOT / "exchange" / room for room in INSTALLED_ONLY}

DEPLOYED_SOURCES = sorted(
    source
    for source in (ROOT / "function_app.py", *(ROOT / "exchange").rglob("*.py"), *(ROOT / "functions").rglob("*.py"))
    if not _FOLDERS & set(source.parents)
)
