"""`inbounds bundle`: generate a key; build, verify and compare signed bundles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.bundle.diff import Change

_LONGEST = 120  # characters of a value in a line of `diff`

app = typer.Typer(help="Build, verify and compare signed policy bundles.", no_args_is_help=True)

PublicKey = Annotated[
    Path | None,
    typer.Option(
        envvar="INBOUNDS_RELEASE_PUB",
        help="The public key; without it, the key of the shipped bundles.",
    ),
]


@app.command()
def key(
    private: Annotated[
        Path, typer.Argument(help="The file of the private key, such as release.pem.")
    ],
    *,
    as_json: output.Json = False,
) -> None:
    """Generate a signing key, and write its public half beside it, as `.pub`.

    Also prints the public half as a JWK, for issuers.yaml or feed.yaml; `inbounds bundle jwk`
    prints it again. An existing file is never replaced.
    """
    from inbounds.errors import ConfigurationError
    from inbounds.identity.signing_keys import SigningKey

    drawn = SigningKey.generate()
    try:
        public = drawn.write_both(private)
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename} cannot be written: {error.strerror}",
            code="bundle.key_unwritable",
            hint="pass a file that does not exist yet, in a folder that does",
        ) from error

    jwk = {drawn.kid: drawn.public}

    def show(console: Console) -> None:
        console.print(
            output.text(
                ("wrote", "green"),
                f"  {private}  ",
                ("keep it on a machine where no agent runs", "dim"),
            )
        )
        console.print(
            output.text(
                ("wrote", "green"), f"  {public}  ", ("give it to everybody who verifies", "dim")
            )
        )
        console.print(
            "next   if this key signs tokens or the feed, put the line below under `keys` of "
            f"issuers.yaml or feed.yaml;\n       `inbounds bundle jwk {public}` prints it again",
        )
        console.print(f"jwk    {json.dumps(jwk)[1:-1]}")

    value = {"private": str(private), "public": str(public), "jwk": jwk}
    output.emit(value, as_json=as_json, show=show)


@app.command()
def jwk(
    public: Annotated[Path, typer.Argument(help="The file of a public key, such as release.pub.")],
    *,
    as_json: output.Json = False,
) -> None:
    """Print a public key as a JWK behind its `kid`, as issuers.yaml and feed.yaml take it."""
    from inbounds.engine.bundle_keys import public_key
    from inbounds.identity.signing_keys import KID_LENGTH, thumbprint, to_jwk

    members = to_jwk(public_key(public))
    named = {thumbprint(members)[:KID_LENGTH]: members}
    output.emit(
        {"jwk": named},
        as_json=as_json,
        show=lambda console: console.print(f"jwk    {json.dumps(named)[1:-1]}"),
    )


@app.command()
def build(
    *,
    key: Annotated[
        Path,
        typer.Option(
            envvar="INBOUNDS_RELEASE_KEY", help="The private key to sign with: P-256, PEM."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write to.")],
    site: Annotated[Path | None, typer.Option(help="The folder of your own rules.")] = None,
    deployment: Annotated[Path | None, typer.Option(help="The folder of YAML.")] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="YAML of what is ended, revoked or stopped from the start."),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Build and sign all bundles of one revision.

    The folder holds one revision: the bundles of an earlier build are removed from it.
    """
    from inbounds.engine import assets
    from inbounds_tools.bundle.build import build as build_bundles
    from inbounds_tools.opa import binary

    built = build_bundles(
        rego=assets.rego(),
        site=site,
        deployment=deployment,
        key=key,
        out=out,
        opa=binary.find(),
        capabilities=assets.capabilities(),
        baseline=_baseline(baseline),
    )
    files = {artefact: str(path) for artefact, path in built.files.items()}

    def show(console: Console) -> None:
        console.print(f"revision {built.revision}", style="bold")
        for artefact, path in files.items():
            console.print(f"  {artefact:<11}{path}")

    value = {
        "revision": built.revision,
        "sequence": built.sequence,
        "sources": built.sources,
        "files": files,
    }
    output.emit(value, as_json=as_json, show=show)


