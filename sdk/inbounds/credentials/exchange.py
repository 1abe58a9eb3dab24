"""Access tokens for one task, by OAuth token exchange (RFC 8693)."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from inbounds.errors import DecisionUnavailable, LeaseUnavailable
from inbounds.identity.client import OAuthClient
from inbounds.identity.compact import read_compact
from inbounds.identity.remote import json_object
from inbounds.process import clock

from .backend import Issued
from .target import misconfigured
from .token_response import ACCESS_TOKEN, Expected, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from inbounds.identity.compact import Unverified
    from inbounds.identity.signing_keys import SigningKey
    from inbounds.pdp.transport import Received

    from .backend import LeaseRequest
    from .target import Target

_GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
_TOKEN_ENDPOINT: Final = "the token endpoint"  # noqa: S105 -- what it is called
_REVOCATION_ENDPOINT: Final = "the revocation endpoint"
_OVER: Final = 60
"""How many seconds after its end a token is taken to be over by everybody's clock."""
_A_DAY: Final = 86_400
LONGEST_UNREVOKED: Final = 300
"""How many seconds a token may live at most that its server cannot revoke."""
# RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 9449 §5 and §8.
_REFUSALS: Final = {
    "invalid_client": "it does not know the client, or the secret or key is another",
    "unauthorized_client": "the client may not exchange tokens",
    "unsupported_grant_type": "it does not exchange tokens",
    "invalid_scope": "the client may not have this scope",
    "invalid_target": "the client may not have this audience or resource",
    "invalid_request": "it does not take one of the tokens, or lacks something in the request",
    "invalid_grant": "it does not take one of the tokens",
    "access_denied": "it does not grant this",
    "invalid_dpop_proof": "it does not take the proof of the key (DPoP): compare the clocks",
    "unsupported_token_type": "it revokes none of this kind (RFC 7009 §2.2.1), and it lasts until "
    "it expires: have them live short, and say `revocation=False`",
    "use_dpop_nonce": "it wants a nonce in the proof of the key, which is not supported",
}


