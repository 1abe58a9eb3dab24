"""The issuer's service over HTTP: what is sent is read strictly, and answered in a few words."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import DecisionUnavailable, InboundsError, TokenInvalid
from inbounds.identity import TaskRequest, dpop, issuer_messages
from inbounds_server.http_listener import network_of

from .request_limits import Limited, RequestLimits
from .request_threads import RequestThreads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from inbounds.identity import TaskGrant
    from inbounds.identity.dpop import Proof

    from .in_force import InForce
    from .service import Service
    from .settings import Folder

    Endpoint = Callable[[Request], Awaitable[Response]]

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_NO_STORE = {"Cache-Control": "no-store"}
_FEW_ERRORS = 16
_KEYS_FOR = 300
"""How many seconds a key set may be kept for; a key is published before it signs."""

_UNTIL_IN_FORCE = 1.0
"""How long the answer to an end waits for those that the feed is pushed to, in seconds."""


class _Malformed(InboundsError):
    code = "issuer.malformed"
    hint = "ask with the SDK of the same version, or compare with docs/issuer.md"


def app(service: Service, folder: Folder, in_force: InForce | None = None) -> Starlette:
    """Return the application that serves one issuer.

    Args:
        service: What answers.
        folder: What it signs as; its URL is what proofs have to be for.
        in_force: Tells how far those are that the feed is pushed to; None where there are none.
    """
    made = Starlette(routes=_Doors(service, folder, in_force).routes())
    # Else a door with a slash too many answers with an address that the request names.
    made.router.redirect_slashes = False
    return made


class _Doors:
    def __init__(self, service: Service, folder: Folder, in_force: InForce | None) -> None:
        self._service = service
        self._folder = folder
        self._in_force = in_force
        self._limits = RequestLimits(folder)
        # Anybody may ask for a task; those who hold one do not wait for that. Who renews one waits
        # for no end either: without a fresh token, nothing of its agent runs.
        self._beginnings, self._renewals, self._ends = (RequestThreads() for _ in range(3))

    def routes(self) -> list[Route]:
        return [
            Route(issuer_messages.BEGIN, self._guarded(self._begin, begins=True), methods=["POST"]),
            Route(issuer_messages.RENEW, self._guarded(self._renew), methods=["POST"]),
            Route(issuer_messages.END, self._guarded(self._end), methods=["POST"]),
            Route(issuer_messages.KEYS, self._guarded(self._keys), methods=["GET"]),
            Route(issuer_messages.METADATA, self._guarded(self._metadata), methods=["GET"]),
            Route(issuer_messages.HEALTH, self._health, methods=["GET"]),
        ]

    # --- what is asked --------------------------------------------------------------------

    async def _begin(self, request: Request) -> Response:
        proof = self._proof(request, issuer_messages.BEGIN)
        sent, asking = await self._read(self._beginnings, request, read_asking)
        return _issued(
            await self._beginnings.answer(
                partial(
                    self._service.begin,
                    partial(_wanted, sent, proof),
                    agent=asking.agent,
                    identity=asking.identity,
                    proof=proof,
                    limit=partial(self._limits.beginning, address=_address(request)),
                )
            )
        )

    async def _renew(self, request: Request) -> Response:
        proof = self._proof(request, issuer_messages.RENEW)
        read = partial(read_message, kind=issuer_messages.Renewing)
        asked = await self._read(self._renewals, request, read)
        return _issued(
            await self._renewals.answer(
                partial(
                    self._service.renew,
                    asked.task,
                    identity=asked.identity,
                    proof=proof,
                    allow=self._limits.count_renewal,
                )
            )
        )

    async def _end(self, request: Request) -> Response:
        proof = self._proof(request, issuer_messages.END)
        read = partial(read_message, kind=issuer_messages.Ending)
        asked = await self._read(self._ends, request, read)
        end = await self._ends.answer(
            partial(
                self._service.end,
                asked.name,
                task=asked.task,
                chain=asked.chain,
                proof=proof,
                allow=self._limits.count_end,
            )
        )
        in_force = None
        if end.position is None:
            in_force = False
        elif self._in_force is not None:
            seconds = 0.0 if end.again else _UNTIL_IN_FORCE
            in_force = await self._in_force.at(end.position, _address(request), seconds=seconds)
        return _answer(issuer_messages.Ended(ended=asked.name, in_force=in_force))

    async def _keys(self, _request: Request) -> Response:
        keys = await run_in_threadpool(self._folder.published)
        return JSONResponse(keys, headers={"Cache-Control": f"public, max-age={_KEYS_FOR}"})

    async def _metadata(self, _request: Request) -> Response:
        # RFC 8414 §2, as far as it says where the keys are.
        issuer = self._folder.settings.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "jwks_uri": issuer + issuer_messages.KEYS,
                "response_types_supported": ["none"],
                "dpop_signing_alg_values_supported": ["ES256"],
            }
        )

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"ok": True}, headers=_NO_STORE)

    # --- what holds for each --------------------------------------------------------------

    def _guarded(self, door: Endpoint, *, begins: bool = False) -> Endpoint:
        async def guarded(request: Request) -> Response:
            try:
                # Read before it counts: one that never arrives takes nothing from its address.
                if request.method == "POST":
                    request.state.body = await _body(request)
                with self._limits.request(_address(request), begins=begins):
                    return await door(request)
            except InboundsError as error:
                return _refused(error)
            except ClientDisconnect:
                return Response(status_code=408)  # nobody reads it
            except Exception as error:  # noqa: BLE001 -- what failed is nobody's business outside
                logger.error("a request failed with %s", type(error).__name__)  # noqa: TRY400
                return _refused(DecisionUnavailable("the issuer failed", code="issuer.failed"))

        return guarded

    async def _read(
        self, threads: RequestThreads, request: Request, read: Callable[[bytes], T]
    ) -> T:
        """Read a request whose proof holds."""
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        if media != "application/json":
            raise _Malformed("the request is not JSON")
        return await threads.read(_address(request), read, request.state.body)

    def _proof(self, request: Request, path: str) -> Proof:
        proofs = request.headers.getlist("dpop")
        if len(proofs) != 1:
            raise TokenInvalid(
                "the request has no DPoP proof, or several",
                code="issuer.proof",
                hint="send each request with one fresh DPoP proof (RFC 9449)",
            )
        return dpop.proven(proofs[0], "POST", self._folder.settings.issuer + path)


def _address(request: Request) -> str:
    # What a proxy says about others is its own word, so that the proxy limits them.
    return network_of(request.client.host if request.client else "?")


async def _body(request: Request) -> bytes:
    """Return the body of a request, cut off where it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > issuer_messages.MAX_BYTES:
            break
    return bytes(body)