@app.command()
def verify(
    *,
    bundles: Annotated[list[Path], typer.Argument(help="Bundles, such as dist/*.tar.gz.")],
    key: PublicKey = None,
    as_json: output.Json = False,
) -> None:
    """Verify the signature of each bundle, every digest in it, and what it says of itself.

    Bundles of one folder must be of one build, too.
    """
    from inbounds.engine import assets
    from inbounds.engine.bundle import SignedBundle, read_signed
    from inbounds.errors import ConfigurationError
    from inbounds_tools.bundle.folder import of_one_build

    pinned = key or assets.release_key()
    worst = output.OK
    results: list[dict[str, Any]] = []
    folders: dict[Path, dict[Path, SignedBundle]] = {}

    def refuse(path: Path, error: ConfigurationError) -> None:
        nonlocal worst
        worst = max(worst, output.exit_code(error))
        results.append({"file": str(path), "ok": False, "code": error.code})
        results[-1] |= {"message": error.message, "hint": error.hint}

    for path in bundles:
        try:
            bundle = read_signed(path, pinned)
        except ConfigurationError as error:
            refuse(path, error)
        else:
            folders.setdefault(path.parent.resolve(), {})[path.resolve()] = bundle
            said = {"revision": bundle.revision, "roots": list(bundle.roots)}
            results.append({"file": str(path), "ok": True, **said, **bundle.metadata})
    for folder, read in folders.items():
        try:
            of_one_build(folder, read, whole=False)
        except ConfigurationError as error:
            refuse(folder, error)

    def show(console: Console) -> None:
        from inbounds.text.printable import shown

        for result in shown(results):
            file = result["file"]
            if result["ok"]:
                said = f"{result.get('artefact', '')} {result['revision']}".strip()
                console.print(output.text(("ok", "green"), f"      {file}  ", (said, "dim")))
            else:
                console.print(output.text(("refused", "red"), f" {file}  {result['message']}"))
                console.print(f"        {result['code']}", style="dim")
                console.print(output.text("        ", ("fix", "bold"), f" {result['hint']}"))

    output.emit(results, as_json=as_json, show=show)
    raise typer.Exit(worst)


@app.command()
def diff(
    *,
    old: Annotated[Path, typer.Argument(help="The folder of bundles in force.")],
    new: Annotated[Path, typer.Argument(help="The folder that is to take its place.")],
    key: PublicKey = None,
    fail_on_widening: Annotated[
        bool, typer.Option("--fail-on-widening", help="Exit with 1 if anything widens.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Say what changes, and which changes let more through than before."""
    import dataclasses

    from inbounds.engine import assets
    from inbounds_tools.bundle.diff import diff as compare

    changes = compare(old, new, key=key or assets.release_key())
    widening = [change for change in changes if change.widens]

    def show(console: Console) -> None:
        if not changes:
            console.print("nothing changes")
            return
        ending = "s" * (len(changes) != 1)
        console.print(
            f"{len(widening)} of {len(changes)} change{ending} can let more through than before"
        )
        if any(
            change.kind in ("rule", "source") and change.what == "changed" for change in widening
        ):
            console.print("read each changed rule: comparing cannot show what it lets through")
        _show_groups(console, ("widens", "bold yellow"), widening)
        _show_groups(console, "other ", [change for change in changes if not change.widens])

    value = [dataclasses.asdict(change) for change in changes]
    output.emit(value, as_json=as_json, show=show)
    if fail_on_widening and widening:
        raise typer.Exit(output.FAILED)


def _show_groups(console: Console, heading: str | tuple[str, str], changes: list[Change]) -> None:
    from inbounds.text.printable import shown
    from inbounds_tools.bundle.diff import AREAS, grouped

    for number, (area, group) in enumerate(grouped(changes).items()):
        about = ("  ", (AREAS[area], "dim")) if area in AREAS else ()
        first = " " * 6 if number else heading
        console.print(output.text("\n", first, "  ", (area, "bold"), *about))
        for change in group:
            _show_change(console, shown(change))


def _show_change(console: Console, change: Change) -> None:
    from rich.text import Text

    sign = {"added": "+", "removed": "-", "changed": "~"}[change.what]
    line = Text(f"          {sign} {change.place}")
    if change.before is not None:
        line.append(f"  {_short(change.before)}", "red")
    if change.before is not None and change.after is not None:
        line.append("  →")
    if change.after is not None:
        line.append(f"  {_short(change.after)}", "green")
    console.print(line)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text or '""'
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… (--json shows all)"


def _baseline(path: Path | None) -> Any:
    if path is None:
        return None
    import yaml
    from pydantic import ValidationError

    from inbounds.canonical.strict_yaml import strict_yaml
    from inbounds.errors import ConfigurationError
    from inbounds.files.regular_file import read_regular
    from inbounds.model.deployment import Live

    try:
        return Live.model_validate(strict_yaml(read_regular(path)[0]))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read", code="bundle.unreadable") from error
    except (yaml.YAMLError, ValidationError, ValueError) as error:
        raise ConfigurationError(
            f"{path} must be a list of what is ended, revoked or stopped",
            code="bundle.baseline_invalid",
            hint="write maps `ended`, `revoked` and `switches`, each from a name to Unix seconds",
        ) from error
