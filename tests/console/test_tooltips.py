"""Nothing is explained by a tooltip only, which neither a keyboard nor a finger opens."""

import re

from local.paths import ROOT

CONSOLE = ROOT / "console"
# An element of a template. A component, as in <${Section} title="...">, shows its title.
TITLED = re.compile(r"<[a-z][a-z0-9]*\s[^<>]*\btitle=")


def test_no_element_has_a_tooltip() -> None:
    modules = [path for path in CONSOLE.rglob("*.js") if "vendor" not in path.parts]
    assert TITLED.search("<time dateTime=${time} title=${text}>")
    assert modules
    assert [path.name for path in modules if TITLED.search(path.read_text())] == []
