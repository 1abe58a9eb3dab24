"""Configuration in one place: what a constructor is given, else `INBOUNDS_*`, else a default.

A variable or option that nobody knows is an error when a `Guard` is made: a misspelt one
would otherwise switch something off in silence.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "INBOUNDS_"

# Read elsewhere: by the tools around the SDK, and by `DevelopmentCredentials`.
_CREDENTIALS = "INBOUNDS_DEVELOPMENT_CREDENTIAL_"
_ELSEWHERE = frozenset(
    {"OPA_BINARY", "OPA_OLDEST_BINARY", "REGAL_BINARY", "RELEASE_KEY", "RELEASE_PUB"}
)


_LONGEST_WAIT = 7 * 86_400


class Options(TypedDict, total=False):
    """The options of a `Guard`; each overrides the variable of its name."""

    pdp_url: str
    pdp_token: str
    pdp_ca: str
    pdp_cert: str
    pdp_cleartext: bool
    bundle: str | Path
    bundle_key: str | Path
    deployment: str | Path
    home: str | Path
    agent: str
    tenant: str
    environment: str
    pep: str
    issuer_url: str
    issuer_ca: str
    deadline: float
    approval_wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything a `Guard` can be told. Each field is an option and an `INBOUNDS_*` variable.

    Attributes:
        pdp_url: Where OPA answers, `https://…` or `unix:///…`; empty for the embedded policy.
        pdp_token: The PEP's bearer token.
        pdp_ca: A file of certificate authorities to trust instead of the usual ones.
        pdp_cert: A client certificate with its key, PEM.
        pdp_cleartext: Send the token over plain HTTP beyond this machine all the same.
        bundle: The signed WASM artefact of the embedded policy; empty for the shipped one.
        bundle_key: The public key it must be signed with; empty for the shipped one.
        deployment: The folder of the deployment's YAML, for the embedded policy.
        home: The folder of state: issuer, sessions, evidence, keys.
        evidence: The file of the evidence log.
        sessions: `memory`, the file of the session store, or the URL of a Redis.
        agent: The SPIFFE ID of the agent that acts.
        tenant: The tenant of the tasks.
        environment: The environment of the tasks.
        pep: The id of this PEP in the deployment.
        issuer_url: Where the issuer's service answers; empty for the development issuer.
        issuer_ca: A file of certificate authorities to trust there instead of the usual ones.
        deadline: Seconds a decision may take, from the call to the permit.
        approvals: The file of the queue in which people are asked; empty where nobody is.
        approval_wait: Seconds a call waits there for an answer; 0 does not wait.
    """

    pdp_url: str = ""
    pdp_token: str = ""
    pdp_ca: str = ""
    pdp_cert: str = ""
    pdp_cleartext: bool = False
    bundle: str = ""
    bundle_key: str = ""
    deployment: str = ""
    home: str = ""
    evidence: str = ""
    sessions: str = ""
    agent: str = ""
    tenant: str = ""
    environment: str = ""
    pep: str = ""
    issuer_url: str = ""
    issuer_ca: str = ""
    deadline: float = 2.0
    approvals: str = ""
    approval_wait: float = 0.0

    @classmethod
    def read(
        cls, options: Mapping[str, Any], environ: Mapping[str, str] | None = None
    ) -> Configuration:
        """Merge options over the environment over the defaults.

        Args:
            options: What the constructor was given; `None` means not given.
            environ: The environment; `os.environ` when absent.

        Raises:
            ConfigurationError: An option or variable that nobody knows, a deadline that is
                no positive number, or a switch that is neither on nor off.
        """
        environ = os.environ if environ is None else environ
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        for variable, value in environ.items():
            if not variable.startswith(PREFIX) or variable.startswith(_CREDENTIALS):
                continue
            name = variable.removeprefix(PREFIX)
            if name in _ELSEWHERE:
                continue
            if name.lower() not in known or not name.isupper():
                raise ConfigurationError(
                    f"the variable {variable} means nothing here",
                    code="configuration.unknown_variable",
                    hint=_meant(variable, [PREFIX + field.upper() for field in known]),
                )
            values[name.lower()] = value
        for name, value in options.items():
            if name not in known:
                raise ConfigurationError(
                    f"the option `{name}` means nothing here",
                    code="configuration.unknown_option",
                    hint=_meant(name, list(known)),
                )
            if value is not None:
                values[name] = os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, read in _READ.items():
            if name in values:
                values[name] = read(values[name])
        return cls(**values)

    def require_one_engine(self) -> None:
        """Refuse what names an OPA server and a bundle for the embedded policy at once.

        Raises:
            ConfigurationError: `configuration.two_engines`.
        """
        if self.pdp_url and self.bundle:
            raise ConfigurationError(
                f"INBOUNDS_PDP_URL ({self.pdp_url}) and INBOUNDS_BUNDLE ({self.bundle}) are both "
                "set, and only one policy can decide",
                code="configuration.two_engines",
                hint="unset INBOUNDS_BUNDLE to ask OPA, or INBOUNDS_PDP_URL for the bundle",
            )

    @property
    def home_folder(self) -> Path:
        """The folder of state; not made here."""
        if self.home:
            return Path(self.home)
        from inbounds.evidence.paths import home

        return home({})

    @property
    def deployment_folder(self) -> Path:
        """The folder of the deployment's YAML; not made here."""
        return Path(self.deployment or "deployment")

    def __repr__(self) -> str:
        return "Configuration(" + ", ".join(self._shown()) + ")"

    def _shown(self) -> list[str]:
        from inbounds.sessions.redis_address import shown

        said = {field.name: repr(getattr(self, field.name)) for field in fields(self)}
        said |= {"pdp_token": "***", "sessions": repr(shown(str(self.sessions)))}
        return [
            f"{field.name}={said[field.name]}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]


def _positive(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < 3600:
        raise ConfigurationError(
            "`deadline` must be greater than 0 seconds",
            code="configuration.deadline",
            hint="such as INBOUNDS_DEADLINE=0.5",
        )
    return number


def _wait(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number <= _LONGEST_WAIT:
        raise ConfigurationError(
            "`approval_wait` must be 0 or more seconds",
            code="configuration.approval_wait",
            hint="such as INBOUNDS_APPROVAL_WAIT=120; 0 does not wait",
        )
    return number


def _cleartext(value: Any) -> bool:
    return _switch("pdp_cleartext", value)


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("1", "0", ""):
        return bool(value == "1")
    variable = PREFIX + name.upper()
    raise ConfigurationError(
        f"{variable} is neither on nor off",
        code="configuration.switch",
        hint=f"{variable}=1 is on; without it, it is off",
    )


_READ: dict[str, Callable[[Any], Any]] = {
    "deadline": _positive,
    "approval_wait": _wait,
    "pdp_cleartext": _cleartext,
}


def _meant(word: str, known: list[str]) -> str:
    from inbounds.text.similar_names import closest

    close = closest(word, known)
    return f"did you mean {close}?" if close else f"known are {', '.join(sorted(known))}"
