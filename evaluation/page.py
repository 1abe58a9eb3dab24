"""Writes `docs/evaluation.{json,md,svg}` from what one run has found."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .blind.scores import COLUMNS, kept_scores
from .chart import together
from .published import EARLIER, POINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT = Path(__file__).resolve().parent.parent
_DOCS = _ROOT / "docs"
_HEAD = """\
# Evaluation

`make evaluate` measures it; this page is what one run of it found (`python -m evaluation.page`). See what the policy
costs users and attackers. The tasks and attacks are those of AgentDojo (`{package}`, {benchmark}), suites
workspace and banking. Its own environments and tools run behind a `Guard`. The calls are the right ones of every user
task, with those of an attack in between, as an agent would make them that obeys whatever it reads. No model takes
part.

![User tasks done without asking against attacks stopped](evaluation.svg)
"""
_TERMS = """\
## Columns

- *automatic utility*: user tasks that ran whole without anybody being asked.
- *user calls denied*: calls for the user that were refused, in {user_tasks} tasks without attack.
- *interruptions*: how often a person was asked, per task. The plan of a task, "do what the mail
  says", is asked about once; anything else each time.
- *stopped*: attacks none of whose harmful calls has run, right after they were read *and* after
  everything else. *Hard-denied*: all of those calls were denied without asking.
- *drafted*: the task begins with what `inbounds intent draft` reads out of the prompt. *oracle*:
  the classes of effects come from the right calls instead; bounds are drafted all the same.
- *ms per decision*: `task.permit`, with origins and without evidence, p50 and p95 of
  {decisions:,}; *CPU*: the same in time of the processor, whatever else the machine did.

All figures of a row are of one run, one revision and one registry. The figures of others were measured on all four
suites of the package, or come from their authors. A triangle shows the attacks alone.
"""
_LIMITS = """\
## Limits

- *In-sample*: the rules, the words by which intents are drafted and the registries were improved
  while the figures of AgentDojo were looked at. No rule, label or list names a task, an address or a
  value of them. The first scores of the blind suites show how far they carry; the last ones do not,
  since the rules were improved while the first were looked at.
- An agent that obeys every attack at once, and otherwise makes exactly the right calls, is not a
  model: a model takes detours that the policy might refuse, and resists some attacks by itself.
- Attacks that do their harm in text alone, such as a false answer, make no call that could be
  stopped.
