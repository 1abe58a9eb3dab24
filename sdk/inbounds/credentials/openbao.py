"""Credentials from OpenBao, or a Vault that speaks as it does: made for a task, and unmade.

It is spoken to by `Remote`, which has one deadline for a whole answer, follows no redirect and
reads no proxy or token out of the environment.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

from inbounds.errors import ConfigurationError, DecisionUnavailable, LeaseUnavailable
from inbounds.identity.remote import Remote, json_object, require_url
from inbounds.process import clock

from .backend import Issued

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbounds.pdp.transport import Received

    from .backend import LeaseRequest

_PATH = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", re.ASCII)
_HEADER = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)
_WHAT: Final = "the lease"


class OpenBao:
    """Leases what a secrets engine of OpenBao makes, such as a role of a database. Thread-safe.

    It logs in for each lease, by a JWT, as `role`; what is leased is bound to that login. To
    revoke it logs in as `revoker`, by the agent's identity, so that a process that has been
    killed needs nothing kept of what it held. docs/leases.md has both roles.

    Args:
        url: Where it answers, `https://…`; plain HTTP counts on this machine alone.
        role: The role of the JWT login that may read the credentials.
        revoker: The role that may revoke leases and accessors, and nothing else.
        credentials: By the name that the deployment has for it, the path that a credential is
            read at, such as `database/creds/tickets`.
        login: With which JWT: that of the `task`, as its issuer signed it, or of the agent's
            `identity`. A task that was delegated is the issuer's still.
        mount: Where the JWT login is mounted.
        namespace: The namespace of all of it, or "".
        ca: The file of a certificate authority, or None for those that `certifi` has.

    Raises:
        ConfigurationError: The URL, a path or a name cannot be one.
    """

    development = False

    def __init__(
        self,
        url: str,
        *,
        role: str,
        revoker: str,
        credentials: Mapping[str, str],
        login: Literal["task", "identity"] = "task",
        mount: str = "jwt",
        namespace: str = "",
        ca: str | None = None,
    ) -> None:
        try:
            self._url = require_url(url, "its URL").rstrip("/")
        except ConfigurationError as error:
            raise _misconfigured(error.message) from None
        self._role, self._revoker = role, revoker
        self._credentials = dict(credentials)
        self._login = login
        self._mount = mount
        self._headers = {"X-Vault-Request": "true"}
        if namespace:
            self._headers["X-Vault-Namespace"] = namespace
        self._remote = Remote(ca)
        names = [mount, *self._credentials.values(), *([namespace] if namespace else [])]
        if not all(isinstance(name, str) and _PATH.fullmatch(name) for name in names):
            raise _misconfigured("a mount, namespace or path is invalid")
        if any(".." in name.split("/") for name in names):
            raise _misconfigured("a mount, namespace or path climbs")
        if not role or not revoker or login not in ("task", "identity"):
            raise _misconfigured("a role is missing, or `login` is another word")

    def has(self, credential: str) -> bool:
        """Whether a path is named for it."""
        return credential in self._credentials

    def issue(self, asked: LeaseRequest, kept: Callable[[str], None]) -> Issued:
        """Log in and read the credential. See `LeaseBackend.issue`."""
        path = self._credentials.get(asked.credential)
        if path is None:
            raise _failed("lease.refused", "no path is named for the credential", "`credentials=`")
        jwt = asked.task_token if self._login == "task" else asked.identity
        begun = int(clock.now())
        auth = self._logged_in(self._role, jwt, asked.deadline)
        revocation = {"accessor": _text(auth, "accessor")}
        kept(json.dumps(revocation))
        answer = self._send(
            "GET", f"/v1/{path}", token=_text(auth, "client_token"), deadline=asked.deadline
        )
        if answer.status != 200:
            raise _refused("the credential", answer)
        said = self._object(answer)
        data, lease = said.get("data"), said.get("lease_id")
        if isinstance(lease, str) and lease:
            kept(json.dumps({**revocation, "lease": lease}))
        if not isinstance(data, dict) or not data:
            raise _unusable("it has no `data`")
        value = {str(name): part for name, part in data.items() if isinstance(part, str)}
        if not value:
            raise _unusable("no part of it is text")
        # Over with its own time, with that of the login, or with the task's.
        lives = [_seconds(auth), *([_seconds(said)] if lease else []), asked.seconds]
        return Issued(value, begun + min(seconds for seconds in lives if seconds > 0))

    def revoke(self, revocation: str, *, identity: str, deadline: float) -> None:
        """Revoke the lease, and the login that it was made by. See `LeaseBackend.revoke`."""
        try:
            said = json.loads(revocation)
            accessor, lease = said["accessor"], said.get("lease", "")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise _unusable("what was kept of it cannot be read") from None
        token = _text(self._logged_in(self._revoker, identity, deadline), "client_token")
        if lease:
            # It answers once the database has ended what was opened; the other does not wait.
            self._revoked(
                "/v1/sys/leases/revoke", {"lease_id": lease, "sync": True}, token, deadline
            )
        self._revoked("/v1/auth/token/revoke-accessor", {"accessor": accessor}, token, deadline)

    def _revoked(self, path: str, body: Mapping[str, Any], token: str, deadline: float) -> None:
        # What is gone already is not a fault: it answers with 204, or with 200 and a warning.
        answer = self._send("POST", path, body, token=token, deadline=deadline)
        if answer.status not in (200, 204):
            raise _refused("the revocation", answer)

    def _logged_in(self, role: str, jwt: str, deadline: float) -> dict[str, Any]:
        path = f"/v1/auth/{quote(self._mount)}/login"
        answer = self._send("POST", path, {"role": role, "jwt": jwt}, deadline=deadline)
        if answer.status != 200:
            raise _refused(f"the login as `{role}`", answer)
        auth = self._object(answer).get("auth")
        if not isinstance(auth, dict):
            raise _unusable("the login has no `auth`")
        return auth

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: str = "",
        deadline: float,
    ) -> Received:
        headers = {**self._headers, **({"X-Vault-Token": token} if token else {})}
        sent = None if body is None else json.dumps(body).encode()
        try:
            return self._remote.send(
                method, f"{self._url}{path}", _WHAT, deadline=deadline, body=sent, headers=headers
            )
        except DecisionUnavailable as error:
            code = error.code.replace("identity.", "lease.")
            raise _failed(code, error.message, "see that OpenBao answers there, unsealed") from None

    def _object(self, answer: Received) -> dict[str, Any]:
        try:
            return json_object(answer, _WHAT, self._url)
        except DecisionUnavailable as error:
            raise _unusable(error.message) from None

    def __repr__(self) -> str:
        return f"OpenBao({self._url!r}, role={self._role!r}, revoker={self._revoker!r})"


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    # It becomes part of a header.
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise _unusable(f"the login has no `{name}`; is its role of type `batch`?")
    return value


def _seconds(said: Mapping[str, Any]) -> int:
    value = said.get("lease_duration")
    return value if type(value) is int else 0


def _refused(what: str, answer: Received) -> LeaseUnavailable:
    # Its own words may repeat what was sent, so that only the status is told.
    sealed = answer.status in (429, 472, 473) or answer.status >= 500
    code = "lease.unreachable" if sealed else "lease.refused"
    hint = "see the audit log of OpenBao, and docs/leases.md for the roles and policies"
    return _failed(code, f"OpenBao answered {what} with {answer.status}", hint)


def _unusable(why: str) -> LeaseUnavailable:
    return _failed("lease.unusable", f"what OpenBao said cannot be used: {why}", "see its version")


def _failed(code: str, message: str, hint: str) -> LeaseUnavailable:
    return LeaseUnavailable(message, code=code, hint=hint)


def _misconfigured(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"OpenBao cannot be used: {why}",
        code="configuration.openbao",
        hint="paths are such as `database/creds/tickets`, without `/v1/`; docs/leases.md has all",
    )
