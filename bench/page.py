"""Writes `docs/performance.md`, its chart and the README's sentence from what one run has found."""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .calls import DURABLE, WARM
from .chart import ENGINES

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT = Path(__file__).resolve().parent.parent
_DOCS = _ROOT / "docs"
_HEAD = """\
# What a decision costs

`make bench` measures it; this page is what one run of it found (`python -m bench.page`). Times
are those of one small machine and tell little about another: the ratios are what counts. They
are of one run, in which everything took turns, and medians of its rounds. *Undisturbed* is the
same of the fastest calls.

![What a call costs on both engines](performance.svg)

- *(a)* is `task.call` of a tool that does nothing, from the arguments to the permit and its end:
  canonical form, question, policy, session, telemetry without an exporter. *(b)* comes with other
  tokens at every call, so that each signature is verified. *(c)* is (a) with two durable records.
- `opa_eval` is the WASM module alone, its calls for time and signatures included. The raw socket
  is one connection to the same OPA that is kept, with nothing of a client in between.
- The two bare commits are rows of the size of the records, each on the disk before the next step:
  the same journal and the same setting, one table, one column, nothing else. What evidence adds is
  compared with what they add *in the same place* of the same call. One after the other, by
  themselves, they cost less: a disk and a processor that have rested meanwhile are slower.
- The logs have been written to for a while: the first records of a file cost more.
- *Delegated*: (a) by an agent that has the task after one, two or three hops, each with less
  authority. The policy verifies every token and that each lies within the one above. *With a
  proof*, each call is signed with the key of the task's holder. The aims for these are the times
  of a prototype that verified chain and proof and did little else, over one that verified one
  token. In absolute time a hop takes more than it did there: the signature is the smallest part,
  beside comparing each claim and each of fifteen axes against the token above, and embedded, four
  calls from the module for the hashes of a link.
- The revocation feed is put by hand: keeping it fresh is in no figure. How soon a
  revocation is in force is in [its own page](revocation.md#measured).
"""
_BEGIN, _END = "<!-- performance: `python -m bench.page` writes it -->\n", "<!-- /performance -->\n"


def page(whole: dict[str, Any]) -> str:
    """Return the page in Markdown."""
    parts = [
        _HEAD,
        _machine(whole),
        "## What is aimed at\n",
        _table(
            ("", "what", "found", "undisturbed", "aim", "p50"),
            [
                (
                    "✓" if goal["reached"] else "✗",
                    goal["what"],
                    f"{goal['found']:.2f}",
                    f"{goal['undisturbed']:.2f}" if "undisturbed" in goal else "",
                    f"≥ {goal['at_least']:g}" if "at_least" in goal else f"≤ {goal['at_most']:g}",
                    goal["told"],
                )
                for goal in whole["goals"]
            ],
        ),
    ]
    for group, entries in whole["microseconds"].items():
        parts += [
            f"## {group[0].upper()}{group[1:]}\n",
            _table(
                ("microseconds", "p50", "p95", "p99"),
                [
                    (name, *(f"{found[key]:,.0f}" for key in ("p50", "p95", "p99")))
                    for name, found in entries.items()
                ],
            ),
        ]
    rates = [
        (f"{engine}, {name}", f"{rate:,.0f}")
        for engine, found in whole["calls_per_second"].items()
        for name, rate in found.items()
    ]
    parts += ["## Calls a second\n", _table(("(a)", "a second"), rates)]
    for group, entries in whole["seconds_to_start"].items():
        starts = [(name, f"{seconds * 1000:,.0f}") for name, seconds in entries.items()]
        parts += [f"## {group[0].upper()}{group[1:]}\n", _table(("", "milliseconds"), starts)]
    sizes = [(name, f"{size:,.1f}") for name, size in whole["mebibytes"].items()]
    parts += ["## Resident memory\n", _table(("", "MiB"), sizes)]
    return "\n".join(parts)


def _machine(whole: dict[str, Any]) -> str:
    about, load = whole["machine"], whole["load"]
    return (
        f"{about['cpus']} of {about['cpu']}, {about['system'].partition('-')[0]}, Python "
        f"{about['python']}, wasmtime {about['packages']['wasmtime']}; load {load['before']} "
        f"before and {load['after']} after.\n"
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines: list[tuple[str, ...]] = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def quote(whole: dict[str, Any]) -> str:
    """Return what the README says of it."""
    groups = whole["microseconds"]
    calls = [groups[f"one call, {alone}"] for alone in ENGINES.values()]

    def milliseconds(entry: str, key: str) -> str:
        return " and ".join(f"{found[entry][key] / 1000:.1f}" for found in calls)

    about = whole["machine"]
    return textwrap.fill(
        f"In one run, on {about['cpus']} CPUs of {about['cpu']}, a call with durable evidence took "
        f"{milliseconds(DURABLE, 'p50')} ms, embedded and with OPA behind a Unix socket (p95: "
        f"{milliseconds(DURABLE, 'p95')} ms). Without evidence it took "
        f"{milliseconds(WARM, 'p50')} ms.",
        width=108,
    )


def quoted(readme: str, whole: dict[str, Any]) -> str:
    """Return the README with what it says of this run."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{quote(whole)}\n{_END}{after}"


def main() -> None:
    """Write the page, its chart and the README's sentence as the command line says."""
    from .chart import svg

    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--json", type=Path, default=_ROOT / "build" / "bench.json")
    options = parser.parse_args()
    whole = json.loads(options.json.read_text("utf-8"))
    readme = _ROOT / "README.md"
    (_DOCS / "performance.json").write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    (_DOCS / "performance.md").write_text(page(whole), "utf-8")
    (_DOCS / "performance.svg").write_text(svg(whole), "utf-8")
    readme.write_text(quoted(readme.read_text("utf-8"), whole), "utf-8")


if __name__ == "__main__":
    main()
