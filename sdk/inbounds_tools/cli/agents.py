"""`inbounds agents`: who answers for each agent, and what it has and never uses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from inbounds.evidence.usage import Use
    from inbounds.model.deployment import Deployment
    from inbounds_tools.inventory import ListedAgent

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_STATES = {"active": "green", "suspended": "yellow", "retired": "dim"}


def _duration(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,5})([mhdw])", text)
    if found is None:
        raise typer.BadParameter("must be a duration such as 12h, 30d or 8w")
    return int(found[1]) * _SECONDS[found[2]]


def command(
    *,
    deployment: Annotated[
        Path | None,
        typer.Option(help="The folder of YAML. (default: what a guard here would take)"),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="The evidence log. (default: INBOUNDS_EVIDENCE or the state folder's)"),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The deployment's key. (default: deployment.key in the state folder)"),
    ] = None,
    unused_for: Annotated[
        int | None,
        typer.Option(
            parser=_duration,
            metavar="DURATION",
            help="Only agents of the deployment without a call for so long, such as 30d.",
        ),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """List the agents: owner, state, what each did, and what it may do and never did.

    Agents that the evidence log knows and the deployment does not come last. Exits with 2 where
    there is no log, or where it is not as it was written: what is listed from it is not certain.
    """
    from inbounds.process.clock import now_ns
    from inbounds_tools.inventory import inventory

    found, source = _deployment(deployment)
    done, path, missing = _use(found, log, key)
    listed = list(inventory(found, done))
    doubts = [missing] if done is None else [*done.doubts]
    if unused_for is not None:
        since = now_ns() - unused_for * 1_000_000_000
        # Of what no log tells nothing is left out: it may be that nobody uses it.
        listed = [each for each in listed if each.known and (not done or each.unused_since(since))]
        if done is not None and (not done.since or done.since > since):
            doubts.append("the log does not go back so far")
    value: dict[str, Any] = {
        "deployment": source,
        "log": str(path),
        "agents": [_value(each) for each in listed],
        "doubts": doubts,
    }
    if done is not None and done.since:
        value["since"] = _moment(done.since)
    if done is not None and done.uncounted:
        value["uncounted"] = done.uncounted

    def show(console: Console) -> None:
        from inbounds.text.printable import shown

        _show(console, shown(listed))
        _sum_up(console, path, done, doubts)

    output.emit(value, as_json=as_json, show=show)
    raise typer.Exit(output.UNTOLD if doubts else output.OK)


def _deployment(folder: Path | None) -> tuple[Deployment, str]:
    from inbounds.dev.deployment import load
    from inbounds.pep.config import Configuration
    from inbounds_tools.doctor.deployed import deployed

    if folder is not None:
        return load(folder), f"{folder}/"
    return deployed(Configuration.read({}))


def _use(
    deployment: Deployment, log: Path | None, key: Path | None
) -> tuple[Use | None, Path, str]:
    """What the log says, where it is, and why there is none."""
    from inbounds.errors import ConfigurationError
    from inbounds.evidence.keys import deployment_key, subkey
    from inbounds.evidence.paths import evidence_path, key_path
    from inbounds.evidence.usage import use

    path, secret = log or evidence_path(), key or key_path()
    # One that is generated now would verify nothing: without it, nobody can tell.
    own = subkey(deployment_key(secret), "evidence") if secret.exists() else None
    try:
        with output.console(error=True).status(f"reading {path} …"):
            return use(path, key=own, known=deployment.agents), path, ""
    except ConfigurationError as error:
        if error.code != "evidence.missing":
            raise
        return None, path, f"{error.message}: what the agents did is not known"


def _value(listed: ListedAgent) -> dict[str, Any]:
    value: dict[str, Any] = {"agent": listed.agent, "known": listed.known}
    if listed.known:
        value |= {"owner": listed.owner, "state": listed.state}
    if listed.use is None:
        return value
    value |= {
        "calls": listed.use.calls,
        "ran": listed.use.ran,
        "refused": listed.use.refused,
    }
    if listed.use.last_seen:
        value["last_seen"] = _moment(listed.use.last_seen)
    if listed.known:
        value["never_used_tools"] = listed.never_used_tools
        value["never_used_effects"] = listed.never_used_effects
    return value


def _moment(nanoseconds: int) -> str:
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _show(console: Console, listed: Sequence[ListedAgent]) -> None:
    if not listed:
        console.print("no agents")
        return
    table = _table("agent", "owner", "state")
    if any(each.use is not None for each in listed):
        table.add_column("last seen", no_wrap=True)
        table.add_column("calls", no_wrap=True, justify="right")
        table.add_column("refused", no_wrap=True, justify="right")
    for each in listed:
        table.add_row(*_row(each))
    console.print(table)
    for each in listed:
        if each.never_used_tools or each.never_used_effects:
            console.print(output.text("\n", ("never used by", "dim"), f" {each.agent}"))
            unused = _table("", "", show_header=False)
            for kind in ("tools", "effects"):
                never = ", ".join(getattr(each, f"never_used_{kind}"))
                unused.add_row(f"  {kind}", never or output.text(("none", "dim")))
            console.print(unused)


def _table(*columns: str, show_header: bool = True) -> Table:
    from rich.table import Table

    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
        show_header=show_header,
    )
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _row(listed: ListedAgent) -> list[str | Text]:
    owner: str | Text
    state: str | Text
    seen: str | Text
    row: list[str | Text]
    if listed.known:
        owner = listed.owner or output.text(("nobody", "red"))
        state = output.text((listed.state, _STATES.get(listed.state, "dim")))
    else:
        owner, state = "", output.text(("not in the deployment", "red"))
    row = [listed.agent, owner, state]
    if (done := listed.use) is None:
        return row
    seen = _moment(done.last_seen)[:10] if done.last_seen else output.text(("never", "dim"))
    return [*row, seen, str(done.calls), str(done.refused)]


def _sum_up(console: Console, path: Path, done: Use | None, doubts: Sequence[str]) -> None:
    if done is not None:
        begins = f"begins {_moment(done.since)}" if done.since else "is empty"
        console.print(f"\nas {path} tells it, which {begins}")
        if done.uncounted:
            console.print(f"{done.uncounted} calls of further agents that are not listed")
    for doubt in doubts:
        console.print(doubt, style="bold red")