class TokenExchange:
    """Leases access tokens that a token endpoint issues for another token (RFC 8693). Thread-safe.

    What is exchanged is the task's token, or the user's own; the agent's identity is the actor. The
    answer has to be exactly what was asked: this issuer and audience, this user, this agent as the
    actor, no more scope, no longer life than the task or the token that was exchanged, and, unless
    `dpop=False`, bound to a key that was generated for this lease alone (RFC 9449). Any
    other token is not used, and is revoked. Access tokens have to be JWTs: an opaque one cannot
    be compared, and is refused.

    The value of a lease has `access_token`, `token_type` and, bound to a key, `dpop_key`;
    `inbounds.credentials.authorization` makes the headers of a request from it.

    What must be revoked is kept sealed with the client's secret or key, so that the next process
    can revoke what a killed one held. Where that secret was replaced meanwhile, the token ends by
    itself. To revoke a token (RFC 7009) reaches those who ask the server about it; who
    only verifies its signature takes it until it expires, so have it live short.

    Args:
        issuer: The issuer identifier of the server, exactly as its tokens say it in `iss`.
        client_id: The client that the server knows this agent by.
        credentials: By the name that the deployment has for it, what a token is for.
        secret_file: The file of the client's secret.
        key_file: The file of the client's private key in PEM, P-256 or RSA.
        key_id: The `kid` that the server knows the key by.
        subject_token: Returns the access token of the user whose task it is (`Asked.subject`), a
            JWT, where that is what the server takes. The token has to hold the scopes that are
            asked for. Called on the thread of the call, which waits for it. By default the
            task's token is exchanged, whose issuer the server has to trust.
        subject_claim: Which claim of that token is the user's id as the deployment has it, such as
            `preferred_username`: one that the server vouches for. A token of anybody else than the
            user whose task it is (`Asked.subject`) is not exchanged then. Without it nobody
            compares the two, and `subject_token` alone sees to it.
        impersonation: Take a token that does not say who acts, and do not say so when asking.
            Whoever is shown it then cannot tell the agent from the user, nor can its log; what the
            agent did is in the evidence log alone. One that names another actor is refused all
            the same. For a server that knows no actor, with tokens of users that name none.
        dpop: Whether the token has to be bound to a key. One that is not can be used by whoever
            gets hold of it.
        revocation: Whether the server revokes what it has issued (RFC 7009); many do not where
            access tokens are JWTs. Without it nothing is revoked: a token lasts until it expires,
            also when its task was ended or killed, and one that lives for more than
            `LONGEST_UNREVOKED` seconds is not taken.
        ca: The file of a certificate authority, or None for those that `certifi` has.

    Raises:
        ConfigurationError: `configuration.oidc`: the issuer is not a URL of HTTPS, or secret or key
            cannot be used; `configuration.token_exchange`: there is no credential, or the
            task's token, which names the agent, would be exchanged for one that does not; or
            there is no user's token that could have the claim.
    """

    development = False

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        credentials: Mapping[str, Target],
        secret_file: str | Path | None = None,
        key_file: str | Path | None = None,
        key_id: str = "",
        subject_token: Callable[[LeaseRequest], str] | None = None,
        subject_claim: str = "",
        impersonation: bool = False,
        dpop: bool = True,
        revocation: bool = True,
        ca: str | None = None,
    ) -> None:
        self._client = OAuthClient(
            issuer, client_id, secret_file=secret_file, key_file=key_file, key_id=key_id, ca=ca
        )
        self._credentials = dict(credentials)
        self._subject_token = subject_token
        self._subject_claim = subject_claim
        self._impersonation = impersonation
        self._dpop = dpop
        self._revocation = revocation
        if not self._credentials:
            raise misconfigured("`credentials` names none")
        if subject_claim and subject_token is None:
            raise misconfigured("`subject_claim` is one of a user's token, and there is none")
        if impersonation and subject_token is None:
            raise misconfigured("a task's token names the agent, and `impersonation` would drop it")

    def has(self, credential: str) -> bool:
        """Whether a target is named for it."""
        return credential in self._credentials

    def issue(self, asked: LeaseRequest, kept: Callable[[str], None]) -> Issued:
        """Exchange the token, and compare what was issued. See `LeaseBackend.issue`.

        Raises:
            ConfigurationError: `configuration.oidc`: secret or key of the client cannot be used.
            LeaseUnavailable: `lease.not_exchangeable`: the current token cannot be exchanged;
                `lease.not_as_asked`: something else was issued; and as `LeaseBackend.issue`.
        """
        target = self._credentials.get(asked.credential)
        if target is None:
            raise _failed(
                "lease.refused", "no target is named for the credential", "`credentials=`"
            )
        # From here on, however long it takes to have the user's token.
        latest = int(clock.now()) + self._longest(asked)
        whole = self._subject(asked)
        subject = self._exchangeable(whole, target, asked)
        actor = _read(asked.identity, "of the agent").claims
        key, begun = self._drawn(), int(clock.now())
        expected = Expected(
            issuer=self._client.issuer,
            target=target,
            subject=_text(subject.claims, "sub"),
            actor={"sub": _text(actor, "sub"), "iss": actor.get("iss")},
            impersonation=self._impersonation,
            thumbprint=_thumbprint(key),
            begun=begun,
            ends=min(latest, subject.expires),
        )
        secret = self._client.secret()
        form = {
            "grant_type": _GRANT,
            "subject_token": whole,
            "subject_token_type": self._type(subject.claims),
            **self._acting(asked.identity, actor),
            "requested_token_type": ACCESS_TOKEN,
            **target.form(),
        }
        said = self._exchanged(form, key, asked.deadline)
        if self._revocation and (tokens := _tokens(said)):
            kept(_sealed(tokens, secret))
        if not _is_text(said, "access_token"):
            raise unusable("it has no `access_token`")
        expires = expected.expires(said)
        value = {"access_token": said["access_token"], "token_type": expected.kind}
        return Issued({**value, **_private(key)}, expires)

    def revoke(self, revocation: str, *, identity: str, deadline: float) -> None:  # noqa: ARG002 -- the client asks
        """Revoke the tokens of a lease. See `LeaseBackend.revoke`."""
        from .sealed import unseal

        try:
            said = json.loads(revocation)
            sealed, expires = said["sealed"], int(said["expires"])
        except (ValueError, TypeError, KeyError):
            raise unusable("what was kept of it cannot be read") from None
        if expires + _OVER <= clock.now():
            return
        try:
            tokens = unseal(sealed, self._client.secret())
        except (ValueError, TypeError):
            raise _failed(
                "lease.refused",
                "the client's secret is another than when the token was issued, so it lasts until "
                "it expires",
                "nothing need be done; the server's administrator can end it sooner",
            ) from None
        endpoint = self._endpoint("revocation", deadline)
        fault: LeaseUnavailable | None = None
        for token in tokens:
            try:
                self._revoked(endpoint, token, deadline)
            except LeaseUnavailable as error:
                # Another one may be taken back all the same, as where JWTs are not.
                fault = error
        if fault is not None:
            raise fault

    def _revoked(self, endpoint: str, token: str, deadline: float) -> None:
        # RFC 7009 §2.2: what is gone already is not a fault, and answered with 200 as well.
        answer = self._post(endpoint, {"token": token}, _REVOCATION_ENDPOINT, deadline)
        if answer.status != 200:
            raise _refused(_REVOCATION_ENDPOINT, answer, endpoint)

    # --- what is exchanged ----------------------------------------------------------------

    def _longest(self, asked: LeaseRequest) -> int:
        return asked.seconds if self._revocation else min(asked.seconds, LONGEST_UNREVOKED)

    def _subject(self, asked: LeaseRequest) -> str:
        if self._subject_token is None:
            return asked.task_token
        token = self._subject_token(asked)
        if not isinstance(token, str):
            raise _not_exchangeable("`subject_token` returned no text")
        return token

    def _exchangeable(self, token: str, target: Target, asked: LeaseRequest) -> Unverified:
        """Read the token that is to be exchanged; refuse what the server might widen."""
        if self._subject_token is None:
            return _read(token, "of the task")
        found = _read(token, "of the user")
        if self._subject_claim and not _is_of(found.claims, self._subject_claim, asked.subject):
            raise _not_exchangeable("the user's token is not of the user whose task it is")
        scope = found.claims.get("scope")
        held = set(scope.split(" ")) if isinstance(scope, str) else set()
        # Keycloak takes scopes from the client that asks, and not from the token.
        if not target.scopes <= held:
            raise _not_exchangeable("the user's token does not hold the scopes that are asked for")
        # Without an actor such a token would come back as if nobody else had ever acted.
        if self._impersonation and found.claims.keys() & {"act", "may_act"}:
            raise _not_exchangeable("the user's token says who acts or may act")
        return found

    def _acting(self, identity: str, claims: Mapping[str, Any]) -> dict[str, str]:
        if self._impersonation:
            return {}
        return {"actor_token": identity, "actor_token_type": self._type(claims)}

    def _type(self, claims: Mapping[str, Any]) -> str:
        # RFC 8693 §3: of its own a server says that it is an access token, of others a JWT.
        return ACCESS_TOKEN if claims.get("iss") == self._client.issuer else _JWT

    def _drawn(self) -> SigningKey | None:
        if not self._dpop:
            return None
        from inbounds.identity.signing_keys import SigningKey

        return SigningKey.generate()

    # --- what is sent ---------------------------------------------------------------------

    def _exchanged(
        self, form: Mapping[str, str], key: SigningKey | None, deadline: float
    ) -> dict[str, Any]:
        if self._revocation:
            self._endpoint("revocation", deadline)  # without one, nothing is asked for
        endpoint = self._endpoint("token", deadline)
        headers = {}
        if key is not None:
            from inbounds.identity.dpop import prove

            headers = {"DPoP": prove(key, "POST", endpoint.partition("?")[0])}
        answer = self._post(endpoint, form, _TOKEN_ENDPOINT, deadline, headers)
        if answer.status != 200:
            raise _refused(_TOKEN_ENDPOINT, answer, endpoint)
        return _object(answer, _TOKEN_ENDPOINT, endpoint)

    def _endpoint(self, which: str, deadline: float) -> str:
        try:
            provider = self._client.provider(deadline)
        except DecisionUnavailable as error:
            raise _of(error) from None
        endpoint = provider.token_endpoint if which == "token" else provider.revocation_endpoint
        if not endpoint:
            raise unusable(f"the server has no `{which}_endpoint`")
        return endpoint

    def _post(
        self,
        endpoint: str,
        form: Mapping[str, str],
        what: str,
        deadline: float,
        headers: Mapping[str, str] | None = None,
    ) -> Received:
        try:
            return self._client.post(endpoint, form, what, deadline=deadline, headers=headers)
        except DecisionUnavailable as error:
            self._client.forget()
            raise _of(error) from None

    def __repr__(self) -> str:
        return f"TokenExchange({self._client.issuer!r}, client_id={self._client.client_id!r})"


