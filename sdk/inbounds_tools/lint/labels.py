"""How sensitive things are: whether that is said of what tools touch."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment

from .check import Check, Place, check


@check(
    "labels.resource_unlabelled",
    "warning",
    title="The resource of a tool has no label",
    why="It has the highest label: most tasks may not touch it, and a task that does may not send"
    " afterwards.",
    now="Add the type to the `resources` of labels.yaml.",
)
def resource_unlabelled(deployment: Deployment) -> Iterator[Place]:
    """Types of resources that a tool has and no label, each once."""
    told = {*deployment.labels.resources}
    touched: dict[tuple[str, ...], str]
    for name, tool in deployment.tools.items():
        touched = {("resource",): tool.resource}
        for pattern, about in tool.arguments.items():
            touched["arguments", pattern, "resource"] = about.resource
        for at, kind in touched.items():
            if kind and kind not in told:
                told.add(kind)
                yield Place("tools", (name, *at), f"`{kind}`, which `{name}` touches, has no label")


@check(
    "labels.prefix_lower",
    "warning",
    title="A prefix has a lower label than its type",
    why="The highest label that fits an id applies, so this prefix has no effect.",
    now="Give the type the lowest label of its ids, and higher ones by prefix.",
)
def prefix_lower(deployment: Deployment) -> Iterator[Place]:
    """Labels of prefixes that are below that of their type."""
    rank = {label: place for place, label in enumerate(deployment.labels.order)}
    for kind, entry in deployment.labels.resources.items():
        for prefix, label in entry.prefixes.items():
            if rank[label] < rank[entry.label]:
                yield Place(
                    "labels",
                    ("resources", kind, "prefixes", prefix),
                    f"`{prefix}` of `{kind}` is `{label}`, and `{kind}` is `{entry.label}`",
                )


CHECKS: tuple[Check, ...] = (resource_unlabelled, prefix_lower)
