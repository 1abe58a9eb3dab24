"""`inbounds explain`: what was decided, why, and what would have to change."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.explain.answer import Explanation
    from inbounds_tools.explain.question import Taken
    from inbounds_tools.explain.record import Recorded
    from inbounds_tools.policytest.scenes import Scene

_INDENT = " " * 11
_EXPIRED = frozenset({"identity.expired", "task.expired"})
_EXITS = {"allow": output.OK, "deny": output.FAILED, "ask": output.FAILED}
_COLOURS = {"allow": "green", "deny": "red", "ask": "yellow"}
_GRANTED = {
    "allow": "granted by",
    "deny": "without these reasons, granted by",
    "ask": "once approved, granted by",
}


def command(
    *,
    question: Annotated[
        str, typer.Argument(help="A file that holds a question, or the id of a decision.")
    ] = "",
    deployment: Annotated[
        Path | None,
        typer.Option(help="The folder of YAML. (default: INBOUNDS_DEPLOYMENT or deployment/)"),
    ] = None,
    live: Annotated[
        Path | None,
        typer.Option(help="A file of `data.live`; without it, the development issuer's feed."),
    ] = None,
    site: Annotated[
        Path | None, typer.Option(help="The folder of your own rules. (default: site/ if it is)")
    ] = None,
    no_site: Annotated[bool, typer.Option("--no-site", help="Leave your own rules out.")] = False,
    at: Annotated[
        str,
        typer.Option(help="Judge it as of a time, or `tokens`: when the task token was issued."),
    ] = "",
    from_case: Annotated[
        str, typer.Option(help="FILE or FILE#NUMBER of a case, instead of a question.")
    ] = "",
    save: Annotated[
        Path | None,
        typer.Option(help="Also write the question there, with what it is judged with."),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Say in plain words what is decided of a question, or was recorded of a decision.

    No token is shown, only what it claims. Exits with 0 where it is allowed, 1 where it is
    denied or a person has to be asked, 2 where nothing could be decided.
    """
    from inbounds.errors import ConfigurationError

    if bool(question) == bool(from_case):
        raise ConfigurationError(
            "a question, a decision or a case must be named",
            code="explain.nothing",
            hint="name a file or the id of a decision, or pass --from-case FILE",
        )
    if question and not _is_file(question):
        _explain_record(question, None if no_site else _site(site), as_json=as_json)
        return
    taken = _taken(from_case)
    if taken is not None:
        scene = taken.case.scene()
        site = site or taken.site
    else:
        scene = _scene(question, deployment=deployment, live=live, at=at)
    if save is not None:
        from inbounds.files.safe_files import write_file

        write_file(save, json.dumps(scene.document(), indent=2, ensure_ascii=False) + "\n")
    rules = None if no_site else _site(site)
    explained, difference = _judged(scene, rules, taken)

    def show(console: Console) -> None:
        from inbounds.text.printable import shown

        if taken is not None:
            _show_case(console, taken, rules, difference)
        _show(console, shown(explained))
        if not at and _EXPIRED & {reason["code"] for reason in explained.reasons}:
            console.print(f"{_INDENT}`--at tokens` judges it as of when the tokens were issued")
        if save is not None:
            console.print(output.text("\n", ("wrote", "green"), f"  {save}"))

    value = {**dataclasses.asdict(explained), "changes": explained.changes}
    if taken is not None:
        value["case"] = {
            "file": str(taken.case.file),
            "number": taken.number,
            "name": taken.case.name,
            "expected": taken.case.outcome,
            "difference": difference,
            "site": str(rules) if rules is not None else None,
        }
    output.emit(value, as_json=as_json, show=show)
    raise typer.Exit(_EXITS.get(explained.outcome, output.UNTOLD))


def _is_file(named: str) -> bool:
    return Path(named).exists() or named.endswith((".json", ".yaml")) or "/" in named


def _taken(from_case: str) -> Taken | None:
    from inbounds_tools.explain import question as asked

    return asked.from_case(from_case) if from_case else None


def _scene(question: str, *, deployment: Path | None, live: Path | None, at: str) -> Scene:
    from inbounds.evidence.paths import home
    from inbounds_tools.explain import question as asked

    sources = asked.Sources(
        deployment=Path(os.environ.get("INBOUNDS_DEPLOYMENT") or "deployment"),
        instead=deployment,
        live=live,
        issuer=home() / "issuer",
        at=at,
    )
    return asked.from_file(Path(question), sources)


def _site(named: Path | None) -> Path | None:
    if named is not None:
        return named
    usual = Path("site")
    from inbounds.files.listing import files_in

    return usual if usual.is_dir() and any(files_in(usual, ".rego")) else None


