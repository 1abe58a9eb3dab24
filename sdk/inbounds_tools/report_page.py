"""A task's report as one HTML page that needs nothing else: no script, no network."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from inbounds.evidence.report import Refused, TaskReport
from inbounds.model.notebook import text

_COLOURS = {"in bounds": "ok", "out of bounds": "bad", "cannot tell": "unknown"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #5d6b7c; --line: #dfe4ea;
  --paper: #ffffff; --field: #f5f7f9; --ok: #11734b; --bad: #b3261e; --unknown: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaef; --quiet: #9aa7b5; --line: #2f3945;
  --paper: #12171d; --field: #1a2129; --ok: #5ec998; --bad: #ff8a80; --unknown: #e0b354; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
h1.ok { color: var(--ok); } h1.bad { color: var(--bad); } h1.unknown { color: var(--unknown); }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .quiet { color: var(--quiet); }
ul.why { margin: .75rem 0; padding-left: 1.2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem;
  margin: 1.5rem 0 0; padding: 1rem 1.25rem; background: var(--field); border-radius: .5rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.counts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 0; padding: 0;
  list-style: none; }
.counts li { min-width: 7rem; padding: .6rem 1rem; border: 1px solid var(--line);
  border-radius: .5rem; }
.counts b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric:
  tabular-nums; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: break-word; }
th { color: var(--quiet); font-weight: 500; white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 0; }
th.number { text-align: right; padding-right: 0; }
code { font: .92em ui-monospace, "Cascadia Mono", "Liberation Mono", monospace; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--line);
  color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
"""


def page(report: TaskReport) -> str:
    """Return a report as a whole HTML document."""
    state = _COLOURS[report.verdict]
    title = f"{report.intent or 'task'}: {report.verdict}"
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="inbounds report">
<title>{text(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1 class="{state}">{text(report.verdict.capitalize())}</h1>
<p class="quiet">{text(_sentence(report))}</p>
{_why(report.why)}{_about(report)}
{_counts(report)}
{_refusals(report)}
{_approvers(report)}
{_authority(report)}
<footer>From this task's records alone. Whether the rest of the log is whole, <code>inbounds
evidence verify</code> tells.{_policies(report.policies)}</footer>
</main>
</body>
</html>
"""


def _sentence(report: TaskReport) -> str:
    return {
        "in bounds": "Every action that ran had an allow of its own before it.",
        "out of bounds": "An action ran without an allow of its own before it.",
        "cannot tell": "The records do not show what happened to every action.",
    }[report.verdict]


def _why(reasons: Iterable[str]) -> str:
    items = "".join(f"<li>{text(reason)}</li>" for reason in reasons)
    return f'<ul class="why">{items}</ul>\n' if items else ""


def _about(report: TaskReport) -> str:
    rows = {
        "task": report.task,
        "intent": report.intent,
        "for": report.subject,
        "by": report.agent,
        "tenant": report.tenant,
        "from": _moment(report.begun),
        "to": _moment(report.ended),
    }
    cells = "".join(
        f"<dt>{name}</dt><dd>{text(value)}</dd>" for name, value in rows.items() if value
    )
    return f"<dl>{cells}</dl>"


def _counts(report: TaskReport) -> str:
    counts = {
        "ran": report.ran,
        "refused": sum(no.times for no in report.refused),
        "asked": sum(no.times for no in report.asked),
        "interruptions": report.interruptions,
        "approved": sum(report.approved_by.values()),
        "unavailable": sum(no.times for no in report.unavailable),
        "withheld": report.withheld,
        "stopped": report.stopped,
        "unknown": report.unknown,
    }
    always = ("ran", "refused")
    items = "".join(
        f"<li><b>{number}</b>{name}</li>"
        for name, number in counts.items()
        if number or name in always
    )
    return f'<ul class="counts">{items}</ul>'


def _refusals(report: TaskReport) -> str:
    parts = {
        "Refused": report.refused,
        "A person had to be asked": report.asked,
        "No decision could be had": report.unavailable,
    }
    return "\n".join(_table(title, refused) for title, refused in parts.items() if refused)


def _approvers(report: TaskReport) -> str:
    if not report.approved_by:
        return ""
    items = ", ".join(f"{text(who)} ({times})" for who, times in report.approved_by.items())
    own = report.self_approved
    alone = f" {own} of them only by the person who asked for them." if own else ""
    return f'<p class="quiet">Approved by {items}.{alone}</p>'


def _table(title: str, refused: Iterable[Refused]) -> str:
    rows = "".join(
        f"<tr><td>{_breakable(no.tool)}</td><td><code>{_breakable(no.code)}</code></td>"
        f"<td><code>{text(no.decision)}</code></td>"
        f'<td class="number">{no.times}</td></tr>'
        for no in refused
    )
    return (
        f"<h2>{title}</h2>\n<table><thead><tr><th>tool</th><th>code</th>"
        "<th>latest decision</th>"
        f'<th class="number">times</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _authority(report: TaskReport) -> str:
    used = [f"{tool} ({times})" for tool, times in report.used_tools.items()]
    rows = {
        "tools": (report.granted_tools, used, report.never_used_tools),
        "effects": (report.granted_effects, report.used_effects, report.never_used_effects),
    }
    cells = "".join(
        f"<tr><th>{name}</th>"
        + "".join(f"<td>{', '.join(map(_breakable, words)) or 'none'}</td>" for words in columns)
        + "</tr>"
        for name, columns in rows.items()
    )
    head = "".join(f"<th>{name}</th>" for name in ("", "granted", "used", "never used"))
    return (
        f"<h2>Authority</h2>\n<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>"
    )


def _breakable(name: str) -> str:
    """A name that a narrow page may break where it has joints."""
    return text(name).replace(".", ".<wbr>").replace("_", "_<wbr>")


def _policies(policies: Iterable[str]) -> str:
    listed = ", ".join(policies)
    return f" Policy {text(listed)}." if listed else ""


def _moment(nanoseconds: int) -> str:
    if not nanoseconds:
        return ""
    moment = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return moment.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", " UTC")
