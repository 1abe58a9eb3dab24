"""How a decision, a refusal and a report look in a notebook: a few lines of HTML.

There is no script, style sheet or address in it, and text inherits its colour, so that it reads
on light and on dark. An argument is never shown, nor what points into one: a key that nobody
registered is text of whoever chose it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .errors import AccessDenied, ApprovalRequired
    from .evidence.report import Refused, TaskReport
    from .models import Decision

# Each stands out on white and on black by 3:1 and more (WCAG 2.2, 1.4.11).
_COLOURS = {
    "allow": "#2e8b57",
    "deny": "#d1493f",
    "ask": "#b7791f",
    "in bounds": "#2e8b57",
    "out of bounds": "#d1493f",
    "cannot tell": "#b7791f",
}
_CELL = "text-align:left;vertical-align:top;padding:.1em 0;border:0;overflow-wrap:anywhere"
_HEAD = "text-align:left;vertical-align:top;padding:.1em 1.2em .1em 0;border:0;font-weight:400"


def decision_html(decision: Decision, asked: str = "") -> str:
    """Return a decision as HTML.

    Args:
        decision: What the policy said.
        asked: HTML that says what was asked for, where that is known.
    """
    granted = [str(grant.get("source", "")) for grant in decision.grants]
    why = [
        f"{_code(reason.code)} {_text(reason.message)}"
        + (f"<br>&rarr; {_text(reason.remedy)}" if reason.remedy else "")
        for reason in decision.reasons
    ]
    rows = {
        "because": "<br>".join(why),
        "granted by": ", ".join(map(_code, granted)),
        "obliged to": ", ".join(_code(obligation.type) for obligation in decision.obligations),
        "decision": _code(decision.id),
        "policy": _code(decision.policy.revision),
    }
    dry = " (a dry run)" if decision.evaluate_only else ""
    return _block(decision.outcome, f"{asked}{dry}", rows)


def refusal_html(error: AccessDenied | ApprovalRequired) -> str:
    """Return a refusal as HTML: its decision, and who wanted what."""
    asked = ""
    if error.tool:
        asked = f" {_code(error.tool)} under {_code(error.intent)}, for {_text(error.subject)}"
    return decision_html(error.decision, asked)


def report_html(report: TaskReport) -> str:
    """Return a task's report as HTML."""
    used = [f"{_code(tool)} ({times})" for tool, times in report.used_tools.items()]
    never = (*report.never_used_tools, *report.never_used_effects)
    rows = {
        "why": "<br>".join(map(_text, report.why)),
        "task": _code(report.task),
        "intent": _text(report.intent),
        "for": _text(report.subject),
        "by": _text(report.agent),
        "used": ", ".join(used),
        "refused": _listed(report.refused),
        "asked": _listed(report.asked),
        "unavailable": _listed(report.unavailable),
        "granted": ", ".join(map(_code, (*report.granted_tools, *report.granted_effects))),
        "never used": ", ".join(map(_code, never)),
    }
    _, _, counts = str(report).partition(" · ")
    return _block(report.verdict, f" &middot; {_text(counts)}", rows)


def _block(state: str, about: str, rows: Mapping[str, str]) -> str:
    colour = _COLOURS.get(state, "currentColor")
    lines = "".join(
        f'<tr style="background:none"><th scope="row" style="{_HEAD}">{name}</th>'
        f'<td style="{_CELL}">{value}</td></tr>'
        for name, value in rows.items()
        if value
    )
    return (
        f'<div role="group" aria-label="{_text(state)}" style="border-left:4px solid {colour};'
        'padding:.1em 0 .1em 1em;margin:.4em 0;max-width:60em;line-height:1.5">'
        f"<div><strong>{_text(state)}</strong>{about}</div>"
        '<table style="border-collapse:collapse;border:0;margin:.3em 0 0;font-size:inherit">'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _listed(refused: Iterable[Refused]) -> str:
    return "<br>".join(
        f"{_code(no.tool)} {_code(no.code)}" + (f" ({no.times} times)" if no.times > 1 else "")
        for no in refused
    )


def _code(text: str) -> str:
    return f'<code style="background:none;color:inherit;padding:0">{_text(text)}</code>'


def _text(text: str) -> str:
    """What anybody wrote: no markup, and nothing that turns or hides what stands beside it."""
    return escape(printable(text))
