"""`inbounds approvals`: what agents wait for, and a person's answer to it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds.approvals.queue import ApprovalQueue, Pending
    from inbounds.approvals.signing import Kind
    from inbounds.model.access_request import AccessRequest

app = typer.Typer(help="What agents wait for a person's yes to.", no_args_is_help=True)

Queue = Annotated[
    Path | None,
    typer.Option(help="The file of the queue. (default: INBOUNDS_APPROVALS)"),
]
Id = Annotated[
    str, typer.Argument(help="The id, or its last eight characters or more.", metavar="ID")
]


@app.command("list")
def list_(*, queue: Queue = None, as_json: output.Json = False) -> None:
    """List what waits for an answer, oldest first."""
    pending = _queue(queue).pending()

    def show(console: Console) -> None:
        _show_list(console, pending)

    output.emit([_listed(each) for each in pending], as_json=as_json, show=show)


@app.command()
def show(identity: Id, *, queue: Queue = None, as_json: output.Json = False) -> None:
    """Show all that is asked: the arguments, where each came from, and why a person is asked."""
    request = _queue(queue).read(identity)
    output.emit(
        json.loads(request.model_dump_json()),
        as_json=as_json,
        show=lambda console: _show(console, request),
    )


@app.command()
def approve(
    identity: Id,
    *,
    key: Annotated[Path, typer.Option(help="The approver's private key.")],
    approver: Annotated[str, typer.Option("--as", help="The subject who approves.")],
    plan: Annotated[
        bool, typer.Option("--plan", help="For all that a named record sets in motion.")
    ] = False,
    standing: Annotated[
        bool, typer.Option("--standing", help="For this tool and recipient, not only this call.")
    ] = False,
    cap: Annotated[int, typer.Option(help="The highest amount; only with --standing.")] = 0,
    times: Annotated[int, typer.Option(help="How often it may be used.")] = 1,
    seconds: Annotated[int, typer.Option(help="How long it is good for.")] = 600,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    queue: Queue = None,
    as_json: output.Json = False,
) -> None:
    """Say yes to what was asked, signed with your key.

    The policy is asked again with it, and may still say no.
    """
    from inbounds.approvals.signing import sign
    from inbounds.errors import ConfigurationError
    from inbounds.identity.signing_keys import SigningKey

    if plan and standing:
        raise ConfigurationError(
            "an approval must be either of a plan or a standing one; both were given",
            code="approvals.two_kinds",
            hint="remove --plan or --standing",
        )
    waiting = _queue(queue)
    request = waiting.read(identity)
    kind: Kind = "plan" if plan else "standing" if standing else "call"
    if not as_json:
        # Before it is signed: what waits may be another question than the one that was seen.
        _show(output.console(), request)
        if sys.stdin.isatty() and not sure:
            typer.confirm(f"Say yes, as {_WORDS[kind]}?", abort=True)
    token = sign(
        request,
        SigningKey.read(key),
        approver=approver,
        kind=kind,
        times=times,
        seconds=seconds,
        cap=cap,
    )
    waiting.answer(request.id, token)

    def tell(console: Console) -> None:
        often = "once" if times == 1 else f"up to {times} times"
        console.print(
            output.text(
                "\n", ("approved", "green"), f" as {_WORDS[kind]}, {often}, for {seconds} s"
            )
        )
        console.print(
            "The policy decides whether this key may approve it, when the agent asks again.",
            style="dim",
        )

    output.emit({"id": request.id, "answer": "approved", "kind": kind}, as_json=as_json, show=tell)


@app.command()
def deny(identity: Id, *, queue: Queue = None, as_json: output.Json = False) -> None:
    """Say no to what was asked; the same is not asked for again in this task."""
    waiting = _queue(queue)
    request = waiting.read(identity)
    waiting.answer(request.id, None)
    output.emit(
        {"id": request.id, "answer": "denied"},
        as_json=as_json,
        show=lambda console: console.print(output.text(("denied", "red"), f" {request.id}")),
    )


@app.command("key")
def key_(
    file: Annotated[Path, typer.Argument(help="Where to write the private key.")],
    *,
    approver: Annotated[str, typer.Option("--as", help="The subject who approves.")],
    tenant: Annotated[list[str], typer.Option(help="A tenant to approve for; repeatable.")],
    as_json: output.Json = False,
) -> None:
    """Draw an approver's key, and print its entry for `deployment/approvers.yaml`.

    Keep the key where no agent runs.
    """
    from inbounds.errors import ConfigurationError
    from inbounds.identity.signing_keys import SigningKey

    drawn = SigningKey.generate()
    try:
        drawn.write(file)
    except OSError as error:
        raise ConfigurationError(
            f"the key cannot be written to {file}: {error.strerror}",
            code="approvals.key_not_written",
            hint="pass a file that does not exist yet, in a folder that you may write to",
        ) from error
    entry = {
        approver: {
            "subject": approver,
            "tenants": list(tenant),
            "algorithms": ["ES256"],
            "keys": {drawn.kid: dict(drawn.public)},
        }
    }

    def tell(console: Console) -> None:
        import yaml

        console.print(yaml.safe_dump(entry, sort_keys=False).rstrip())

    output.emit(entry, as_json=as_json, show=tell)


_WORDS = {
    "call": "this very call",
    "plan": "the plan of this task",
    "standing": "a standing approval",
}


def _queue(named: Path | None) -> ApprovalQueue:
    from inbounds.approvals.queue import ApprovalQueue
    from inbounds.errors import ConfigurationError

    path = named or Path(os.environ.get("INBOUNDS_APPROVALS", ""))
    if not path.is_file():
        raise ConfigurationError(
            "there is no queue of approvals"
            + (f" at {path}" if named or os.environ.get("INBOUNDS_APPROVALS") else ""),
            code="approvals.no_queue",
            hint="pass --queue, or set INBOUNDS_APPROVALS, to the file that the guard uses",
        )
    return ApprovalQueue(path)


def _listed(pending: Pending) -> dict[str, Any]:
    return {
        "id": pending.id,
        "task": pending.task,
        "tool": pending.tool,
        "codes": list(pending.codes),
        "asked": pending.asked,
        "until": pending.until,
        "times": pending.times,
    }


def _show_list(console: Console, pending: list[Pending]) -> None:
    from rich.table import Table

    if not pending:
        console.print("no request waits for an answer")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("id", no_wrap=True)
    for name in ("tool", "why", "task", "until", "asked"):
        table.add_column(name, overflow="fold")
    for each in pending:
        table.add_row(
            each.id,
            output.text((each.tool, "bold")),
            ", ".join(each.codes),
            each.task,
            _time(each.until),
            "once" if each.times == 1 else f"{each.times} times",
        )
    console.print(table)


def _show(console: Console, request: AccessRequest) -> None:
    from rich.table import Table
    from rich.text import Text

    from inbounds.text.printable import printable

    console.print(
        output.text(
            "May ",
            (request.agent, "bold"),
            " call ",
            (request.tool, "bold"),
            " for ",
            (request.subject, "bold"),
            "?",
        )
    )
    undone = {"yes": "can be undone", "no": "cannot be undone", "unknown": "may not be undone"}
    colour = "yellow" if request.irreversible else "green"
    effects = ", ".join(request.effects)
    console.print(output.text(f"{effects} · ", (undone[request.reversible], colour)))
    about = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    about.add_column(style="dim", no_wrap=True)
    about.add_column(overflow="fold")
    about.add_row("id", request.id)
    about.add_row("task", f"{request.task} ({request.intent})")
    about.add_row("on", f"{request.resource_type} {request.resource_id}")
    for name, said in sorted(request.resource_properties.items()):
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        about.add_row("", f"{name}: {text}")
    about.add_row("label", request.label or "unknown")
    about.add_row("environment", request.environment or "unknown")
    about.add_row("until", _time(request.until))
    for reason in request.reasons:
        about.add_row("why", output.text((reason.code, "yellow"), f"  {reason.message}"))
        if reason.remedy:
            about.add_row("", reason.remedy)
    for number, write in enumerate(request.writes):
        said = f"{write.tool} {write.resource_type} {write.resource_id}".rstrip()
        about.add_row("" if number else "written by", Text(printable(said)))
    if request.four_eyes:
        about.add_row("who", "must be another person than the subject")
    console.print(about)
    arguments = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    arguments.add_column("argument", overflow="fold")
    arguments.add_column("value", overflow="fold")
    arguments.add_column("role")
    arguments.add_column("came from", overflow="fold")
    for pointer, value in request.leaves().items():
        said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        # Rich leaves some controls out of a `Text`.
        arguments.add_row(
            Text(printable(pointer)),
            Text(printable(said, but="\n")),
            request.roles.get(pointer, ""),
            Text(_from(request, pointer)),
        )
    console.print(arguments)


def _from(request: AccessRequest, pointer: str) -> str:
    origin = request.origins.get(pointer)
    if origin is None or origin.grade == "none":
        return "unknown"
    if not origin.tool:
        return origin.grade
    return f"{origin.grade}: {origin.tool}, call {origin.call}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