def read_message(body: bytes, kind: type[M]) -> M:
    """Read what was sent, at a cost that its sender does not choose.

    Raises:
        InboundsError: `issuer.malformed`: it is too long, holds too many values, or does not fit.
            None of it is quoted.
    """
    return _fitting(_parsed(body), kind)


def read_asking(body: bytes) -> tuple[Any, issuer_messages.Asking]:
    """Read who asks for a task. The rest costs more, and fits or not for a known agent alone.

    Returns:
        All that was sent, as plain values, and who asks.

    Raises:
        InboundsError: As `read_message`.
    """
    sent = _parsed(body)
    return sent, _fitting(sent, issuer_messages.Asking)


def _wanted(sent: Any, proof: Proof) -> TaskRequest:
    asked = _fitting(sent, issuer_messages.Beginning)
    return TaskRequest(
        subject=asked.subject,
        agent=asked.agent,
        intent=asked.intent,
        tenant=asked.tenant,
        environment=asked.environment,
        sid=asked.sid,
        scope=asked.scope,
        seconds=asked.seconds,
        holder=proof.jwk,
        subject_token=asked.subject_token,
    )


def _parsed(body: bytes) -> Any:
    if len(body) > issuer_messages.MAX_BYTES:
        raise _Malformed(f"the request is larger than {issuer_messages.MAX_BYTES} bytes")
    # Each value but the first follows one of these. A few within texts count as well.
    if sum(map(body.count, (b",", b"[", b"{"))) > issuer_messages.MAX_VALUES:
        raise _Malformed(f"the request holds more than {issuer_messages.MAX_VALUES} values")
    try:
        return strict_json(body)
    except NotStrictJson as error:
        raise _Malformed(f"the request cannot be read: {error}") from None


def _fitting(sent: Any, kind: type[M]) -> M:
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        raise _Malformed(
            f"the request is invalid: {_misfit(error, kind)} is missing or does not fit"
        ) from None


def _misfit(error: ValidationError, kind: type[BaseModel]) -> str:
    # All of them are written out where one is read.
    if error.error_count() > _FEW_ERRORS:
        return "a member"
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    # The names of our own fields, never a key of the sender's.
    known = [str(part) for part in first["loc"] if str(part) in kind.model_fields]
    return ".".join(known) or "a member"


def _issued(grant: TaskGrant) -> Response:
    return _answer(
        issuer_messages.Issued(
            token=grant.token,
            task=grant.task,
            authority=grant.authority,
            depth=grant.depth,
            cut=[dict(each) for each in grant.cut],
        )
    )


def _answer(said: BaseModel) -> Response:
    return Response(said.model_dump_json(), media_type="application/json", headers=_NO_STORE)


def _refused(error: InboundsError) -> Response:
    status, kind = _kind(error)
    message, remedy = error.message, error.hint
    if status == 503:
        # What failed here names files and servers of this side.
        logger.error("no answer: %s: %s", error.code, message)
        message, remedy = "the issuer cannot answer this now", "its own log says why; ask again"
    headers: dict[str, Any] = dict(_NO_STORE)
    if status in (429, 503):
        headers["Retry-After"] = "60" if status == 429 else "1"
    said = issuer_messages.Refused(
        error=kind,
        error_description=message,
        code=error.code,
        remedy=remedy,
        decision_id=error.decision_id,
    )
    return JSONResponse(said.model_dump(), status_code=status, headers=headers)


def _kind(error: InboundsError) -> tuple[int, str]:
    match error:
        case Limited():
            return 429, "slow_down"
        case _Malformed():
            return 400, "invalid_request"
        case TokenInvalid(code="issuer.proof"):
            return 400, "invalid_dpop_proof"
        case TokenInvalid():
            return 400, "invalid_grant"
    return 503, "temporarily_unavailable"