def _tokens(said: Mapping[str, Any]) -> list[str]:
    """All that was issued, asked for or not."""
    return [said[name] for name in ("access_token", "refresh_token") if _is_text(said, name)]


def _sealed(tokens: Sequence[str], secret: bytes) -> str:
    from .sealed import seal

    # What an access token that comes alone says of its end is believed for no more than when to
    # stop trying to revoke it. A refresh token says nothing of its own.
    expires = int(clock.now()) + _A_DAY
    if len(tokens) == 1:
        with suppress(DecisionUnavailable):
            expires = read_compact(tokens[0], "").expires
    return json.dumps({"sealed": seal(tokens, secret), "expires": expires})


def _is_of(claims: Mapping[str, Any], claim: str, subject: str) -> bool:
    # An address counts where the server says that it has verified it.
    verified = claim != "email" or claims.get("email_verified") is True
    return verified and bool(subject) and claims.get(claim) == subject


def _is_text(said: Mapping[str, Any], name: str) -> bool:
    return isinstance(said.get(name), str)


def _read(token: str, whose: str) -> Unverified:
    try:
        return read_compact(token, whose)
    except DecisionUnavailable as error:
        raise _not_exchangeable(error.message) from None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _not_exchangeable(f"one of the tokens has no `{name}`")
    return value


