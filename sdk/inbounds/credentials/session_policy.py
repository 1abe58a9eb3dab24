"""What the session of a role may do at AWS: no more than the task, and no longer than its lease."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, get_args

from inbounds.errors import ConfigurationError, LeaseUnavailable
from inbounds.model.question import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inbounds.model.claims import Authority

MOST: Final = 2048
"""How many characters a session policy may have (AWS STS, `Policy`)."""

_ROLE = re.compile(
    r"arn:(?P<partition>aws[a-z-]{0,16}):iam::(?P<account>[0-9]{12})"
    r":role/(?:[\x21-\x7e]{1,510}/)?(?P<name>[\w+=,.@-]{1,64})",
    re.ASCII,
)
_ACTION = re.compile(r"[a-z0-9-]{1,64}:[A-Za-z0-9]{1,128}", re.ASCII)
# Without what IAM reads as more than itself: `*`, `?` and `${…}`.
_TEMPLATE = re.compile(r"arn:aws[a-z-]{0,16}:[!-#%-)+->@-z|~]{1,256}\{id\}", re.ASCII)
_TEXT = re.compile(r"[\x20-\x7e]{1,1024}")
_LITERAL: Final = {"*": "${*}", "?": "${?}", "$": "${$}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRole:
    """A role at AWS that leases are sessions of, and what of it a task may have.

    Attributes:
        arn: The role, `arn:aws:iam::123456789012:role/invoices`.
        actions: By effect, the actions that bring it about, each by its whole name, such as
            `{"read": ["s3:GetObject"]}`. An effect that is not there gives none.
        resources: By the type that resources have in the deployment, how their ids stand in an
            ARN, as `{"invoice": "arn:aws:s3:::acme-invoices/{id}"}`. `{id}` is its end, since a
            task is bounded by how ids begin.

    Raises:
        ConfigurationError: `configuration.aws`: a part of it cannot be one.
    """

    arn: str
    actions: Mapping[Effect, Sequence[str]]
    resources: Mapping[str, str]

    def __post_init__(self) -> None:
        if not _ROLE.fullmatch(self.arn):
            raise misconfigured("the ARN of a role is invalid")
        if not {*self.actions} <= {*get_args(Effect)}:
            raise misconfigured("actions must be grouped by effect; one key is not an effect")
        named = [action for actions in self.actions.values() for action in actions]
        if any(isinstance(actions, str) for actions in self.actions.values()):
            raise misconfigured("the actions of an effect are a list")
        if not named or not all(_ACTION.fullmatch(action) for action in named):
            raise misconfigured("each action must be a single valid action")
        if not self.resources or not all(map(_TEMPLATE.fullmatch, self.resources.values())):
            raise misconfigured(
                "a resource is not an ARN that ends in `{id}` and has no `*`, `?`, `$`"
            )

    def session(self, name: str) -> str:
        """The ARN of a session of this name, as AWS says it."""
        found = _ROLE.fullmatch(self.arn)
        assert found is not None  # noqa: S101 -- it was made by this
        within = f"arn:{found['partition']}:sts::{found['account']}:assumed-role"
        return f"{within}/{found['name']}/{name}"


def ends(authority: Authority | None, now: int, seconds: int) -> int:
    """Return when a lease ends that is to live so long: no later than the window that it is in.

    Args:
        authority: What the task may do; None where nobody says.
        now: Unix seconds.
        seconds: How long it is to live at most.
    """
    windows = [] if authority is None else authority.windows
    open_until = [window.end for window in windows if window.start <= now < window.end]
    return min(now + seconds, max(open_until, default=now)) if windows else now + seconds


def session_policy(role: AwsRole, authority: Authority | None, until: int) -> str:
    """Return the session policy of a lease: what the task may do of what the role may, until then.

    Each bound of the task on resources of a type that the role knows becomes ARNs that begin as
    its prefixes do, with the actions for the effects that may be brought about there. AWS grants
    the meet of this and of what the role itself may.

    Args:
        role: What is leased.
        authority: What the task may do; None where nobody says.
        until: When it grants nothing any more, Unix seconds.

    Raises:
        LeaseUnavailable: `lease.unbounded`: the task sets no bound that this could be cut to;
            `lease.refused`: it may bring about nothing that the role has actions for;
            `lease.policy_too_large`.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    actions: defaultdict[str, set[str]] = defaultdict(set)
    for arn, allowed in _placed(role, authority):
        actions[arn] |= allowed
    grouped: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for arn, allowed in sorted(actions.items()):
        if allowed:
            grouped[tuple(sorted(allowed))].append(arn)
    if not actions:
        raise _unbounded("no resource of a type that the role has an ARN for is among its bounds")
    if not grouped:
        raise LeaseUnavailable(
            "the task may bring about nothing that the role has actions for",
            code="lease.refused",
            hint="see `actions` of the role, and the effects of the task",
        )
    end = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    statements = [
        {
            "Effect": "Allow",
            "Action": list(names),
            "Resource": arns,
            "Condition": {"DateLessThan": {"aws:CurrentTime": end}},
        }
        for names, arns in sorted(grouped.items())
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    if len(policy) > MOST:
        raise too_large(f"it has {len(policy)} characters, and AWS takes {MOST}")
    return policy


def _placed(role: AwsRole, authority: Authority | None) -> Iterator[tuple[str, set[str]]]:
    if authority is None:
        raise _unbounded("nobody says what the task may do")
    for bound in authority.resources:
        template = role.resources.get(bound.type)
        # A person is asked about what is only assumed or left to a record; a session asks nobody.
        if template is None or bound.assumed:
            continue
        left = _left_to_records(bound.type, authority)
        effects = ({*(bound.effects or authority.effects)} & {*authority.effects}) - left
        allowed = {action for effect in effects for action in role.actions.get(effect, ())}
        for prefix in bound.prefixes:
            yield template.removesuffix("{id}") + _literal(prefix) + "*", allowed


def _left_to_records(kind: str, authority: Authority) -> set[str]:
    return {
        effect
        for bound in authority.delegated
        if bound.type == kind
        for effect in bound.effects or authority.effects
        if effect != "read"
    }


def _literal(prefix: str) -> str:
    """How the ids of a bound begin, so that IAM takes it for itself."""
    if not prefix:
        raise _unbounded("its bound is all resources of a type")
    if not _TEXT.fullmatch(prefix):
        raise LeaseUnavailable(
            "how the ids of a bound begin cannot stand in an ARN",
            code="lease.refused",
            hint="prefixes of printable ASCII, of 1024 characters at most",
        )
    return "".join(_LITERAL.get(letter, letter) for letter in prefix)


def _unbounded(why: str) -> LeaseUnavailable:
    return LeaseUnavailable(
        f"no session policy can be made of what the task may do: {why}",
        code="lease.unbounded",
        hint="give the intent, or `scope`, prefixes of the resources that the role is for",
    )


def too_large(why: str) -> LeaseUnavailable:
    """Say that a session policy is too large for AWS; none is ever cut."""
    return LeaseUnavailable(
        f"the session policy of the task is too large: {why}",
        code="lease.policy_too_large",
        hint="narrow the task to fewer prefixes, or the role to fewer actions",
    )


def misconfigured(why: str) -> ConfigurationError:
    """Say why a role, or where it is asked for, cannot be used."""
    return ConfigurationError(
        f"AWS cannot be used: {why}", code="configuration.aws", hint="docs/leases.md has all of it"
    )
