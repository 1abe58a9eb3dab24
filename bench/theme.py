"""How a chart looks: in the colours of the page that shows it, with nothing to be fetched."""

from __future__ import annotations

import re

INK, FAINT, PAPER = "#1f2329", "#d0d7df", "#fefefe"
_DARK = {INK: "#e6edf3", FAINT: "#3d444e", PAPER: "#0d1118"}
_FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

ABOUT = ("Date", "Creator", "Format", "Type")
"""What matplotlib would write of itself and of today."""


def themed(drawn: str, title: str) -> str:
    """Let the page's light or dark be the chart's, and its letters those of the reader.

    Args:
        drawn: What matplotlib has written, in the colours of this module.
        title: What the chart shows, for who cannot see it.
    """
    named = {INK: "ink", FAINT: "faint", PAPER: "paper"}
    for colour, name in named.items():
        drawn = drawn.replace(colour, f"var(--{name})")
    drawn = re.sub(r"font: ((?:\w+ )?[\d.]+px)[^;\"]*", rf"font: \1 {_FONT}", drawn)
    light = "".join(f"--{name}:{colour};" for colour, name in named.items())
    dark = "".join(f"--{named[colour]}:{shown};" for colour, shown in _DARK.items())
    style = f"<style>svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    drawn = "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"
    head, _, rest = drawn[drawn.index("<svg") :].partition(">")
    return f'{head} role="img">\n <title>{title}</title>\n {style}{rest}'
