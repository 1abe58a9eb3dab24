"""`inbounds serve`: a hardened OPA with signed bundles, or the configuration for one."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from . import listener, output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.opa.process import OpaProcess


def command(
    *,
    bundles: Annotated[
        Path | None,
        typer.Argument(help="A folder that `inbounds bundle build` has written."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            envvar="INBOUNDS_RELEASE_PUB",
            help="The public key of the bundles; without it, of the shipped ones.",
        ),
    ] = None,
    site: Annotated[
        Path | None, typer.Option(help="Without bundles: the folder of your own rules.")
    ] = None,
    deployment: Annotated[Path, typer.Option(help="Without bundles: the folder of YAML.")] = Path(
        "deployment"
    ),
    address: Annotated[
        str, typer.Option("--addr", help="host:port, or unix:///path.")
    ] = "127.0.0.1:8181",
    tls_cert: Annotated[Path | None, typer.Option(help="The certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen on other than loopback without TLS.")
    ] = False,
    decision_log: Annotated[
        str,
        typer.Option(
            help="Append OPA's log, with one line for each decision, to this file; `-` writes it "
            "to standard error. Without it, OPA logs errors alone."
        ),
    ] = "",
    memory_limit: Annotated[
        int,
        typer.Option(
            min=256,
            help="On Linux: the memory that OPA may use, in MiB. One that needs more ends, and is "
            "started again.",
        ),
    ] = 2048,
    print_config: Annotated[
        bool,
        typer.Option("--print-config", help="Print the configuration of a stock OPA, and end."),
    ] = False,
    bundles_url: Annotated[
        str, typer.Option(help="With --print-config: where that OPA pulls its bundles.")
    ] = "",
    no_site: Annotated[
        bool, typer.Option("--no-site", help="With --print-config: without rules of your own.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Start an OPA that serves signed bundles, hardened.

    For development it can build them first: leave out the folder of bundles.
    """
    from inbounds.engine import assets
    from inbounds.files.appended_file import open_appended
    from inbounds_tools.opa import binary, config

    if print_config:
        text = config.for_pulling(
            assets.opa_config(), key=key or assets.release_key(), url=bundles_url, site=not no_site
        )

        def print_page(console: Console) -> None:
            console.out(text, end="")  # as it is, not laid out

        output.emit({"config": text}, as_json=as_json, show=print_page)
        return

    certificate = listener.certificate(tls_cert, tls_key)
    listener.refuse_open(address, secure=certificate is not None, insecure=insecure)
    opa = binary.find()
    with contextlib.ExitStack() as stack:
        if bundles is None:
            files, pinned = stack.enter_context(_built(site, deployment, opa))
        else:
            files, pinned = _found(bundles), key or assets.release_key()
        to_file = decision_log not in ("", "-")
        log = stack.enter_context(open_appended(Path(decision_log))) if to_file else None
        _run(
            files,
            pinned,
            opa=opa,
            address=address,
            certificate=certificate,
            log=log,
            decision_log=decision_log,
            memory_limit=memory_limit,
            as_json=as_json,
        )


def _run(
    files: list[Path],
    key: Path,
    *,
    opa: Path,
    address: str,
    certificate: tuple[Path, Path] | None,
    log: IO[bytes] | None,
    decision_log: str,
    memory_limit: int,
    as_json: bool,
) -> None:
    from inbounds.engine import assets
    from inbounds_tools.opa.process import OpaProcess

    # What would end this process has to end OPA first.
    signal.signal(signal.SIGTERM, _interrupt)
    with OpaProcess(
        files,
        key=key,
        opa=opa,
        template=assets.opa_config(),
        address=address,
        certificate=certificate,
        log=log,
        decision_log=bool(decision_log),
        max_memory_bytes=memory_limit << 20,
    ) as process:
        process.wait_ready()

        def show(console: Console) -> None:
            _show(console, process, decision_log)

        value = {
            "url": process.url,
            "pid": process.process.pid,
            "revisions": process.revisions,
            "decision_log": decision_log,
        }

        def report(ended: int) -> None:
            output.console(error=True).print(
                f"OPA ended with {ended} and is started again. It may use {memory_limit} MiB "
                "(--memory-limit); its log above says whether it needed more.",
            )

        output.emit(value, as_json=as_json, show=show)
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            process.serve(report)


def _show(console: Console, process: OpaProcess, decision_log: str) -> None:
    kept = {"": "off; --decision-log FILE turns it on", "-": "standard error"}
    revision, url = process.revisions.get("rego", ""), process.url
    console.print(output.text(("serving", "bold"), f"  policy {revision} with OPA at {url}"))
    console.print(f"decision log  {kept.get(decision_log, decision_log)}")
    console.print("end           Ctrl-C")
    console.print(
        output.text(
            "\n",
            ("next", "bold"),
            "  keep the revocation feed up to date; calls are denied until then:",
        )
    )
    console.print(f"  inbounds live serve --opa {url} --token-file FILE")
    console.print(output.text(("then", "bold"), "  give each guard this address and its token:"))
    console.print(f"  INBOUNDS_PDP_URL={url}")
    console.print("  INBOUNDS_PDP_TOKEN=…")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _built(site: Path | None, deployment: Path, opa: Path) -> Iterator[tuple[list[Path], Path]]:
    """The bundles of what lies in folders, and the key they are signed with for this one run."""
    from inbounds.engine import assets
    from inbounds.files.trees import remove_file, scratch_folder
    from inbounds.identity.signing_keys import SigningKey
    from inbounds_tools.bundle.build import build

    with scratch_folder("serve") as scratch:
        private = Path(scratch) / "once.pem"
        public = SigningKey.generate().write_both(private)
        built = build(
            rego=assets.rego(),
            site=site,
            deployment=deployment,
            key=private,
            out=Path(scratch) / "bundles",
            opa=opa,
            capabilities=assets.capabilities(),
        )
        remove_file(private)
        yield [path for kind, path in built.files.items() if kind != "wasm"], public


def _found(folder: Path) -> list[Path]:
    from inbounds.errors import ConfigurationError
    from inbounds_tools.bundle.build import artefacts

    # An OPA without a WASM engine refuses a bundle that holds a module.
    found = [path for path in artefacts(folder) if not path.name.endswith(".wasm.tar.gz")]
    if not found:
        raise ConfigurationError(
            f"{folder} must hold bundles; found none",
            code="bundle.missing",
            hint="run `inbounds bundle build -o` with this folder",
        )
    return found
