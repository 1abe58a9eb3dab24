"""`inbounds live kill`, `release`, `end` and `revoke`: each writes one entry, and waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inbounds_tools.cli import output

from .where import Store, feed_path, moment

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds.errors import ConfigurationError
    from inbounds.live import LiveFeed
    from inbounds.live.feed import Position
    from inbounds_tools.doctor.agents import Sought

_ANY_ID = "the feed cannot tell whether this id exists"
_NOBODY = (
    "this feed is not served: run `inbounds live serve`, which brings it to every PDP; without "
    "it, each denies once it is stale"
)

Wait = Annotated[
    float,
    typer.Option(min=0, help="Seconds to wait until every served PDP has it; 0 only writes."),
]
Deployment = Annotated[
    Path | None,
    typer.Option(help="Where to look for the agent. (default: INBOUNDS_DEPLOYMENT or deployment/)"),
]
Switch = Annotated[str, typer.Argument(help="fleet, agent:<SPIFFE ID> or task:<task id>.")]


def kill(
    switch: Switch,
    *,
    deployment: Deployment = None,
    store: Store = None,
    wait: Wait = 5.0,
    as_json: output.Json = False,
) -> None:
    """Throw a kill switch: every call of what it names is denied.

    Exits with 2 where the deployment knows no such agent; the switch is thrown all the same.
    """
    kind, _, name = switch.partition(":")
    told: dict[str, Any] = {}
    remark, doubt = (_ANY_ID if kind == "task" else ""), False
    if kind == "agent" and name:
        from inbounds_tools.doctor.agents import sought

        remark, doubt, told = _looked_up(sought(name, deployment))
    change = _Change("switches", switch, f"thrown: {switch}", remark, doubt=doubt, told=told)
    _make(change, lambda feed: feed.kill(switch), store, wait, as_json=as_json)


def release(
    switch: Switch, *, store: Store = None, wait: Wait = 5.0, as_json: output.Json = False
) -> None:
    """Take a kill switch back. What has been ended or revoked stays so."""
    change = _Change("switches", switch, f"taken back: {switch}", leaves=True)
    _make(change, lambda feed: feed.release(switch), store, wait, as_json=as_json)


def end(
    task: Annotated[
        str,
        typer.Argument(
            help="The id of a task or a session; or of a hop, task-…/delegation-…, as "
            "docs/revocation.md says."
        ),
    ],
    *,
    store: Store = None,
    wait: Wait = 5.0,
    as_json: output.Json = False,
) -> None:
    """End a task, a session or a hop for good: every token of it is invalid."""
    _require_id(task, "`inbounds live kill agent:<SPIFFE ID>`")
    change = _Change("ended", task, f"listed as ended: {task}", _ANY_ID)
    _make(change, lambda feed: feed.end(task), store, wait, as_json=as_json)


def revoke(
    what: Annotated[
        str,
        typer.Argument(
            help="A token's id (`jti`); or agent:<SPIFFE ID> or issuer:<name in issuers.yaml>, for "
            "all that was issued to it or by it so far."
        ),
    ],
    *,
    deployment: Deployment = None,
    store: Store = None,
    wait: Wait = 5.0,
    as_json: output.Json = False,
) -> None:
    """Revoke one token for good, or all that an agent was given or an issuer has signed so far.

    Exits with 2 where the deployment knows no such agent or issuer; it is revoked all the same.
    """
    from inbounds_tools.doctor.agents import sought, sought_issuer

    kind, _, name = what.partition(":")
    whole = kind in ("agent", "issuer")
    if not whole:
        _require_id(what, "agent:<SPIFFE ID>, issuer:<name in issuers.yaml>")
    remark, doubt, told = _ANY_ID, False, dict[str, Any]()
    if kind == "agent":
        remark, doubt, told = _looked_up(sought(name, deployment))
    elif whole:
        remark, doubt, told = _looked_up(sought_issuer(name, deployment))
    if whole:
        done = f"listed as revoked: all that was issued so far, {what}"
    else:
        done = f"listed as revoked: {what}"
    change = _Change("revoked", what, done, remark, doubt=doubt, told=told, again=whole)
    _make(
        change,
        lambda feed: (feed.revoke_issued if whole else feed.revoke)(what),
        store,
        wait,
        as_json=as_json,
    )


def _require_id(name: str, others: str) -> None:
    """Refuse what is meant as something else, since it would be listed and stop nothing."""
    from inbounds.errors import ConfigurationError

    kind, colon, rest = name.partition(":")
    mistaken = kind.lower() in ("agent", "issuer", "task", "fleet", "spiffe")
    if (colon and (mistaken or rest.startswith("spiffe://"))) or name.endswith(":"):
        raise ConfigurationError(
            f"the id of a task or a token must stand alone; found {name}; nothing was written",
            code="live.not_an_id",
            hint=f"write the id as in a record; or {others}, spelt exactly like this",
        )


def _looked_up(found: Sought) -> tuple[str, bool, dict[str, Any]]:
    """What is to be said of a name, whether that is doubtful, and what a program is told."""
    return found.said, found.asked_for and not found.known, {"known": found.known}


@dataclass(frozen=True, slots=True)
class _Change:
    """One change of the feed, and what there is to say of it.

    Attributes:
        kind: The list that it changes.
        name: The entry.
        done: What has been done, once it is.
        remark: What else is to be known of the entry, or "".
        leaves: Whether the entry is taken back.
        again: Whether making it again changes something.
        doubt: Whether it may well stop nothing.
        told: What a program is told besides.
    """

    kind: str
    name: str
    done: str
    remark: str = ""
    leaves: bool = False
    again: bool = False
    doubt: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)


def _make(
    change: _Change,
    make: Callable[[LiveFeed], Position],
    store: Path | None,
    wait: float,
    *,
    as_json: bool,
) -> None:
    from inbounds.live import LiveFeed
    from inbounds.live.store import is_development
    from inbounds.live.wait import behind

    path = feed_path(store)
    elsewhere = "" if store else _served_elsewhere()
    feed = LiveFeed(path)
    try:
        since = feed.since(change.kind, change.name)
        position = make(feed)
        if change.leaves and since is None:
            raise _not_thrown(change.name, feed)
        # Guards read a development feed from its file: there is nobody to wait for.
        read = is_development(path) and not feed.acknowledgements()
        late = behind(feed, position, wait) if wait and not read else {}
        served = [note.target for note in feed.acknowledgements()]
    finally:
        feed.close()

    value: dict[str, Any] = {"generation": position.generation, "seq": position.seq, **change.told}
    if wait:
        value |= {"in_force": None if read else late == {}, "behind": late or {}}

    def show(console: Console) -> None:
        already = since is not None and not (change.leaves or change.again)
        so = f", as it was since {moment(since or 0)}" if already else ""
        console.print(f"{change.done}{so}")
        if change.remark:
            console.print(f"  {change.remark}", style="bold red" if change.doubt else "")
        if elsewhere:
            console.print(f"  {elsewhere}", style="bold red")
        elif wait:
            for line in _reached(late, served, read=read):
                console.print(f"  {line}")

    output.emit(value, as_json=as_json, show=show)
    if change.doubt or elsewhere or (wait and late != {}):
        raise typer.Exit(output.UNTOLD)


def _served_elsewhere() -> str:
    """What is to be said where the feed that counts is an issuer's service's, or ""."""
    from inbounds.pep.config import Configuration

    if not Configuration.read({}).issuer_url:
        return ""
    return (
        "INBOUNDS_ISSUER_URL names a service, and this is not its feed: nothing that it issued is "
        "stopped. Pass --store with `live.sqlite` in the service's folder, where that runs"
    )


def _reached(late: Mapping[str, str] | None, served: list[str], *, read: bool) -> list[str]:
    """Whom the change has come to."""
    if read:
        from inbounds.dev.services import EVERY

        return [f"the guards of this folder see it within {EVERY:g} s"]
    if late is None:
        return [_NOBODY]
    if late:
        return [f"may not have it: {target}: {fault}" for target, fault in late.items()]
    return [f"every PDP that is served has it: {', '.join(served)}"]


def _not_thrown(switch: str, feed: LiveFeed) -> ConfigurationError:
    from inbounds.dev.schema_issues import suggestion
    from inbounds.errors import ConfigurationError
    from inbounds.live.head import SENTINEL

    thrown = feed.entries().lists["switches"].keys() - {SENTINEL}
    return ConfigurationError(
        f"{switch} is not active, so nothing was released{suggestion(switch, thrown)}",
        code="live.not_thrown",
        hint="run `inbounds live list` to see the feed's; a bundle's baseline has its own",
    )