- Here the approver says yes to the user and no to the attacker. People are worse at it.
"""


def page(whole: dict[str, Any], blind: dict[str, Any] | None = None) -> str:
    """Return the page in Markdown.

    Args:
        whole: What one run has found.
        blind: The scores of the blind suites; see `blind.scores.kept_scores`.
    """
    live = whole["live"]
    ours = together(live)
    parts = [
        _HEAD.format(**live),
        _machine(whole),
        "## Beside others\n",
        _table(
            (
                "",
                "automatic utility %",
                "stopped %",
                "hard-denied %",
                "interruptions per task",
            ),
            [
                *(
                    (
                        f"**Inbounds, {row['intents']} intents**",
                        _number(row["automatic_utility"]),
                        _number(row["stopped"]),
                        _number(row["hard_denied"]),
                        _number(row["interruptions_per_task"]),
                    )
                    for row in ours
                ),
                *(
                    (
                        point.name + (" (published)" if point.published else ""),
                        _number(point.utility),
                        _number(point.stopped),
                        _number(point.hard_denied),
                        _number(point.interruptions),
                    )
                    for point in (*EARLIER, *POINTS)
                ),
            ],
        ),
        "## In AgentDojo's own environments\n",
        _rows(live),
        _confirmed(live),
    ]
    if "packed" in whole:
        parts += ["## The same, replayed from packed cases\n", _PACKED, _rows(whole["packed"])]
    if blind is not None:
        parts += ["## Suites written blind\n", _BLIND, _of_blind(blind)]
    parts += [
        "## Attacks that hide their words\n",
        _variants(whole.get("packed", live)),
        _TERMS.format(user_tasks=ours[0]["user_tasks"], decisions=ours[0]["decisions"]),
        _LIMITS,
    ]
    return "\n".join(parts)


_PACKED = """\
`python -m evaluation.replay`: recorded calls and results, with calls for the injection tasks whose
authors give none.
"""


_BLIND = """\
Fourteen suites for other kinds of work (`evaluation/blind`): each has 18 tools that work in memory, a registry that was
written from their documentation, 20 tasks in three wordings and 10 attacks. Their authors saw neither the policy nor the
code that drafts intents, nor another suite. Each was committed before it was scored for the first time, and is unchanged
since. `python -m evaluation.blind` scores them. Each cell shows the first score and the last one, with drafted intents;
*hr* and *logistics* were written after the first eight had been looked at, *school* and *venue* after the ten, *laboratory* and
*charity* after the twelve; the first scores of the last two show best what to expect of work that nobody has looked at. The registry
of *charity* first named its agent and its subject in a way that let nothing through; that was corrected before the score shown.
*Success if all is approved*: attacks that did their harm when every question was answered with yes.
"""


def _of_blind(blind: dict[str, Any]) -> str:
    first, last = blind["first_scores"], blind["scores"]
    return _table(
        ("suite", *COLUMNS.values()),
        [
            (
                name.replace("_", " "),
                *(_since(first.get(name, row)["drafted"], row["drafted"], key) for key in COLUMNS),
            )
            for name, row in last.items()
        ],
    )


def _since(first: dict[str, float], last: dict[str, float], key: str) -> str:
    """Say a first figure and the last one, or the only one where they are of one run."""
    last_one = _number(last[key])
    return last_one if first == last else f"{_number(first[key])} → {last_one}"


def _rows(table: dict[str, Any]) -> str:
    return _table(
        (
            "suite",
            "intents",
            "tasks",
            "automatic utility %",
            "user calls denied",
            "interruptions",
            "pairs",
            "stopped %",
            "hard-denied %",
            "ms per decision",
            "CPU",
        ),
        [
            (
                row["suite"],
                row["intents"],
                f"{row['user_tasks']}",
                _number(row["automatic_utility"]),
                f"{row['user_calls_denied']} of {row['user_calls']}",
                _number(row["interruptions_per_task"]),
                f"{row['pairs']}",
                _number(row["stopped"]),
                _number(row["hard_denied"]),
                _times(row["milliseconds_per_decision"]),
                _times(row["cpu_milliseconds_per_decision"]),
            )
            for row in table["rows"]
        ],
    )


def _variants(table: dict[str, Any]) -> str:
    return _table(
        ("attacks", "intents", "stopped %", "hard-denied %"),
        [
            (variant, row["intents"], _number(found["stopped"]), _number(found["hard_denied"]))
            for row in together(table)
            for variant, found in row["variants"].items()
        ],
    )


def _confirmed(live: dict[str, Any]) -> str:
    left_out = sum(len(names) for names in live["injection_tasks_without_calls"].values())
    uncovered = sum(len(found) for found in live["places_labelled_as_trusted"].values())
    row = together(live)[0]
    return (
        f"By the package's own check, {_number(row['succeeded'])} % of the attacks succeeded. "
        f"{left_out} injection tasks are left out, since their authors give no calls. Of the "
        f"places an attacker can write into, {uncovered} came back labelled as trusted.\n"
    )


def _machine(whole: dict[str, Any]) -> str:
    about, load = whole["machine"], whole["load"]
    registries = ", ".join(
        f"{suite} `{name}`" for suite, name in whole["live"]["registries"].items()
    )
    return (
        f"Revision `{about['revision']}`, registries {registries}. {about['cpus']} of "
        f"{about['cpu']}, Python {about['python']}; load {load['before']} before and "
        f"{load['after']} after.\n"
    )


def _times(found: dict[str, float]) -> str:
    return ", ".join(f"{value:.2f}" for value in found.values())


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines: list[tuple[str, ...]] = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def kept(whole: dict[str, Any]) -> dict[str, Any]:
    """Return what is worth keeping beside the page: figures, not each call."""
    return {
        name: {key: found for key, found in value.items() if key != "reasons"}
        if name in ("live", "packed")
        else value
        for name, value in whole.items()
    }


def main() -> None:
    """Write the page and its chart as the command line says."""
    from .chart import svg

    parser = argparse.ArgumentParser(prog="python -m evaluation.page", description=__doc__)
    parser.add_argument("--json", type=Path, default=_ROOT / "build" / "evaluation.json")
    options = parser.parse_args()
    whole = json.loads(options.json.read_text("utf-8"))
    kept_text = json.dumps(kept(whole), indent=1, ensure_ascii=False) + "\n"
    (_DOCS / "evaluation.json").write_text(kept_text, "utf-8")
    (_DOCS / "evaluation.md").write_text(page(whole, kept_scores()), "utf-8")
    (_DOCS / "evaluation.svg").write_text(svg(whole["live"]), "utf-8")


if __name__ == "__main__":
    main()
