"""The questions about a task that is delegated, begun or renewed, and their answers.

These models are the one description of every shape, as `models` are; see there.

This module does no I/O.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .claims import Authority, IssuanceAnswer, IssuanceQuestion
from .question import Count, Jwk, Name, Sequenced, _Closed, _Open
from .whole_question import Credentials


class Holding(_Closed):
    """Who holds a task, by what is signed."""

    agent: Name
    credentials: Credentials


class AcceptanceQuestion(_Closed):
    """Asks which authority a chain gives to its last agent (`inbounds/delegation/accepted`)."""

    question: Literal[1]
    context: Holding


class DelegationQuestion(AcceptanceQuestion):
    """Asks how much of a task its holder may delegate (`inbounds/delegation/child`).

    `asked` is what is asked for the agent that is to have it, of the same task.
    """

    asked: IssuanceQuestion


class IssuerQuestion(_Closed):
    """Asks whether a task may be begun (`inbounds/issuer/begun`) with the token about to be issued.

    `subject_token` is the user's own (RFC 8693 §2.1), or empty where the workload acts on its own
    authority.
    """

    question: Literal[1]
    context: Holding
    subject_token: str = Field("", repr=False)


class RenewalQuestion(IssuerQuestion):
    """Asks whether a task may go on (`inbounds/issuer/renewed`) with the token about to be issued.

    `held` is what was approved so far; the user need not be there.
    """

    held: Authority


class Hop(_Open):
    """A hop of a task: the name by which it is ended, and the public key of its holder.

    `issuer` is the issuer that signed the task.
    """

    name: Name
    jwk: Jwk
    issuer: Name


class AcceptanceAnswer(IssuanceAnswer):
    """The answer of `inbounds/delegation/accepted`: the task, and the authority that is left of it.

    `agents` are those that have or had the task, first the one that it was begun for. `expires` is
    the end of the token that ends first.
    """

    task: str = ""
    sid: str = ""
    tenant: str = ""
    subject: str = ""
    agents: Sequenced[str] = ()
    delegation: str = ""
    expires: Count = 0
