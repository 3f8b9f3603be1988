"""The findings as JSON, as JUnit XML, and as text."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr  # nosec B406 - it parses nothing

from exchange.robots.check.model import Failed, Finding


def to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON. Only a failure has the reason, the fix and the command."""
    check = finding.check
    fields: dict[str, Any] = {"id": check.id, "level": check.level, "title": check.title, "outcome": finding.outcome}
    if finding.detail:
        fields["detail"] = finding.detail
    if isinstance(finding.judgement, Failed):
        fields |= {"why": check.why, "fix": check.fix, "curl": finding.judgement.curl}
    return fields


def to_text(finding: Finding) -> str:
    """Return the explanation of a failure."""
    check = finding.check
    lines = [
        f"{check.id} {finding.outcome} ({check.level}): {check.title}",
        f"  Found: {finding.detail}",
        f"  Why:   {check.why}",
        f"  Fix:   {check.fix}",
    ]
    if isinstance(finding.judgement, Failed) and finding.judgement.curl:
        lines.append(f"  Try:   {finding.judgement.curl}")
    return "\n".join(lines)


def to_junit(findings: Sequence[Finding]) -> str:
    """Return a JUnit report. A check that should pass and does not is a passed test with output."""
    cases = "".join(map(_to_case, findings))
    failures = sum(finding.outcome == "failed" for finding in findings)
    skipped = sum(finding.outcome in {"skipped", "not applicable"} for finding in findings)
    counts = f'tests="{len(findings)}" failures="{failures}" skipped="{skipped}"'
    suite = f'<testsuite name="exchange robots check" {counts}>\n{cases}</testsuite>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suite}\n</testsuites>\n'


def _to_case(finding: Finding) -> str:
    check = finding.check
    start = f"<testcase classname={quoteattr(check.level)} name={quoteattr(f'{check.id} {check.title}')}"
    if finding.outcome == "passed":
        return f"{start}/>\n"
    message, text = quoteattr(_drop_controls(finding.detail)), escape(_drop_controls(to_text(finding)))
    match finding.outcome:
        case "failed":
            inner = f"<failure message={message}>{text}</failure>"
        case "warning":
            inner = f"<system-out>{text}</system-out>"
        case _:
            inner = f"<skipped message={message}/>"
    return f"{start}>{inner}</testcase>\n"


def _drop_controls(text: str) -> str:
    """Return the text without the characters that XML does not allow."""
    return "".join(character for character in text if character.isprintable() or character == "\n")
