"""Draws what a call costs on each engine, from what one run has found.

The same run gives the same file: no date, no random names, text as text. Colours are those of
the page it is shown on, light or dark, and there is nothing to be fetched.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from .calls import COLD, DURABLE, WARM
from .theme import ABOUT, FAINT, INK, PAPER, themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ALONE = "the engine alone"
_BARS = {
    _ALONE: "#8b949f",
    "(a) a call": "#4493f9",
    "(b) with tokens it has not seen": "#8f7ee8",
    "(c) with durable evidence": "#d9822c",
}
ENGINES = {"embedded": "opa_eval alone", "OPA, by a Unix socket": "a raw Unix socket to OPA"}
"""What is drawn of each engine, and what its engine alone is called."""

_WIDTH, _HEIGHT = 8.0, 4.4
_TITLE = "What a call costs: the engine alone, and (a), (b) and (c) on both engines"


def svg(whole: dict[str, Any]) -> str:
    """Return the chart.

    Args:
        whole: What `python -m bench` keeps.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings = {"svg.fonttype": "none", "svg.hashsalt": "inbounds", "font.size": 10}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained", facecolor=PAPER)
        figure.get_layout_engine().set(w_pad=0.15, h_pad=0.1)
        axes = figure.add_subplot(facecolor=PAPER)
        _draw(axes, whole["microseconds"])
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=dict.fromkeys(ABOUT))
    return themed(written.getvalue(), _TITLE)


def _draw(axes: Axes, groups: dict[str, Any]) -> None:
    ticks: list[tuple[float, str]] = []
    place = longest = 0.0
    for engine, alone in ENGINES.items():
        found = groups[f"one call, {alone}"]
        entries = zip(_BARS, (alone, WARM, COLD, DURABLE), strict=True)
        axes.text(0, place, engine, va="center", color=INK, weight="bold")
        place += 0.9
        for name, entry in entries:
            median, high = (found[entry][key] / 1000 for key in ("p50", "p95"))
            axes.barh(place, median, height=0.72, color=_BARS[name], zorder=2)
            axes.plot([median, high], [place, place], color=INK, linewidth=1, zorder=3)
            axes.plot([high, high], [place - 0.2, place + 0.2], color=INK, linewidth=1, zorder=3)
            axes.annotate(
                f"{median:.2f} (p95 {high:.2f})",
                (high, place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=INK,
            )
            ticks.append((place, name if name != _ALONE else alone))
            longest = max(longest, high)
            place += 1
        place += 0.6
    axes.set_xlim(0, longest * 1.22)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(place - 0.8, -0.7)
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    axes.set_xlabel("milliseconds a call; bar: p50, line: up to p95", color=INK)
    axes.tick_params(colors=INK, length=0)
    axes.grid(axis="x", color=FAINT, linewidth=0.8, zorder=0)
    for side in axes.spines.values():
        side.set_visible(False)
