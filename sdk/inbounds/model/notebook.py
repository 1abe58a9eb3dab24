"""How a decision looks in a notebook, a few lines of HTML, and the parts that other views use.

There is no script, style sheet or address in it, and text inherits its colour, so that it reads
on light and on dark. An argument is never shown, nor what points into one: a key that nobody
registered is text of whoever chose it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from inbounds.text.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .question import Decision

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
        f"{code(reason.code)} {text(reason.message)}"
        + (f"<br>&rarr; {text(reason.remedy)}" if reason.remedy else "")
        for reason in decision.reasons
    ]
    rows = {
        "because": "<br>".join(why),
        "granted by": ", ".join(map(code, granted)),
        "obliged to": ", ".join(code(obligation.type) for obligation in decision.obligations),
        "decision": code(decision.id),
        "policy": code(decision.policy.revision),
    }
    dry = " (a dry run)" if decision.evaluate_only else ""
    return block(decision.outcome, f"{asked}{dry}", rows)


def block(state: str, about: str, rows: Mapping[str, str]) -> str:
    """Return a table of rows under a heading.

    Args:
        state: The outcome or verdict, which gives the colour.
        about: HTML that follows it.
        rows: HTML by the name of the row; an empty one is left out.
    """
    colour = _COLOURS.get(state, "currentColor")
    lines = "".join(
        f'<tr style="background:none"><th scope="row" style="{_HEAD}">{name}</th>'
        f'<td style="{_CELL}">{value}</td></tr>'
        for name, value in rows.items()
        if value
    )
    return (
        f'<div role="group" aria-label="{text(state)}" style="border-left:4px solid {colour};'
        'padding:.1em 0 .1em 1em;margin:.4em 0;max-width:60em;line-height:1.5">'
        f"<div><strong>{text(state)}</strong>{about}</div>"
        '<table style="border-collapse:collapse;border:0;margin:.3em 0 0;font-size:inherit">'
        f"<tbody>{lines}</tbody></table></div>"
    )


def code(value: str) -> str:
    """Return a text as HTML, in a fixed-width font."""
    return f'<code style="background:none;color:inherit;padding:0">{text(value)}</code>'


def text(value: str) -> str:
    """Return a text as HTML: no markup, and nothing that turns or hides what stands beside it."""
    return escape(printable(value))
