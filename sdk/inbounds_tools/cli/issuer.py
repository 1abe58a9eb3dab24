"""`inbounds issuer`: the service that signs tasks where no agent runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import listener, log_lines, output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from inbounds_server.issuer.settings import Folder

app = typer.Typer(no_args_is_help=True, help="The service that signs tasks where no agent runs.")
key = typer.Typer(no_args_is_help=True, help="Turn to another key without refusing anybody.")
app.add_typer(key, name="key")

Place = Annotated[Path, typer.Argument(help="The issuer's folder.")]


@app.command()
def init(
    folder: Place,
    *,
    url: Annotated[
        str, typer.Option(help="The issuer's URL, which its tokens name: https://host/path.")
    ],
    audience: Annotated[
        str, typer.Option(help="What the deployment calls itself: `audience` of settings.yaml.")
    ],
    as_json: output.Json = False,
) -> None:
    """Make a folder with the keys of an issuer and of its revocation feed.

    Prints what the deployment has to say for them to count.
    """
    from inbounds.identity.signing_keys import SigningKey
    from inbounds_server.issuer.settings import FEED_KEY, Folder

    made = Folder.create(folder, url, audience)
    feed = SigningKey.read(folder / FEED_KEY)
    value = {
        "folder": str(folder),
        "issuers": {
            "tasks": {
                "issuer": made.settings.issuer,
                "kind": "production",
                "vouches_for": ["task"],
                "algorithms": ["ES256"],
                "keys": made.public_keys(),
            }
        },
        "feed": {"keys": {feed.kid: feed.public}},
    }

    def show(console: Console) -> None:
        import yaml

        console.print(output.text(("made", "bold green"), f" {folder}"), highlight=False)
        console.print(output.text(("next", "bold"), " add this to the deployment:"))
        for name in ("issuers", "feed"):
            said = yaml.safe_dump(value[name], sort_keys=False)
            console.print(f"# {name}.yaml")
            console.print(said, end="")
        console.print("# and for `tasks`: tenants, environments and effects that it may vouch for")

    output.emit(value, as_json=as_json, show=show)


@app.command()
def serve(
    folder: Place,
    *,
    address: Annotated[str, typer.Option("--addr", help="host:port.")] = "127.0.0.1:8443",
    opa: Annotated[
        list[str] | None,
        typer.Option(help="An OPA to keep up to date with the feed; give one for each."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="Holds the feed writer's bearer token for these.")
    ] = None,
    opa_ca: Annotated[
        Path | None, typer.Option(help="Whose certificate these OPAs have, PEM.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="The certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen on other than loopback without TLS.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Begin, renew and end tasks for agents elsewhere, until this is ended.

    What decides is named as for a guard: INBOUNDS_PDP_URL with INBOUNDS_PDP_TOKEN, or the embedded
    policy with INBOUNDS_BUNDLE or INBOUNDS_DEPLOYMENT.
    """
    from inbounds.errors import ConfigurationError
    from inbounds.evidence.keys import deployment_key, subkey
    from inbounds.pep.config import Configuration
    from inbounds.pep.runtime import pdp_of
    from inbounds_server.issuer.settings import Folder

    from .live.serve import targets_of

    try:
        import uvicorn

        from inbounds_server.http_listener import ConnectionBounds, ListenerConfig
        from inbounds_server.issuer.running import Served
    except ImportError:
        raise ConfigurationError(
            "the issuer's service needs packages that are not installed",
            code="configuration.extra_missing",
            hint="pip install 'inbounds[issuer]'",
        ) from None

    log_lines.to_stderr("inbounds_server.issuer", "inbounds.live")
    certificate = listener.certificate(tls_cert, tls_key)
    listener.refuse_open(address, secure=certificate is not None, insecure=insecure)
    host, port = listener.host_and_port(address)
    found = Folder(folder)
    found.current()
    # Its keys are its own, wherever the state of an agent on this machine would be.
    configuration = Configuration.read({"home": folder})
    sealing = subkey(deployment_key(folder / "deployment.key"), "compiled")
    targets = targets_of(opa or [], token_file, ca=opa_ca)
    with Served(found, pdp_of(configuration, sealing), targets) as served:
        server = uvicorn.Server(
            ListenerConfig(
                served.app,
                host=host,
                port=port,
                certificate=certificate,
                bounds=ConnectionBounds(
                    per_address=found.settings.connections_per_address,
                    request_s=found.settings.request_seconds,
                ),
                timeout_keep_alive=5,
                timeout_graceful_shutdown=5,
            )
        )
        value: dict[str, Any] = {
            "issuer": found.settings.issuer,
            "address": address,
            "pdp": configuration.pdp_url or "embedded",
            "targets": list(targets),
        }
        output.emit(value, as_json=as_json, show=lambda console: _served(console, value))
        sys.stdout.flush()
        server.run()
    if not server.started:
        raise typer.Exit(output.FAILED)


def _served(console: Console, value: Mapping[str, Any]) -> None:
    console.print(output.text(("issuing", "bold"), f" as {value['issuer']} at {value['address']}"))
    console.print(f"  decided by {value['pdp']}")
    if value["targets"]:
        console.print(f"  feed pushed to {', '.join(value['targets'])}")
    else:
        console.print("  feed not pushed: run `inbounds live serve` to bring it to every OPA")


@key.command("list")
def list_keys(folder: Place, *, as_json: output.Json = False) -> None:
    """Show which key signs, and which are published beside it."""
    from inbounds_server.issuer.settings import Folder

    _emit_keys(Folder(folder), as_json=as_json)


@key.command()
def generate(folder: Place, *, as_json: output.Json = False) -> None:
    """Generate the next key: it is published, and signs nothing before `use`."""
    from inbounds_server.issuer.settings import Folder

    found = Folder(folder)
    made = found.generate_key()
    _emit_keys(found, as_json=as_json, done=f"generated: {made}", kid=made)


@key.command()
def use(
    folder: Place,
    kid: Annotated[str, typer.Argument(help="The key that is to sign from now on.")],
    *,
    as_json: output.Json = False,
) -> None:
    """Sign with another key, once the deployment has it everywhere."""
    from inbounds_server.issuer.settings import Folder

    found = Folder(folder)
    found.use(kid)
    _emit_keys(Folder(folder), as_json=as_json, done=f"signs from now on: {kid}", kid=kid)


@key.command()
def retire(
    folder: Place,
    kid: Annotated[str, typer.Argument(help="The key that signs nothing any more.")],
    *,
    as_json: output.Json = False,
) -> None:
    """Remove a key, five minutes or more after another one has taken its place."""
    from inbounds_server.issuer.settings import Folder

    found = Folder(folder)
    found.retire(kid)
    _emit_keys(found, as_json=as_json, done=f"removed: {kid}", kid=kid)


def _emit_keys(folder: Folder, *, as_json: bool, done: str = "", kid: str = "") -> None:
    keys = folder.public_keys()
    value = {"signs": folder.settings.kid, "published": list(keys), "kid": kid}

    def show(console: Console) -> None:
        if done:
            console.print(done)
        for name in keys:
            console.print(f"  {name}{'  signs' if name == folder.settings.kid else ''}")
        if done:
            console.print(
                output.text(
                    ("next", "bold"), " inbounds issuers keys tasks, then inbounds bundle build"
                )
            )

    output.emit(value, as_json=as_json, show=show)