def _judged(scene: Scene, site: Path | None, taken: Taken | None) -> tuple[Explanation, str]:
    """What is decided of a scene, and how that differs from what its case expects."""
    from inbounds.engine.bundle import read_signed
    from inbounds_tools.explain.answer import explain, members
    from inbounds_tools.opa import binary
    from inbounds_tools.policytest import cases

    opa = binary.find() if site is not None else None
    said = f"compiling the rules in {site} …" if site is not None else "asking …"
    with output.console(error=True).status(said), cases.Judge(site, opa=opa) as judge:
        catalogue = members(read_signed(judge.bundle, judge.key).data)
        answer = judge.answer(scene)
        difference = cases.difference(taken.case, answer) if taken is not None else ""
        return explain(scene, answer, catalogue), difference


def _explain_record(decision: str, site: Path | None, *, as_json: bool) -> None:
    from inbounds.evidence.keys import deployment_key, subkey
    from inbounds.evidence.paths import evidence_path, key_path
    from inbounds.text.printable import shown
    from inbounds_tools.explain.record import recorded
    from inbounds_tools.explain.words import words

    secret = key_path()
    # One that is generated now would verify nothing.
    own = subkey(deployment_key(secret), "evidence") if secret.exists() else None
    found = recorded(evidence_path(), decision, key=own)
    reasons = words(found.decided.codes, site=site, bundle=_bundle())
    value = {
        "outcome": found.decided.outcome,
        "verified": found.verified,
        "decided": found.decided.model_dump(mode="json"),
        "executed": [record.model_dump(mode="json") for record in found.executed],
        "reasons": reasons,
    }

    def show(console: Console) -> None:
        _show_record(console, shown(found), shown(reasons))

    output.emit(value, as_json=as_json, show=show)
    raise typer.Exit(_EXITS.get(found.decided.outcome, output.UNTOLD))


def _bundle() -> tuple[str, str] | None:
    from inbounds.engine import assets

    named = os.environ.get("INBOUNDS_BUNDLE")
    key = os.environ.get("INBOUNDS_BUNDLE_KEY") or str(assets.release_key())
    return (named, key) if named else None


# --- for people ----------------------------------------------------------------------------


def _show_case(console: Console, taken: Taken, rules: Path | None, difference: str) -> None:
    from inbounds.text.printable import shown

    case = taken.case
    console.print(
        output.text(("case", "bold"), f"  {case.file}#{taken.number}  {shown(case.name)}")
    )
    if taken.chosen:
        console.print(
            output.text(
                "      ", ("the first that is not allowed; FILE#NUMBER takes another", "dim")
            )
        )
    with_rules = "without rules of your own" if rules is None else f"with the rules in {rules}"
    console.print(output.text("      ", (f"judged {with_rules}", "dim")))
    if difference:
        console.print(output.text(("differs", "bold red"), f"  {shown(difference)}"))
    console.print()


def _show(console: Console, explained: Explanation) -> None:
    asked = {**explained.asked, "intent": _intent(explained)}
    _headline(console, explained.outcome, asked, [each["code"] for each in explained.reasons])
    for reason in explained.reasons:
        _show_reason(console, reason)
    if explained.outcome == "unavailable":
        console.print(
            output.text(
                "\n",
                ("no answer", "bold"),
                "  the policy did not decide, so the call would not run",
            )
        )
    _show_speaking_for(console, explained)
    _show_tokens(console, explained)
    _show_rules(console, explained)
    if explained.reasons:
        console.print(output.text("\n", ("how to fix", "bold")))
        for change in explained.changes:
            console.print(f"{_INDENT}{change}")
    if explained.policy:
        revision, deployed = explained.policy["revision"], explained.policy["deployment"]
        named = f"deployment {deployed}" if explained.packed else "a deployment that is not packed"
        console.print(f"\npolicy {revision}, {named}", style="dim")


def _show_speaking_for(console: Console, explained: Explanation) -> None:
    for fault in explained.malformed:
        console.print(f"{_INDENT}{fault}")
    for grant in explained.grants:
        said = ", ".join(f"{k} {_plain(v)}" for k, v in grant.items() if k != "source")
        source = str(grant.get("source"))
        console.print(
            output.text("\n", (_GRANTED[explained.outcome], "bold"), f" {source}: {said}")
        )
    for obligation in explained.obligations:
        said = _plain(obligation.get("properties", {}))
        console.print(output.text(("obligation", "yellow"), f" {obligation.get('type')}: {said}"))


