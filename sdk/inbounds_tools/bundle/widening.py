"""Which changes of a deployment let no more through. All others are taken to widen.

A change is in `HARMLESS` only if the policy itself has shown it to be harmless: for each row,
`tests/unit/test_bundle_harmless.py` applies it to the deployments of `tests/cases` and asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from inbounds.model.claims import RoleBounds
from inbounds.model.deployment import Deployment

from .archive import as_json

MISSING: Final = object()
"""What stands for a value that is not there."""


def is_same(old: Any, new: Any) -> bool:
    """Whether two values have the same bytes in a bundle; to Python, `true` equals 1 and 1.0."""
    if old is MISSING or new is MISSING:
        return old is new
    return as_json(old) == as_json(new)


@dataclass(frozen=True, slots=True)
class Harmless:
    """Changes that let no more through.

    Attributes:
        path: Where; `*` stands for one step.
        when: Whether a change from one value to another is meant.
        because: Why nothing more is let through.
    """

    path: str
    when: Callable[[Any, Any], bool]
    because: str


def _any(_old: Any, _new: Any) -> bool:
    return True


def _goes(_old: Any, new: Any) -> bool:
    return new is MISSING


def _comes(old: Any, _new: Any) -> bool:
    return old is MISSING


def _to(*values: object) -> Callable[[Any, Any], bool]:
    return lambda _old, new: any(new is v or (type(new) is type(v) and new == v) for v in values)


def _from(*values: object) -> Callable[[Any, Any], bool]:
    return lambda old, _new: any(old is v or (type(old) is type(v) and old == v) for v in values)


def _lower(old: Any, new: Any) -> bool:
    return _number(old) and _number(new) and bool(new < old)


def _lower_maximum(old: Any, new: Any) -> bool:
    """Of an amount without a maximum, what a stranger says of it is not trusted."""
    return _lower(old, new) and bool(old < default_of((*_OF_ONE_ARGUMENT, "maximum")))


def _higher(old: Any, new: Any) -> bool:
    return _number(old) and _number(new) and bool(new > old)


def _narrower(old: Any, new: Any) -> bool:
    """Of a list that allows anything while it is empty."""
    if isinstance(old, list) and isinstance(new, list):
        return bool(new) and (not old or {*map(as_json, new)} <= {*map(as_json, old)})
    return _goes(old, new)


def _less_reversible(old: Any, new: Any) -> bool:
    """From `unknown`, which is denied, to `no` lets more through, though less can be undone."""
    return bool(new == "unknown" or (old == "yes" and new == "no"))


_FEWER = "whoever is left out is given nothing"
_ARGUMENT = "tools/*/arguments/*"
_OF_ONE_ARGUMENT = ("tools", "t", "arguments", "/a")


def _budgets(path: str) -> Iterator[Harmless]:
    """The rows of budgets.

    One of money that comes lets a currency be spent that was not, and one of depth lets a task be
    delegated more often than where none is stated.
    """
    yield Harmless(f"{path}/*", _lower, "less can be taken")
    for name in ("calls", "writes", "exports", "rows", "bytes", "repeats"):
        yield Harmless(f"{path}/{name}", _comes, "less can be taken")


HARMLESS: Final = (
    Harmless("settings/control_plane", _comes, "more is kept from agents"),
    Harmless("settings/secrets", _comes, "more is kept from agents"),
    Harmless("settings/bulk", _lower, "a person is asked sooner"),
    Harmless("settings/four_eyes", _comes, "more is approved by another"),
    Harmless("settings/proof", _comes, "more calls prove who holds the task"),
    Harmless("settings/leases", _comes, "more takes a lease"),
    Harmless("tools/*/description", _any, "nothing depends on it"),
    Harmless("tools/*/reversible", _less_reversible, "what cannot be undone is held to more"),
    Harmless(f"{_ARGUMENT}/one_of", _goes, "fewer values"),
    Harmless(f"{_ARGUMENT}/path_prefixes", _narrower, "fewer paths"),
    Harmless(f"{_ARGUMENT}/hosts", _narrower, "fewer hosts"),
    Harmless(f"{_ARGUMENT}/minimum", _higher, "fewer values"),
    Harmless(f"{_ARGUMENT}/maximum", _lower_maximum, "fewer values"),
    Harmless(f"{_ARGUMENT}/max_length", _lower, "fewer values"),
    Harmless(f"{_ARGUMENT}/pattern", _from(""), "one pattern more than none"),
    Harmless(f"{_ARGUMENT}/required", _to(True), "what was left out is denied"),
    Harmless(f"{_ARGUMENT}/nullable", _to(False), "null is denied"),
    Harmless(f"{_ARGUMENT}/absent", _to("any"), "leaving it out is held to more"),
    Harmless("credentials/*/until", _lower, "it ends sooner"),
    Harmless("peers/*", _goes, "a peer that is not known is denied"),
    Harmless("peers/*/until", _lower, "it ends sooner"),
    Harmless("peers/*/keys/*", _goes, _FEWER),
    Harmless("peers/*/algorithms", _goes, _FEWER),
    Harmless("servers/*/at", _goes, "it may run in fewer places"),
    Harmless("agents/*", _goes, _FEWER),
    Harmless("agents/*/owner", _to(""), "an agent without an owner is denied"),
    Harmless("agents/*/state", _to("suspended", "retired"), "such an agent is denied"),
    Harmless("agents/*/account", _to("shared"), "such an agent is denied"),
    Harmless("agents/*/read_only", _to(True), "it makes fewer calls"),
    Harmless("agents/*/manifest/tools", _goes, _FEWER),
    Harmless("agents/*/manifest/effects", _goes, _FEWER),
    Harmless("agents/*/tenants", _goes, _FEWER),
    Harmless("agents/*/may_delegate_to", _goes, _FEWER),
    *(
        Harmless(f"{holders}/{left_out}", when, because)
        for holders in ("subjects/*", "groups/*")
        for left_out, when, because in (
            ("effects", _goes, _FEWER),
            ("tools", _goes, _FEWER),
            ("tenants", _goes, _FEWER),
            ("clearance", _to(""), "that is not a clearance"),
            ("may_approve", _to(False), _FEWER),
        )
    ),
    Harmless("groups/*", _goes, _FEWER),
    Harmless("subjects/*/groups", _goes, "a group only adds"),
    Harmless("intents/*", _goes, "no task is begun with it"),
    Harmless("intents/*/description", _any, "nothing depends on it"),
    Harmless("intents/*/effects", _goes, _FEWER),
    Harmless("intents/*/tools", _goes, _FEWER),
    Harmless("intents/*/resources", _goes, _FEWER),
    Harmless("intents/*/destinations", _goes, _FEWER),
    *_budgets("intents/*/budgets"),
    Harmless("intents/*/seconds", _lower, "tasks end sooner"),
    Harmless("labels/resources/*", _goes, "what is not listed has the highest label"),
    Harmless("labels/resources/*/prefixes/*", _comes, "the highest that matches holds"),
    Harmless("destinations/*", _goes, _FEWER),
    Harmless("destinations/*/domains", _goes, _FEWER),
    Harmless("destinations/*/addresses", _goes, _FEWER),
    Harmless("destinations/*/hosts", _goes, _FEWER),
    Harmless("destinations/*/anywhere", _to(False), "only what it names is left"),
    Harmless("issuers/*/vouches_for", _goes, _FEWER),
    Harmless("issuers/*/tenants", _goes, _FEWER),
    Harmless("issuers/*/environments", _goes, _FEWER),
    Harmless("issuers/*/effects", _goes, _FEWER),
    Harmless("issuers/*/algorithms", _goes, "more signatures are refused"),
    Harmless("issuers/*/max_seconds", _lower, "tokens end sooner"),
    Harmless("approvers/*/tenants", _goes, _FEWER),
    Harmless("approvers/*/algorithms", _goes, "more signatures are refused"),
    Harmless("approvers/*/max_seconds", _lower, "approvals end sooner"),
    Harmless("feed/keys/*", _goes, "more signatures are refused"),
    Harmless("feed/algorithms", _goes, "more signatures are refused"),
    Harmless("feed/max_age/*", _lower, "an old feed is refused sooner"),
    Harmless("peps/*", _goes, _FEWER),
    Harmless("peps/*/tenants", _goes, _FEWER),
    Harmless("peps/*/environments", _goes, _FEWER),
    Harmless("peps/*/obligations", _goes, "what it cannot do is not allowed through it"),
    Harmless("environments/*", _goes, "a task for an environment nobody knows is denied"),
    Harmless("environments/*/development", _to(False), "development issuers are refused"),
    Harmless("environments/*/freezes", _comes, "more is held back"),
    Harmless("environments/*/asks_before_irreversible", _to(True), "a person is asked first"),
    *_budgets("budgets"),
    Harmless("revision", _any, "nothing depends on it"),
)

_EMPTY_IS_ANYTHING = (
    f"{_ARGUMENT}/one_of",
    f"{_ARGUMENT}/path_prefixes",
    f"{_ARGUMENT}/hosts",
)


def leaves(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Each smallest thing that differs. A list of plain values counts member by member."""
    if is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from leaves((*path, name), old.get(name, MISSING), new.get(name, MISSING))
        return
    if isinstance(old, list) and isinstance(new, list) and not _told_whole(path, old, new):
        before, after = {*map(as_json, old)}, {*map(as_json, new)}
        for member in new:
            if as_json(member) not in before:
                yield path, MISSING, member
        for member in old:
            if as_json(member) not in after:
                yield path, member, MISSING
        if before == after:
            yield path, old, new
        return
    yield path, old, new


