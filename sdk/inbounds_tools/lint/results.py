"""What tools return: its label, whose word it is, how much of it there is."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment
from inbounds.model.question import Tool

from .check import Check, Place, check
from .words import FILES, LISTS, OUTSIDE, about, words


def _all_own(tool: Tool) -> bool:
    """Whether a tool reads, and all that it returns counts as our own word."""
    fields = tool.returns.fields.values()
    return (
        "read" in tool.effects
        and tool.returns.party == "first"
        and all(field.party == "first" for field in fields)
    )


@check(
    "results.label_unset",
    "warning",
    title="The result of a tool has no label",
    why="It has the highest label: after one call the session may not send anything.",
    now="Set `returns.label` to the most sensitive data that it can return, or to the lowest label"
    " if it returns nothing.",
)
def label_unset(deployment: Deployment) -> Iterator[Place]:
    """Tools whose effects are set and whose result has no label."""
    for name, tool in deployment.tools.items():
        if tool.effects and not tool.returns.label:
            yield Place("tools", (name, "returns"), f"`{name}` has no `returns.label`")


@check(
    "results.outside_as_own",
    "error",
    title="A result that strangers can write counts as first-party data",
    why="First-party data is trusted: a message from a stranger may choose the recipient of the"
    " next one, and nobody is asked.",
    now="Set `returns.party: third`, or mark the fields that others write as `party: third`.",
)
def outside_as_own(deployment: Deployment) -> Iterator[Place]:
    """Reading tools whose name speaks of mail, pages, comments and the like, all first party."""
    for name, tool in deployment.tools.items():
        found = sorted(OUTSIDE & about(name, tool))
        if found and _all_own(tool):
            yield Place(
                "tools",
                (name, "returns", "party"),
                f"`{name}` returns only first-party data, and its name mentions `{found[0]}`",
            )


@check(
    "results.file_as_own",
    "warning",
    title="The content of a file counts as first-party data",
    why="A file may have come by mail or from the web, and its author is then trusted.",
    now="Set `returns.party: third`, or set it for the texts in `returns.fields`. If nobody else"
    " can write there, say so in a comment: `# lint: allow results.file_as_own …`.",
)
def file_as_own(deployment: Deployment) -> Iterator[Place]:
    """Reading tools whose name speaks of files and documents, all first party."""
    for name, tool in deployment.tools.items():
        said = about(name, tool)
        found = sorted(FILES & said)
        if found and not OUTSIDE & said and _all_own(tool):
            yield Place(
                "tools",
                (name, "returns", "party"),
                f"`{name}` returns only first-party data, and its name mentions `{found[0]}`",
            )


@check(
    "results.rows_unset",
    "warning",
    title="A tool returns a list, and `returns.rows` is not set",
    why="The result counts as one record, whatever its length: a budget of `rows` does not limit"
    " it.",
    now="Set `returns.rows` to the most records that it returns; the rest is cut off.",
)
def rows_unset(deployment: Deployment) -> Iterator[Place]:
    """Tools that list or search, or return a list, without the number of rows."""
    for name, tool in deployment.tools.items():
        if "read" not in tool.effects or tool.returns.rows:
            continue
        # A list of records, or at the top; that of one record, such as who got it, is not.
        many = next((p for p in tool.returns.fields if p.startswith("/*") or "/*/" in p), "")
        verb = next(iter(LISTS.intersection(words(name.rpartition(".")[2])[:1])), "")
        if many or verb:
            said = f"returns `{many}`" if many else f"is a `{verb}`"
            yield Place("tools", (name, "returns"), f"`{name}` {said}, and has no `returns.rows`")


@check(
    "results.only_labelled",
    "warning",
    title="Every registered field of a result has a label of its own",
    why="A task below that label gets only the registered fields without a label, and here all"
    " have one.",
    now="Add the other fields of the result to `returns.fields`.",
)
def only_labelled(deployment: Deployment) -> Iterator[Place]:
    """Tools of which a task below a field's label gets nothing."""
    for name, tool in deployment.tools.items():
        fields = tool.returns.fields.values()
        if fields and all(field.label for field in fields):
            yield Place(
                "tools",
                (name, "returns", "fields"),
                f"every field that `{name}` registers has a `label`",
            )


CHECKS: tuple[Check, ...] = (
    label_unset,
    outside_as_own,
    file_as_own,
    rows_unset,
    only_labelled,
)
