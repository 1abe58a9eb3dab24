"""`inbounds mcp-proxy`: in front of an MCP server, whose code does not change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import listener, log_lines, mcp_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inbounds.pep import Guard
    from inbounds_server.mcp_proxy.launches import Launches
    from inbounds_server.mcp_proxy.run import Listening


def command(
    server: Annotated[str, typer.Option(help="What the deployment calls the server behind.")],
    intent: Annotated[str, typer.Option(help="The intent of the tasks that are begun.")],
    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND...]", help="How the server behind is started."),
    ] = None,
    *,
    url: Annotated[
        str, typer.Option(help="Where the server behind answers, instead of a COMMAND.")
    ] = "",
    subject: Annotated[
        str, typer.Option(help="The user on whose authority it runs, where a host starts it.")
    ] = "",
    user_token_file: Annotated[
        Path | None, typer.Option(help="Holds the user's own token, for an issuer's service.")
    ] = None,
    identity_file: Annotated[
        Path | None, typer.Option(help="Holds the agent's identity, for an issuer's service.")
    ] = None,
    prompt_file: Annotated[
        Path | None, typer.Option(help="Holds what the user said. Never recorded.")
    ] = None,
    session: Annotated[
        str,
        typer.Option(
            help="A name: proxies that are given the same one share a session. (default: those "
            "of one user that run at the same time)"
        ),
    ] = "",
    session_trust: Annotated[
        Literal["untrusted", "trusted"],
        typer.Option(help="What a session begins with. `trusted` where the model sees no more."),
    ] = "untrusted",
    seconds: Annotated[int, typer.Option(help="How long one task may last.")] = 3600,
    env: Annotated[
        list[str] | None,
        typer.Option(help="A variable that the server behind has from here; give one for each."),
    ] = None,
    credential_env: Annotated[
        str, typer.Option(help="The variable that holds the token to show at --url.")
    ] = "",
    ask: Annotated[
        list[str] | None,
        typer.Option(help="What the server may ask of the host: elicitation, roots, sampling."),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds the server behind may take.")] = 300.0,
    restarts: Annotated[
        int, typer.Option(help="How often within an hour the server behind is started anew.")
    ] = 5,
    listen: Annotated[
        str, typer.Option(help="host:port, to answer over HTTP users who show a token.")
    ] = "",
    resource_url: Annotated[
        str, typer.Option(help="The proxy's own URL, as its callers know it.")
    ] = "",
    login: Annotated[
        list[str] | None,
        typer.Option(help="The URL of who issues users' tokens; give one for each."),
    ] = None,
    subject_claim: Annotated[
        str, typer.Option(help="The claim of a user's token that names the user: sub or email.")
    ] = "sub",
    callers: Annotated[
        int, typer.Option(help="How many tasks, and servers behind, there may be at once.")
    ] = 64,
    idle: Annotated[
        float, typer.Option(help="Seconds without a request after which a task is ended.")
    ] = 900.0,
    refused: Annotated[
        int,
        typer.Option(min=1, help="How many tokens of one address may be refused in a minute."),
    ] = 20,
    tls_cert: Annotated[Path | None, typer.Option(help="The certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen on other than loopback without TLS.")
    ] = False,
) -> None:
    """Stand in front of an MCP server: each message is judged before the server sees it.

    A host starts this in place of the server, and speaks to it over stdin and stdout, or over
    HTTP with --listen. What decides is named as for a guard: INBOUNDS_PDP_URL, or the embedded
    policy with INBOUNDS_DEPLOYMENT.
    """
    from inbounds.errors import ConfigurationError

    log_lines.to_stderr()
    try:
        import anyio

        from inbounds_server.mcp_proxy.caller import Launch
        from inbounds_server.mcp_proxy.run import over_http, over_stdio
    except ImportError as missing:
        if not (missing.name or "").startswith(("mcp", "httpx2", "uvicorn", "starlette", "anyio")):
            raise
        raise mcp_server.extra_missing() from None

    if bool(subject) == bool(listen):
        raise ConfigurationError(
            "the subject must be set by --subject, or by users' tokens with --listen",
            code="configuration.subject",
            hint="pass --subject if a host starts it, such as alice@acme.example, or --listen",
        )
    place = mcp_server.place(server, run or [], url, env=env or [], credential_env=credential_env)
    shared = f"mcp-proxy {session}" if session else None
    launch = Launch(intent, _text(prompt_file), seconds, session_trust, shared)
    options: dict[str, Any] = {
        "asks": _kinds(ask or []),
        "seconds": timeout,
        "restarts": restarts,
    }
    serve: Callable[[Guard], Awaitable[None]]
    if listen:
        certificate = listener.certificate(tls_cert, tls_key)
        listener.refuse_open(listen, secure=certificate is not None, insecure=insecure)
        listening = _listening(
            listen,
            resource_url,
            certificate,
            issuers=login or [],
            claim=subject_claim,
            most=callers,
            idle=idle,
            refused=refused,
        )

        def ready() -> None:
            sys.stderr.write(f"answering at {listening.resource}\n")

        def serve(guard: Guard) -> Awaitable[None]:
            _require_service(guard)
            options["launches"] = None if shared else _launches(guard)
            return over_http(guard, launch, place, listening, ready=ready, **options)
    else:

        def token() -> str:
            return _text(user_token_file).strip()

        token()

        def serve(guard: Guard) -> Awaitable[None]:
            options["launches"] = None if shared else _launches(guard)
            return over_stdio(guard, launch, subject, place, subject_token=token, **options)

    with _guard(identity_file) as guard:
        anyio.run(lambda: serve(guard))


def _require_service(guard: Guard) -> None:
    """Refuse to take tokens that nobody would verify.

    Raises:
        ConfigurationError: `configuration.listen_needs_issuer`.
    """
    from inbounds.errors import ConfigurationError

    if not guard.configuration.issuer_url:
        raise ConfigurationError(
            "--listen needs a service that verifies users' tokens, and none is set",
            code="configuration.listen_needs_issuer",
            hint="set INBOUNDS_ISSUER_URL to an issuer's service; see docs/issuer.md",
        )


def _listening(
    address: str, resource: str, certificate: tuple[Path, Path] | None, **more: Any
) -> Listening:
    from inbounds.errors import ConfigurationError
    from inbounds.identity.remote import require_url
    from inbounds_server.mcp_proxy.http import PATH
    from inbounds_server.mcp_proxy.run import Listening

    host, port = listener.host_and_port(address)
    shown = f"[{host}]" if ":" in host else host
    own = resource or f"http{'s' if certificate else ''}://{shown}:{port}{PATH}"
    for what, each in (("--resource-url", own), *(("--login", each) for each in more["issuers"])):
        require_url(each, what)
    if more["claim"] not in ("sub", "email"):
        raise ConfigurationError(
            "the claim that names the user must be `sub` or `email`",
            code="configuration.subject",
            hint="pass --subject-claim sub or --subject-claim email",
        )
    return Listening(host, port, own, certificate=certificate, **more)


def _guard(identity_file: Path | None) -> Guard:
    from inbounds.identity.file import FileIdentity
    from inbounds.pep import Guard
    from inbounds.pep.config import Configuration

    configuration = Configuration.read({})
    # Sessions in memory would be each process's own.
    kept = configuration.sessions or configuration.home_folder / "sessions.sqlite"
    return Guard(
        identity=FileIdentity(identity_file) if identity_file else None, sessions=str(kept)
    )


def _launches(guard: Guard) -> Launches:
    from inbounds_server.mcp_proxy.launches import Launches

    return Launches(guard.configuration.home_folder / "mcp-launches.sqlite")


def _kinds(named: list[str]) -> list[str]:
    from inbounds.errors import ConfigurationError
    from inbounds_server.mcp_proxy.server_requests import METHODS

    for each in named:
        if each not in METHODS:
            raise ConfigurationError(
                f"a server cannot ask for `{each}`",
                code="configuration.upstream",
                hint=f"pass --ask with one of {', '.join(METHODS)}",
            )
    return named


def _text(path: Path | None) -> str:
    from inbounds.errors import ConfigurationError
    from inbounds.files.regular_file import read_regular

    if path is None:
        return ""
    try:
        return read_regular(path, most=65_536)[0].decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"{path} cannot be read as text",
            code="configuration.file",
            hint="pass a file in UTF-8 of up to 64 KiB",
        ) from None
