"""How the report of a task looks in a notebook: a few lines of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.model.notebook import block, code, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .report import Refused, TaskReport


def report_html(report: TaskReport) -> str:
    """Return a task's report as HTML."""
    used = [f"{code(tool)} ({times})" for tool, times in report.used_tools.items()]
    never = (*report.never_used_tools, *report.never_used_effects)
    rows = {
        "why": "<br>".join(map(text, report.why)),
        "task": code(report.task),
        "intent": text(report.intent),
        "for": text(report.subject),
        "by": text(report.agent),
        "used": ", ".join(used),
        "refused": _listed(report.refused),
        "asked": _listed(report.asked),
        "unavailable": _listed(report.unavailable),
        "granted": ", ".join(map(code, (*report.granted_tools, *report.granted_effects))),
        "never used": ", ".join(map(code, never)),
    }
    _, _, counts = str(report).partition(" · ")
    return block(report.verdict, f" &middot; {text(counts)}", rows)


def _listed(refused: Iterable[Refused]) -> str:
    return "<br>".join(
        f"{code(no.tool)} {code(no.code)}"
        + (f" ({no.times} times)" if no.times > 1 else "")
        + (f" decision {code(no.decision)}" if no.decision else "")
        for no in refused
    )