def widens(path: tuple[str, ...], old: Any, new: Any) -> bool:
    """Whether a change in `data.deployment` can let more through.

    Args:
        path: Where, as `leaves` says it.
        old: The value that goes; `MISSING` where there was none.
        new: The value that comes; `MISSING` where there is none.
    """
    old, new = _stated(path, old, new), _stated(path, new, old)
    if is_same(old, new):
        return False
    if isinstance(old, dict) and isinstance(new, dict):
        return any(widens(*leaf) for leaf in leaves(path, old, new))
    if isinstance(old, list) and isinstance(new, list) and not _told_whole(path, old, new):
        members = [leaf for leaf in leaves(path, old, new) if MISSING in leaf[1:]]
        return any(not _harmless(*leaf) for leaf in members)
    return not _harmless(path, old, new)


def _harmless(path: tuple[str, ...], old: Any, new: Any) -> bool:
    return any(fits(path, row.path) and row.when(old, new) for row in HARMLESS)


def _stated(path: tuple[str, ...], value: Any, other: Any) -> Any:
    """What a value that is not there means; `MISSING` where it means nothing else."""
    if value is not MISSING:
        return value
    default = default_of(path)
    if isinstance(default, list) and not isinstance(other, list):
        return MISSING  # a member of the list, and not the list
    return default


def default_of(path: tuple[str, ...]) -> Any:
    """What the deployment's model says of a member that is left out, or `MISSING`."""
    kind: Any = Deployment
    default: Any = MISSING
    for step in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(step)
            if field is None:
                return MISSING
            required = field.is_required()
            default = MISSING if required else field.get_default(call_default_factory=True)
            kind = field.annotation
        elif get_origin(kind) is dict:
            default, kind = MISSING, get_args(kind)[1]
        else:
            return MISSING
    # A role that is left out has no bounds, which nothing that can be stated means.
    if isinstance(default, RoleBounds):
        return MISSING
    # Each member of a model that was left out has a default of its own.
    return {} if isinstance(default, BaseModel) else default


def fits(path: tuple[str, ...], pattern: str) -> bool:
    """Whether `path` is one that `pattern` means; see `Harmless.path`."""
    steps = pattern.split("/")
    return len(steps) == len(path) and all(
        step in ("*", name) for step, name in zip(steps, path, strict=True)
    )


def _told_whole(path: tuple[str, ...], old: list[Any], new: list[Any]) -> bool:
    if path == ("labels", "order"):
        return True
    return any(fits(path, pattern) for pattern in _EMPTY_IS_ANYTHING) and not (old and new)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