def _thumbprint(key: SigningKey | None) -> str:
    from inbounds.identity.signing_keys import thumbprint

    return "" if key is None else thumbprint(key.public)


def _private(key: SigningKey | None) -> dict[str, str]:
    return {} if key is None else {"dpop_key": key.private_jwk()}


def _object(answer: Received, what: str, url: str) -> dict[str, Any]:
    try:
        return json_object(answer, what, url)
    except DecisionUnavailable as error:
        raise _of(error) from None


def _refused(what: str, answer: Received, url: str) -> LeaseUnavailable:
    if answer.status == 429 or answer.status >= 500:
        return _failed("lease.unreachable", f"{what} answered with {answer.status}", _SEE)
    error = None
    if answer.status in (400, 401, 403):
        error = _object(answer, what, url).get("error")
    # Its own words may repeat what was sent, so that only what is known of them is told.
    why = _REFUSALS.get(error) if isinstance(error, str) else None
    return _failed("lease.refused", f"{what} refuses: {why or answer.status}", _SEE)


def _of(error: DecisionUnavailable) -> LeaseUnavailable:
    return _failed(error.code.replace("identity.", "lease."), error.message, error.hint)


def _not_exchangeable(why: str) -> LeaseUnavailable:
    return LeaseUnavailable(
        f"no token is asked for: {why}",
        code="lease.not_exchangeable",
        hint="see what `subject_token` returns, and what the agent's identity is",
    )


def _failed(code: str, message: str, hint: str) -> LeaseUnavailable:
    return LeaseUnavailable(message, code=code, hint=hint)


_SEE: Final = "see the log of the server, how the client is registered there, and docs/leases.md"