def _show_tokens(console: Console, explained: Explanation) -> None:
    from inbounds_tools.explain.tokens import FEED_HEAD

    states = {"yes": ("verified", "green"), "no": ("not verified", "red")}
    console.print(output.text("\n", ("tokens", "bold"), "     ", ("what they claim", "dim")))
    for token in explained.tokens:
        state = states.get(token.verified, ("unknown", "dim"))
        if token.name == FEED_HEAD and token.verified == "no":
            state = ("not verified, or not fresh", "red")
        console.print(output.text(f"  {token.name:<12} ", state))
        for line in token.lines:
            console.print(f"{_INDENT}    {line}")


def _intent(explained: Explanation) -> str:
    """The intent of the task, where the policy has verified its token; else ""."""
    for token in explained.tokens:
        details = token.claims.get("authorization_details")
        if token.name == "task" and token.verified == "yes" and isinstance(details, list):
            for authority in details:
                if isinstance(authority, dict):
                    return str(authority.get("intent", ""))
    return ""


def _headline(console: Console, outcome: str, asked: Any, codes: Sequence[str]) -> None:
    colour = _COLOURS.get(outcome, "magenta")
    what = f"{asked['tool'] or 'something'} on {asked['resource'] or 'something'}"
    console.print(output.text((outcome, f"bold {colour}"), f"  {what}"))
    first = (": ", (codes[0], "bold")) if codes else ()
    console.print(
        output.text(f"under the intent {asked['intent'] or 'of no verified task'}", *first)
    )
    console.print(
        output.text((f"for {asked['subject'] or 'nobody'}, by {asked['agent'] or 'nobody'}", "dim"))
    )


def _show_reason(console: Console, reason: Any) -> None:
    console.print(
        output.text("\n", (reason["code"], "bold"), "  ", (reason.get("severity", ""), "dim"))
    )
    if reason["message"]:
        console.print(f"{_INDENT}{reason['message']}")
    for detail in reason.get("details", ()):
        console.print(output.text(_INDENT, (_plain(detail), "yellow")))
    if reason.get("remedy"):
        console.print(output.text(_INDENT, ("remedy:", "dim"), f" {reason['remedy']}"))


def _show_rules(console: Console, explained: Explanation) -> None:
    if explained.ruled_out:
        console.print(
            output.text("\n", ("ruled out", "bold"), f"  {len(explained.ruled_out)} faults")
        )
        _show_codes(console, explained.ruled_out)
    if explained.not_shown:
        console.print(output.text("\n", ("not shown", "bold"), "  follow from the reasons above"))
        _show_codes(console, [*explained.not_shown])


def _show_codes(console: Console, codes: Sequence[str]) -> None:
    """One line for each category."""
    for category, members in itertools.groupby(codes, lambda code: code.rpartition(".")[0]):
        faults = " ".join(code.rpartition(".")[2] for code in members)
        console.print(f"{_INDENT}{category + '.':<15}{faults}", style="dim")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_plain(inner) for inner in value)
    return str(value)


def _show_record(console: Console, found: Recorded, reasons: Sequence[Mapping[str, str]]) -> None:
    decided = found.decided
    asked = {
        "tool": decided.tool,
        "resource": decided.resource_type,
        "subject": decided.subject,
        "agent": decided.agent,
        "intent": decided.intent,
    }
    _headline(console, decided.outcome, asked, decided.codes)
    if not found.verified:
        console.print(
            output.text(
                ("not verified: no key", "bold red"),
                "  whoever can write the log may have written this; INBOUNDS_HOME names the key's "
                "folder",
            )
        )
    moment = datetime.fromtimestamp(decided.at / 1e9, UTC).isoformat(timespec="milliseconds")
    console.print(output.text((f"{moment}, {decided.task}", "dim")))
    for reason in reasons:
        _show_reason(console, reason)
        if not reason["message"]:
            console.print(
                output.text(
                    _INDENT,
                    ("fix", "dim"),
                    " its message is in the rules that decided it: pass their folder as --site, or "
                    "set INBOUNDS_BUNDLE to their bundle",
                )
            )
    if decided.pointers:
        console.print(f"{_INDENT}arguments {', '.join(decided.pointers)}")
    console.print(
        output.text("\n", ("effects", "bold"), f"    {', '.join(decided.effects) or 'unknown'}")
    )
    granted = decided.granted
    console.print(
        output.text(
            ("task", "bold"),
            f"       may {', '.join(granted.effects) or 'do nothing'} "
            f"with {', '.join(granted.tools) or 'nothing'}",
        )
    )
    for record in found.executed:
        error = f" ({record.error_type})" if record.error_type else ""
        console.print(
            output.text(("executed", "bold"), f"   {record.executed}, {record.status}{error}")
        )
    if not found.executed:
        console.print(output.text(("executed", "bold"), "   no record that it ran"))
    console.print(
        output.text(
            "\n",
            (
                f"policy {decided.policy}, deployment {decided.deployment}, by {decided.engine}",
                "dim",
            ),
        )
    )
