"""What tools return: its label, whose word it is, how much of it there is."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment
from inbounds.model.question import Returns, Tool
from inbounds.provenance.destinations import names_destination

from .check import Check, Place, check
from .words import FILES, LISTS, NEUTRAL, OUTSIDE, RECEIVERS, about, words


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


def _type_words(text: str) -> frozenset[str]:
    """Return the words of a name, each without the ending of a plural, or the name itself.

    A name in another script has no words of Latin letters.
    """
    found = frozenset(word.removesuffix("s") for word in words(text))
    return found or frozenset([text] if text else [])


def _named_type(pattern: str, own: str) -> frozenset[str]:
    """Return the words for the type of record that an id names.

    Args:
        pattern: The pattern of a field or an argument. `/*/seller_id` names a seller, and
            `/*/notes/*/id` a note.
        own: The type of an id whose pattern does not say one, such as `/*/id` or `/items/*/id`.
    """
    for part in reversed(pattern.split("/")):
        if said := _type_words(part.strip("*")) - NEUTRAL:
            return said
    return _type_words(own)


def _receiver_ids(tool: Tool) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield the arguments of a tool that choose by an id who receives what it sends.

    A recipient does, and so does a target where no required argument names a destination: the
    tool then sends to whoever stands behind the record.

    Returns:
        The pattern of each, and the words for the type of record; None where it can be any.
    """
    if "export" not in tool.effects:
        return
    required = (argument for argument in tool.arguments.values() if argument.required)
    addressed = any(names_destination(argument) for argument in required)
    for pattern, argument in tool.arguments.items():
        if argument.kind not in ("id", "none", "text") or argument.one_of:
            continue
        if argument.role == "target" and not addressed:
            yield pattern, _type_words(argument.resource or tool.resource)
        elif argument.role == "recipient":
            named = _type_words(argument.resource) or _named_type(pattern, tool.resource)
            if said := named - RECEIVERS:
                yield pattern, said
            elif argument.kind == "id":
                yield pattern, None


def _trusted_ids(returns: Returns) -> Iterator[str]:
    """Yield the ids in lists that count as first-party data, of records that others write.

    Where every field is a first party's, the records are an organization's own.
    """
    parties = {field.party for field in returns.fields.values() if field.holds != "id"}
    if "third" in (parties or {returns.party}):
        for pattern, field in returns.fields.items():
            if field.holds == "id" and field.party == "first" and "*" in pattern.split("/"):
                yield pattern


@check(
    "results.id_as_own",
    "warning",
    title="An id in a list that strangers can add to chooses who receives something",
    why="The id counts as first-party data: a stranger whose ticket, invitation or message is"
    " listed is written to, and nobody is asked.",
    now="Remove `party: first` from the field. A person is then asked, unless the prompt names the"
    " record. If only your own organization creates these records, say so in a comment: `# lint:"
    " allow results.id_as_own …`.",
)
def id_as_own(deployment: Deployment) -> Iterator[Place]:
    """Ids of listed records of others, first party, that an argument of a sending tool takes.

    It is a warning, as that of files: the registry does not say who can create a record.
    """
    receivers = [
        (sender, argument, named)
        for sender, tool in deployment.tools.items()
        for argument, named in _receiver_ids(tool)
    ]
    for name, tool in deployment.tools.items():
        for pattern in _trusted_ids(tool.returns):
            listed = _named_type(pattern, tool.resource)
            for sender, argument, named in receivers:
                if named is None or named <= listed or listed <= named:
                    yield Place(
                        "tools",
                        (name, "returns", "fields", pattern),
                        f"`{pattern}` of `{name}` is first-party data, and as `{argument}` it"
                        f" chooses who receives what `{sender}` sends",
                    )
                    break


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
    id_as_own,
    rows_unset,
    only_labelled,
)
