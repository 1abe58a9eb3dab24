"""Draws utility against attacks stopped, with what others reach as points.

As in `bench.chart`, the same figures give the same file, and colours are those of the page.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from bench.theme import ABOUT, FAINT, INK, PAPER, themed

from .published import POINTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 8.0, 5.0
_OURS, _MEASURED, _PUBLISHED = "#4493f9", "#8b949f", "#d9822c"
_PLACED = {
    "best provenance policy known": (10, -14),
    "exact list of tools from an oracle": (-8, -4),
    "lock-out after untrusted content": (8, 4),
    "CaMeL": (8, 4),
}
"""Where a name stands beside its point, where others would be in the way."""
_TITLE = "User tasks done without asking against attacks stopped, beside what others reach"


def svg(table: dict[str, Any]) -> str:
    """Return the chart.

    Args:
        table: A table of `evaluation.replay.table`.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings = {"svg.fonttype": "none", "svg.hashsalt": "inbounds", "font.size": 10}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained", facecolor=PAPER)
        figure.get_layout_engine().set(w_pad=0.15, h_pad=0.1)
        axes = figure.add_subplot(facecolor=PAPER)
        _draw(axes, table)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=dict.fromkeys(ABOUT))
    return themed(written.getvalue(), _TITLE)


def _draw(axes: Axes, table: dict[str, Any]) -> None:
    for point in POINTS:
        if point.stopped < 80:
            continue  # would leave no room for the others
        colour = _PUBLISHED if point.published else _MEASURED
        where = point.utility if point.utility is not None else 20
        marker = "o" if point.utility is not None else 5
        axes.plot(
            [where],
            [point.stopped],
            marker=marker,
            color=colour,
            linestyle="",
            zorder=3,
            clip_on=False,
        )
        _named(axes, point.name, (where, point.stopped), colour, _PLACED.get(point.name, (8, -4)))
    for place, (name, where, stopped) in enumerate(_ours(table)):
        axes.plot([where], [stopped], marker="D", color=_OURS, linestyle="", zorder=4)
        _named(axes, name, (where, stopped), _OURS, (-10, -32 - 14 * place))
    axes.set_xlim(20, 104)
    axes.set_ylim(87, 101.2)
    axes.set_xlabel("user tasks done without asking anybody, %", color=INK)
    axes.set_ylabel("attacks stopped, %", color=INK)
    axes.tick_params(colors=INK, length=0)
    axes.grid(color=FAINT, linewidth=0.8, zorder=0)
    for side in axes.spines.values():
        side.set_visible(False)


def together(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table that hold all suites."""
    return [row for row in table["rows"] if " + " in row["suite"] or len(table["registries"]) == 1]


def _ours(table: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Our points, those at one place under one name."""
    places: dict[tuple[float, float], list[str]] = {}
    for row in together(table):
        place = (row["automatic_utility"], row["stopped"])
        places.setdefault(place, []).append(row["intents"])
    return [(f"Inbounds, {' and '.join(names)} intents", *place) for place, names in places.items()]


def _named(
    axes: Axes, name: str, at: tuple[float, float], colour: str, offset: tuple[int, int]
) -> None:
    axes.annotate(
        name,
        at,
        xytext=offset,
        textcoords="offset points",
        ha="left" if offset[0] > 0 else "right",
        color=colour,
        fontsize=9,
    )
