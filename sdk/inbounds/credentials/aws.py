"""Sessions of roles at AWS, one for each lease, by the agent's own identity."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from inbounds.errors import (
    ConfigurationError,
    DecisionUnavailable,
    InboundsError,
    LeaseUnavailable,
    TokenInvalid,
)
from inbounds.identity.identity_cache import IdentityCache
from inbounds.identity.remote import Remote, require_url
from inbounds.process import clock

from .backend import Issued
from .session_policy import ends, misconfigured, session_policy, too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbounds.identity import IdentityProvider
    from inbounds.pdp.transport import Received

    from .backend import LeaseRequest
    from .session_policy import AwsRole

SHORTEST: Final = 900
"""How many seconds a session lives at least; what it may do ends with the lease."""
_SKEW: Final = 30
_LONGEST_TOKEN: Final = 20_000
_WHAT: Final = "the session"
_VERSION: Final = "2011-06-15"
_SPACE: Final = f"{{https://sts.amazonaws.com/doc/{_VERSION}/}}"
_CALL: Final = "AssumeRoleWithWebIdentity"
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_KEY = re.compile(r"\w{16,128}", re.ASCII)
_SECRET = re.compile(r"[\x21-\x7e]{1,65536}")
_PERCENT = re.compile(r"\d{1,2}|100", re.ASCII)
_END = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_AGAIN: Final = {"IDPCommunicationError", "Throttling", "ThrottlingException"}
_TOLD: Final = {
    "AccessDenied",
    "ExpiredTokenException",
    "IDPRejectedClaim",
    "InvalidIdentityToken",
    "MalformedPolicyDocument",
    "RegionDisabledException",
    "ValidationError",
} | _AGAIN
"""The codes of AWS that are repeated; any other could hold what was sent."""


class AssumedRole:
    """Leases sessions of roles at AWS (STS `AssumeRoleWithWebIdentity`). Thread-safe.

    It shows AWS an identity of the agent, so there is no key that outlives a task. The session may
    do what the role may, as far as the task may do it too, until the lease ends: that is
    its session policy. A session cannot be revoked, so leases are short. Nothing is
    read from the environment, from files of AWS, or from the machine's metadata service.

    Args:
        url: The STS of a region, such as `https://sts.eu-central-1.amazonaws.com`; plain HTTP
            counts on this machine alone.
        roles: By the name that the deployment has for it, the role that a credential is of.
        identity: Where the identity that AWS is shown comes from, with an audience of its own, so
            that it is worth nothing to whoever else takes identities; by default it is shown
            the one that the PDP is.
        seconds: How long a lease lives at most, from 60 to 3600. A tool that goes on has it
            leased again.
        ca: The file of a certificate authority, or None for those that `certifi` has.

    Raises:
        ConfigurationError: `configuration.aws`: the URL, or `seconds`, cannot be one.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """

    development = False

    def __init__(
        self,
        url: str,
        *,
        roles: Mapping[str, AwsRole],
        identity: IdentityProvider | None = None,
        seconds: int = 300,
        ca: str | None = None,
    ) -> None:
        try:
            self._url = require_url(url, "its URL").rstrip("/") + "/"
        except ConfigurationError as error:
            raise misconfigured(error.message) from None
        if type(seconds) is not int or not 60 <= seconds <= 3600:
            raise misconfigured("a lease lives for 60 to 3600 seconds")
        self._roles = dict(roles)
        self._seconds = seconds
        self._held = None if identity is None else IdentityCache(identity, waits=True)
        self._remote = Remote(ca)

    def has(self, credential: str) -> bool:
        """Whether a role is named for it."""
        return credential in self._roles

    def issue(self, asked: LeaseRequest, kept: Callable[[str], None]) -> Issued:  # noqa: ARG002 -- nothing to revoke
        """Have a session begun. See `LeaseBackend.issue`.

        Its value has the parts `aws_access_key_id`, `aws_secret_access_key` and
        `aws_session_token`, as boto3 calls them.
        """
        role = self._roles.get(asked.credential)
        if role is None:
            raise _failed("lease.refused", "no role is named for the credential", "`roles=`")
        name = _session_name(asked.task)
        begun = int(clock.now())
        until = ends(asked.authority, begun, min(asked.seconds, self._seconds))
        if until <= begun:
            raise _failed("lease.refused", "the task may not act now", "wait for its time")
        duration = max(until - begun, SHORTEST)
        policy = session_policy(role, asked.authority, until)
        answer = self._send(
            {
                "RoleArn": role.arn,
                "RoleSessionName": name,
                "WebIdentityToken": self._identity(asked),
                "DurationSeconds": str(duration),
                "Policy": policy,
            },
            asked.deadline,
        )
        said = _Answer(_parsed(answer.body), f"{_CALL}Response", f"{_CALL}Result")
        if said.one("AssumedRoleUser/Arn") != role.session(name):
            raise _unusable("it is a session of another role or name")
        for size in ("PackedPolicySize", "SessionTokenUtilization"):
            if said.has(size):
                said.one(size, _PERCENT)
        expires = _instant(said.one("Credentials/Expiration"))
        if not begun + duration - _SKEW <= expires <= int(clock.now()) + duration + _SKEW:
            raise _unusable("its end differs from the requested one; do the clocks agree?")
        value = {
            "aws_access_key_id": said.one("Credentials/AccessKeyId", _KEY),
            "aws_secret_access_key": said.one("Credentials/SecretAccessKey", _SECRET),
            "aws_session_token": said.one("Credentials/SessionToken", _SECRET),
        }
        return Issued(value, min(until, expires))

    def revoke(self, revocation: str, *, identity: str, deadline: float) -> None:
        """Do nothing: a session cannot be revoked, and grants nothing once the lease has ended."""

    def _identity(self, asked: LeaseRequest) -> str:
        token = asked.identity
        if self._held is not None:
            try:
                token = self._held.token(asked.agent, deadline=asked.deadline)
            except InboundsError as error:
                code = "refused" if isinstance(error, TokenInvalid) else "unreachable"
                message = f"the identity that AWS is shown could not be had: {error.message}"
                raise _failed(f"lease.{code}", message, error.hint) from None
        if len(token) > _LONGEST_TOKEN:
            raise _failed(
                "lease.refused", "the agent's identity is longer than AWS takes", "see its issuer"
            )
        return token

    def _send(self, parameters: Mapping[str, str], deadline: float) -> Received:
        form = {"Action": _CALL, "Version": _VERSION, **parameters}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/xml"}
        try:
            answer = self._remote.send(
                *("POST", self._url, _WHAT),
                deadline=deadline,
                body=urlencode(form).encode(),
                headers=headers,
            )
        except DecisionUnavailable as error:
            code = error.code.replace("identity.", "lease.")
            raise _failed(code, error.message, "see that STS answers there") from None
        if answer.status != 200:
            raise _refused(answer)
        return answer

    def __repr__(self) -> str:
        return f"AssumedRole({self._url!r}, roles={sorted(self._roles)})"


class _Answer:
    """What STS answered, read by names that must be there once each."""

    def __init__(self, root: ET.Element, name: str, result: str) -> None:
        if root.tag != _SPACE + name:
            raise _unusable(f"it is not a `{name}`")
        self._element = _only(root, result)

    def has(self, name: str) -> bool:
        """Whether there is an element of this name."""
        return self._element.find(_SPACE + name) is not None

    def one(self, path: str, form: re.Pattern[str] | None = None) -> str:
        """Return the text at a path.

        Raises:
            LeaseUnavailable: `lease.unusable`: it is not there, is there twice, or has other parts
                or another form.
        """
        element = self._element
        for name in path.split("/"):
            element = _only(element, name)
        text = element.text or ""
        if len(element) or not text or (form is not None and not form.fullmatch(text)):
            raise _unusable(f"its `{name}` is invalid")
        return text


def _only(element: ET.Element, name: str) -> ET.Element:
    found = element.findall(_SPACE + name)
    if len(found) != 1:
        raise _unusable(f"it has {len(found)} of `{name}`")
    return found[0]


def _parsed(body: bytes) -> ET.Element:
    try:
        text = body.decode("utf-8")
        # What STS answers declares nothing; entities are what makes XML dangerous to read.
        if "<!" in text:
            raise _unusable("it declares types or entities")
        return ET.fromstring(text)  # noqa: S314 -- nothing is declared, so nothing expands
    except (ValueError, ET.ParseError, RecursionError):
        raise _unusable("it is not XML") from None


def _instant(text: str) -> int:
    if _END.fullmatch(text):
        with suppress(ValueError, OverflowError):
            return int(datetime.fromisoformat(text).timestamp())
    raise _unusable("it does not say when it ends")


def _refused(answer: Received) -> LeaseUnavailable:
    code = _said(answer)
    if code == "PackedPolicyTooLarge":
        return too_large("AWS packs it with the tags of the identity, and has no room for both")
    again = answer.status == 429 or answer.status >= 500 or code in _AGAIN
    told = f" ({code})" if code in _TOLD else ""
    return _failed(
        "lease.unreachable" if again else "lease.refused",
        f"AWS answered with {answer.status}{told}",
        "see the trust policy of the role and the identity provider at IAM, and docs/leases.md",
    )


def _said(answer: Received) -> str:
    try:
        root = _parsed(answer.body)
        if root.tag != f"{_SPACE}ErrorResponse":
            return ""
        return _only(_only(root, "Error"), "Code").text or ""
    except LeaseUnavailable:
        return ""


def _unusable(why: str) -> LeaseUnavailable:
    return _failed("lease.unusable", f"what AWS said cannot be used: {why}", "see what answers")


def _session_name(task: str) -> str:
    """Return the id of a task; for a hop, that and 22 digits of the SHA-256 of its whole name."""
    first, *hops = task.split("/")
    if not all(_NAME.fullmatch(each) for each in (first, *hops)):
        raise _failed(
            "lease.refused",
            "the name of the task cannot be that of a session",
            "ids of 2 to 64 letters, digits and `+=,.@_-`",
        )
    if not hops:
        return first
    return f"{first[:41]}.{hashlib.sha256(task.encode()).hexdigest()[:22]}"


def _failed(code: str, message: str, hint: str) -> LeaseUnavailable:
    return LeaseUnavailable(message, code=code, hint=hint)
