"""`make types` and `make lint` find mistakes in the modules of the console."""

import json
import shutil
from pathlib import Path

import pytest

from local.paths import ROOT
from tests.console.check import check_types, lint
from tests.console.vendor import FOLDER

IMPORTS = """\
import { h, render } from "./vendor/preact.module.js";
import { useState } from "./vendor/hooks.module.js";
import htm from "./vendor/htm.module.js";
const html = htm.bind(h);
"""
MODULE = """\
/** @param {{ count: number }} properties */
export function Counter({ count }) {
  const [shown, setShown] = useState(count);
  return html`<button onClick=${() => setShown(shown + 1)}>${shown}</button>`;
}
render(html`<${Counter} count=${1} />`, document.body);
"""


@pytest.fixture
def console(tmp_path: Path) -> Path:
    """A folder like `console/`, with its configuration and the vendored files, and without modules."""
    folder = tmp_path / "console"
    shutil.copytree(FOLDER, folder / "vendor")
    configuration = {"extends": str(ROOT / "console" / "jsconfig.json"), "include": ["*.js"]}
    (folder / "jsconfig.json").write_text(json.dumps(configuration))
    return folder


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        (MODULE, MODULE, ""),
        ("shown + 1", "'many'", "TS2345"),
        ("useState(count)", "useState(count, 1)", "TS2554"),
        ("@param {{ count: number }} properties", "", "TS7031"),
        ("document.body)", "document.bdy)", "TS2551"),
    ],
    ids=["none", "wrong type", "too many arguments", "no type", "unknown property"],
)
def test_tsc_finds_a_wrong_type(
    console: Path, capfd: pytest.CaptureFixture[str], before: str, after: str, error: str
) -> None:
    assert before in MODULE
    (console / "page.js").write_text(IMPORTS + MODULE.replace(before, after))
    assert (check_types(console) != 0) == bool(error)
    assert error in capfd.readouterr().out


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("export const twice = (/** @type {number} */ n) => 2 * n;", None),
        ("export const length = sessionStorage.length;", None),
        ("document.body.innerHTML = location.hash;", "no-restricted-properties"),
        ("document.body.insertAdjacentHTML('afterend', location.hash);", "no-restricted-properties"),
        ("export const p = { dangerouslySetInnerHTML: { __html: '' } };", "no-restricted-syntax"),
        ("export const p = String.raw`<p dangerouslySetInnerHTML=x>`;", "no-restricted-syntax"),
        ("export const p = String.raw`<p style=${'color: red'}>`;", "no-restricted-syntax"),
        ("document.body.setAttribute('onclick', 'stop()');", "no-restricted-syntax"),
        ("eval('1');", "no-eval"),
        ("setTimeout('stop()', 1);", "no-implied-eval"),
        ("new Function('return 1')();", "no-new-func"),
        ("localStorage.clear();", "no-restricted-globals"),
        ("window.localStorage.clear();", "no-restricted-properties"),
        ("document.cookie = 'a=b';", "no-restricted-properties"),
        ("console.log(1);", "no-console"),
    ],
)
def test_eslint_finds_what_is_banned(
    console: Path, capfd: pytest.CaptureFixture[str], line: str, rule: str | None
) -> None:
    (console / "page.js").write_text(f"{line}\n")
    assert (lint(console.parent) != 0) == (rule is not None)
    assert (rule or "") in capfd.readouterr().out
