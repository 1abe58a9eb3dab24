"""The one door between an agent and its tools."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self, Unpack, cast

from inbounds.model.claims import Scope
from inbounds.pep.beginning import TaskInput, begin
from inbounds.pep.config import Configuration, Options
from inbounds.pep.runtime import Runtime, engine
from inbounds.pep.tool import GuardedTool, GuardedTools, ResourceOf, ToolDecorator
from inbounds.sessions.store import SessionKey

from .task import Task

if TYPE_CHECKING:
    from inbounds.approvals import ApprovalCallback
    from inbounds.credentials.store import Backends
    from inbounds.evidence import EvidenceLog
    from inbounds.evidence.report import TaskReport
    from inbounds.identity import IdentityProvider, Issuer
    from inbounds.model.question import Trust
    from inbounds.pdp import PolicyDecisionPoint
    from inbounds.pep.delegation import ChainOf
    from inbounds.pep.obligations import Notify
    from inbounds.pep.runtime import CallEnvironmentOf
    from inbounds.sessions.protocol import SessionStore

logger = logging.getLogger(__name__)


class Guard:
    """Stands between an agent and every tool it calls.

    With nothing said, it decides by the policy in this package and the deployment in
    `./deployment`; with `INBOUNDS_PDP_URL`, by the OPA server there. Every option is also a
    variable, see `Configuration`. Thread-safe.

    Args:
        pdp: What decides, instead of what the configuration names.
        issuer: Who signs identities and tasks, instead of the development issuer.
        identity: Where the agent's identity comes from, instead of the issuer: such as
            `FileIdentity`, `SpireIdentity` or `OidcIdentity` of `inbounds.identity`.
        sessions: Where sessions are kept: a store, its file, the URL of a Redis, or "memory".
        evidence: Where records are kept: a log, or its file.
        notify: How the obligation `notify` is discharged; raising means that nobody was told.
            Without it, what the policy wants somebody to be told of does not run.
        call_environment: Where calls come from, as `{"network": "office"}`, or a function that
            says so at each call. Rules read it as `input.context.environment`; it is this
            PEP's word, so let it come from what the agent cannot change.
        approvals: How a person is asked, where the policy says so: a function that takes an
            `AccessRequest` and returns the approval that an approver has signed, or None; or
            the file of a queue, which `inbounds approvals` answers. It delivers, and never signs.
        leases: What leases the credentials of tools: one `inbounds.credentials.LeaseBackend`,
            or one for each credential by its name. A tool's are leased before it is called.
        options: See `Configuration`.

    Raises:
        ConfigurationError: Something is missing, misspelt or cannot be used.
    """

    def __init__(
        self,
        *,
        pdp: PolicyDecisionPoint | None = None,
        issuer: Issuer | None = None,
        identity: IdentityProvider | None = None,
        sessions: SessionStore | str | Path | None = None,
        evidence: EvidenceLog | str | Path | None = None,
        notify: Notify | None = None,
        call_environment: CallEnvironmentOf | None = None,
        approvals: ApprovalCallback | str | Path | None = None,
        leases: Backends = None,
        **options: Unpack[Options],
    ) -> None:
        files = {"sessions": sessions, "evidence": evidence, "approvals": approvals}
        named = {name: file for name, file in files.items() if isinstance(file, str | Path)}
        configuration = Configuration.read({**options, **named})
        logger.info("a guard that decides by %s", engine(pdp, configuration))
        self._runtime = Runtime.assemble(
            configuration,
            pdp=pdp,
            issuer=issuer,
            identity=identity,
            sessions=None if isinstance(sessions, str | Path) else sessions,
            evidence=None if isinstance(evidence, str | Path) else evidence,
            notify=notify,
            call_environment=call_environment,
            approvals=None if isinstance(approvals, str | Path) else approvals,
            leases=leases,
        )
        self._tools = GuardedTools()
        self.configuration = self._runtime.configuration
        self.issuer = self._runtime.issuer
        self.evidence = self._runtime.evidence

    # --- what a framework author uses -----------------------------------------------------

    def tool(self, name: str, *, resource: ResourceOf) -> ToolDecorator:
        """Guard a function: it runs under a task only, and only where the policy allows it.

        Args:
            name: The name it has in the tool registry.
            resource: Takes the tool's arguments, by its parameters, and says what the call
                touches: a `Resource`, or a type and an id.

        Raises:
            ConfigurationError: The name is taken, or the function's arguments have no names.
        """

        def guard(function: Callable[..., Any], /) -> GuardedTool[..., Any]:
            return self._tools.add(name, function, resource)

        return cast("ToolDecorator", guard)

    @property
    def tools(self) -> Mapping[str, GuardedTool[..., Any]]:
        """The guarded tools by name."""
        return self._tools.by_name()

    def task(
        self,
        intent: str,
        *,
        subject: str,
        prompt: str = "",
        session: str | None = None,
        conversation: str | None = None,
        scope: Scope | None = None,
        seconds: int = 3600,
        subject_token: str = "",
        data: str | Sequence[str] = (),
        trust: Trust = "trusted",
    ) -> Task:
        """Begin a task: what the user asked for, bounded by what the policy grants.

        Args:
            intent: The name of an intent of the deployment, such as `summarise`.
            subject: The id of the user on whose authority it runs.
            prompt: What the user said, in the user's own words. Never recorded.
            session: The `sid` of the session to go on with, as `Task.session.sid` says it; a
                fresh one by default.
            conversation: The id that the framework or the program has for the conversation, such
                as a `thread_id`. The task goes on in the session that it is bound to, in any
                process that has the session store; a conversation that is not bound is bound to
                the session of this task.
            scope: What to ask for less of.
            seconds: How long the task may last at most.
            subject_token: The user's own token, which an issuer's service asks for.
            data: What the agent is given with the prompt and others wrote, such as a mail that
                was pasted. It is text of a third party, and makes the session untrusted.
            trust: `untrusted` where the agent sees what this guard does not judge, such as the
                files of an editor. It never makes a session trusted again.

        Raises:
            ConfigurationError: `data` is neither text nor a list of texts.
            TokenInvalid: The policy grants nothing of it.
            DecisionUnavailable: `session.lost`: there is no such session of this subject, agent
                and tenant, or the one that the conversation is bound to is gone; or the policy or
                the session store could not be reached.
            ConfigurationError: `conversation.other_session`: the conversation is bound to another
                session than `session`; `conversation.malformed`.
        """
        about: Any = {"scope": scope, "seconds": seconds, "subject_token": subject_token}
        request = partial(self._runtime.request, intent, subject, **about)
        told, where = TaskInput(prompt, data, trust), (session, conversation)
        grant, key = begin(self._runtime, subject, where, request, issuer=self.issuer, told=told)
        return Task(self._runtime, self._tools, grant, key, conversation=conversation)

    @property
    def holder(self) -> Mapping[str, str]:
        """The public key that this guard holds its tasks by, a JWK: for who delegates to it."""
        return self._runtime.holder().public

    def accept(self, chain: ChainOf) -> Task:
        """Take a task that another agent has delegated to the agent of this guard.

        It goes on in the session that the task was begun in, with its labels and what it has
        spent, so that both guards keep their sessions in one store. What the other agent says
        is not a word of the user's: only what the task itself states vouches for an argument.

        Args:
            chain: What `Delegation.chain` says there, or a function that fetches it: a chain
                expires within minutes, and is fetched again then.

        Raises:
            TokenInvalid: It comes to nothing here, by the code that says why.
            DecisionUnavailable: `session.lost`: the session is not in this guard's store; or the
                policy or the store could not be reached.
        """
        from inbounds.pep.delegation import accept_chain, renewer

        grant = accept_chain(self._runtime, chain() if callable(chain) else chain)
        request = grant.request
        key = SessionKey(request.tenant, request.subject, grant.agents[0], request.sid)
        # One that is not there was lost, with its labels; it never begins anew.
        self._runtime.sessions.load(key)
        return Task(self._runtime, self._tools, grant, key, renewer(self._runtime, chain))

    def report(self, task: str) -> TaskReport:
        """Return whether a task stayed within bounds, from the evidence log alone.

        Raises:
            ConfigurationError: The evidence log in use cannot be read back.
        """
        return self._runtime.report(task)

    def close(self) -> None:
        """Release connections, files and memory. A closed guard permits nothing."""
        self._runtime.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a guard is one process's: make one in each")

    def __repr__(self) -> str:
        return f"Guard(pdp={self._runtime.pdp.name!r}, tools={sorted(self.tools)!r})"
