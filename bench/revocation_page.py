"""Shows what `bench.revocation` has found, to people and in `docs/revocation.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .screen import blank_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

_BEGIN = "<!-- measured: `make revocation` writes it -->\n"
_END = "<!-- /measured -->\n"
_LIMITS = """
The owner looks at its file ten times a second: with one OPA that is 50 ms to wait on average, and
nearly 100 for the last of many. The rest is the machine: {cpus} processors for {most} OPAs, the
owner and the agent. Each OPA is asked only every {pauses} ms ({sizes}), since more questions would
have taken the processors from the pushes: *last allowed* may be early by as much, and *all refuse*
is the bound above. On machines of their own, OPAs do not wait for each other: the owner has a
thread for each.

With a long list, a change has the owner sign over the whole of it, and read back afterwards all
that OPA holds, for which a change that follows at once has to wait. What is pushed is an entry and
a head.

"""
_MACHINE = """
*Push again* is the median of nine pushes of one feed to the same PDP. The embedded engine replaces
the whole each time. An OPA is read, and sent the differences from the second push on: its first
push, with all entries, takes far longer and is not in the table. Memory is that of a process which
has answered {decisions} questions.

{machine}
{busy}"""
_BUSY = """
More was wanted of the processors than they could do, by other programs too: each time is an upper
bound, and the high percentiles above all tell of that.
"""

_ENDS = (
    ("", ""),
    ("ends", "ends"),
    ("last allowed p50", "allowed_p50"),
    ("p99", "allowed_p99"),
    ("most", "allowed_most"),
    ("all refuse p50", "refused_p50"),
    ("p99", "refused_p99"),
    ("`task.end` itself", "ending_p50"),
)
_OF_LISTS = (
    ("", ""),
    ("MiB resident", "mebibytes"),
    ("a decision, µs", "decision_us"),
    ("push again, ms", "push_ms"),
)
_DECISIONS = {"OPA": 540, "embedded": 200}
"""How many an engine has answered before its memory is looked at."""


def placed(text: str, whole: dict[str, Any]) -> str:
    """Return `docs/revocation.md` with what a run has found.

    Args:
        text: The page.
        whole: What `python -m bench.revocation` keeps.
    """
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{_found(whole)}{_END}{after}"


def _found(whole: dict[str, Any]) -> str:
    ends = whole["ends"]
    alike = [found for found in ends.values() if not found["revoked"]]
    about, load = whole["machine"], whole["load"]
    return "".join(
        (
            _markdown(("milliseconds", *(name for name, _ in _ENDS[1:])), _rows(ends, _ENDS)),
            _LIMITS.format(
                cpus=about["cpus"],
                most=max(found["opas"] for found in alike),
                pauses=_listed(f"{found['asked_every_ms']:.0f}" for found in alike),
                sizes=_listed(found["opas"] for found in alike),
            ),
            _markdown([name for name, _ in _OF_LISTS], _rows(whole["lists"], _OF_LISTS)),
            _MACHINE.format(
                decisions=_listed(f"{number} ({name})" for name, number in _DECISIONS.items()),
                machine=f"{about['cpus']} of {about['cpu']}, "
                f"{about['system'].partition('-')[0]}, Python {about['python']}; load "
                f"{load['before']} before and {load['after']} after.",
                busy=_BUSY * (load["before"] > about["cpus"]),
            ),
        )
    )


def _listed(parts: Iterable[object]) -> str:
    *first, last = map(str, parts)
    return f"{', '.join(first)} and {last}" if first else last


def show(whole: dict[str, Any], on: Console) -> None:
    """Print what was found."""
    for title, kind, columns in (
        ("Ended, milliseconds", "ends", _ENDS),
        ("Long lists", "lists", _OF_LISTS),
    ):
        shown = blank_table(title)
        shown.add_column("", ratio=1)
        for name, _ in columns[1:]:
            shown.add_column(name.replace("`", ""), justify="right")
        for row in _rows(whole[kind], columns):
            shown.add_row(*row)
        on.print(shown)
    on.print(f"[dim]{whole['seconds']} s; load {whole['load']}[/]")


def _rows(
    found: dict[str, dict[str, Any]], columns: Sequence[tuple[str, str]]
) -> list[tuple[str, ...]]:
    return [(name, *(f"{each[key]:,}" for _, key in columns[1:])) for name, each in found.items()]


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines: list[Sequence[str]] = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
