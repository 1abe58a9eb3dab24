"""The leases that a guard holds, each for one task, and what sees to it that they end."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from inbounds.credentials.task_authority import entered_task
from inbounds.errors import ConfigurationError, DecisionUnavailable, InboundsError, LeaseUnavailable
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.process.locks import ProcessLock

from . import LEASE_TOOL
from .backend import Issued, LeaseBackend, LeaseRequest
from .lease import Lease
from .no_leases import no_backend
from .revocation_worker import RevocationWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inbounds.identity import TaskGrant, TaskRequest
    from inbounds.model.claims import Authority
    from inbounds.model.question import Decision
    from inbounds.pdp.registry import Registry

    from .outbox import LeaseOutbox, Row

logger = logging.getLogger(__name__)

RENEW_WITHIN: Final = 30
"""A lease that has fewer seconds left is not used again; one that lives short, in its last
fifth."""
LONGEST: Final = 3600
"""How many seconds a lease lives at most, however long its task does."""

_asking: ContextVar[dict[str, Any] | None] = ContextVar("inbounds_lease_asked", default=None)
"""The lease that is being asked about, so that the record of its decision can name it."""

Backends = LeaseBackend | Mapping[str, LeaseBackend] | None
"""What leases: one backend, one for each credential by its name, or nothing."""


class LeasePermit(Protocol):
    """The permit of a lease. See `inbounds.Permit`."""

    @property
    def decision(self) -> Decision:
        """The decision that allowed it."""

    def compare(self, arguments: dict[str, Any]) -> None:
        """Refuse other arguments than the judged ones."""

    def finish(self, result: Any) -> Any:
        """Record that it was leased."""

    def fail(self, error: BaseException) -> BaseException:
        """Record that it was not."""


class _TaskThatLeases(Protocol):
    """The task of a context. See `inbounds.Task`."""

    def lease(self, credential: str) -> Lease:
        """Return the lease of a credential."""


class LeasingTask(Protocol):
    """The task that a credential is leased for. See `inbounds.Task`."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def ends(self) -> str:
        """Its id and those of all hops down to this one."""

    @property
    def grant(self) -> TaskGrant:
        """What was approved."""

    @property
    def request(self) -> TaskRequest:
        """What was asked for."""

    @property
    def authority(self) -> Authority:
        """What it may do."""

    def require_usable(self) -> None:
        """Refuse calls of a task that is over."""

    def permit(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        resource: Callable[..., tuple[str, str]],
    ) -> LeasePermit:
        """Ask for the right to lease."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A lease to request: what it will be called, for what, until when."""

    backend: LeaseBackend
    task: LeasingTask
    credential: str
    deadline: float
    handle: str
    until: int


def current(credential: str) -> Lease:
    """Return the lease of a credential for the task of this context.

    A tool whose registry entry names the credential has it leased before it runs. Where it is not,
    it is leased now, as by `Task.lease`.

    Raises:
        TaskMissing: There is no task in this context.
        AccessDenied: The policy denies the lease.
        LeaseUnavailable: It could not be had.
    """
    return cast("_TaskThatLeases", entered_task()).lease(credential)


class LeaseStore:
    """What one guard has leased. Thread-safe; a forked child holds nothing.

    Args:
        backends: What leases, for all credentials or for each by its name; None for nothing.
        registry: Says which credential a tool needs.
        identity: Returns the agent's identity, by a deadline on `clock.monotonic`.
        path: The file of what must be revoked yet.
        seconds: How long leasing or revoking may take.
        development: Whether the issuer is for development, and so the backend may be.

    Raises:
        ConfigurationError: `configuration.development_credentials`.
    """

    def __init__(
        self,
        backends: Backends,
        *,
        registry: Registry,
        identity: Callable[[float], str],
        path: Path,
        seconds: float,
        development: bool,
    ) -> None:
        self._backends = backends
        self._registry = registry
        self._identity = identity
        self._path = path
        self._seconds = seconds
        self._lock = ProcessLock()
        self._turns: dict[tuple[str, str], ProcessLock] = {}
        self._leases: dict[tuple[str, str], tuple[Lease, float]] = {}
        self._process = os.getpid()
        self._made: LeaseOutbox | None = None
        self._keeper = RevocationWorker(self)
        given = [*backends.values()] if isinstance(backends, Mapping) else [backends]
        if not development and any(backend.development for backend in given if backend):
            raise ConfigurationError(
                "a backend of leases is for development, and the issuer is not",
                code="configuration.development_credentials",
                hint="lease from a secrets engine: `inbounds.credentials.OpenBao`",
            )
        if backends and path.exists():
            self._keeper.watch()  # what a guard before this one left behind

    # --- what a task and its calls use ----------------------------------------------------

    def lease(self, task: LeasingTask, credential: str, deadline: float | None = None) -> Lease:
        """Return the live lease of a credential, or ask about one and have it issued.

        Raises:
            InboundsError: As `Task.lease`.
        """
        backend = self._leasing(credential)
        with self._turn(task.ends, credential, deadline or self._soon()):
            task.require_usable()
            held = self._at_hand(task, credential)
            if held is not None:
                return held
            return self._ask(backend, task, credential, deadline)

    def ready(self, task: LeasingTask, tool: str, deadline: float) -> None:
        """Lease what a tool needs before a call of it is judged, where a backend has it.

        Raises:
            InboundsError: As `Task.lease`.
        """
        if not self._backends or tool == LEASE_TOOL:
            return
        try:
            registered = self._registry.tool(tool, deadline=deadline).tool
        except DecisionUnavailable:
            return  # said, and recorded, by the call itself
        if registered is not None and self._backend(registered.credential) is not None:
            self.lease(task, registered.credential, deadline)

    def named(self, task: LeasingTask, tool: str, credential: str) -> list[dict[str, Any]]:
        """Return the leases that a call touches, as the question names them."""
        asking = _asking.get()
        if tool == LEASE_TOOL:
            return [asking] if asking else []
        lease, _ = self._leases.get((task.ends, credential), (None, 0.0))
        if lease is None or not lease.live:
            return []
        return [_named(credential, lease.handle, lease.task, lease.expires)]

    def release(self, hop: str, *, wait: bool = True) -> None:
        """Release the leases of a task, or of the hop that it is in. Raises nothing.

        What was leased by those it was delegated to goes with it, whichever guard of this home
        folder has leased that.

        Args:
            hop: The `ends` of the task: its id and those of all hops down to this one.
            wait: Whether to wait for what leased them; otherwise the keeper sees to it.
        """
        with self._lock:
            for key in [key for key in self._leases if key[0] == hop]:
                self._leases.pop(key)[0].forget()
            self._turns = {key: turn for key, turn in self._turns.items() if key[0] != hop}
        if self._made is not None or (self._backends and self._may_be_there()):
            self._revoke_or_hand_over(hop, lambda row: hop in row.hops, of_others=True, wait=wait)

    def close(self) -> None:
        """Give back everything. What could not be is the business of the next guard."""
        with self._lock:
            for lease, _ in self._leases.values():
                lease.forget()
            self._leases.clear()
        if self._made is not None:
            self._revoke_rows(lambda _: True)
        self._keeper.stop()
        if self._made is not None:
            self._made.close()

    # --- what the keeper uses -------------------------------------------------------------

    def sees_to(self, row: Row) -> bool:
        """Whether this guard has what leases the credential, and so can revoke it."""
        return self._backend(row.credential) is not None

    def outbox(self) -> LeaseOutbox:
        """The file of what must be revoked yet; made when it is first needed."""
        with self._lock:
            if self._made is None:
                from .outbox import LeaseOutbox

                self._made = LeaseOutbox(self._path)
            return self._made

    def revoke(self, row: Row) -> bool:
        """Revoke one lease, and forget that it must be; false, and said aloud, where it failed."""
        deadline = self._soon()
        try:
            backend = self._leasing(row.credential)
            backend.revoke(row.revocation, identity=self._identity(deadline), deadline=deadline)
            self.outbox().done(row.handle)
        except Exception as error:  # noqa: BLE001 -- a backend of the user's may raise anything
            said = str(error) if isinstance(error, InboundsError) else type(error).__name__
            # Without the traceback, in which values of an application's frames might stand.
            logger.error(  # noqa: TRY400
                "the lease %s of `%s` is not revoked yet, and is tried again: %s",
                row.handle,
                row.credential,
                said,
            )
            return False
        logger.info("the lease %s of `%s` is revoked", row.handle, row.credential)
        return True

    # --- its own --------------------------------------------------------------------------

    def _ask(
        self, backend: LeaseBackend, task: LeasingTask, credential: str, deadline: float | None
    ) -> Lease:
        until = _until(task.authority)
        handle = f"lease-{uuid7()}"
        with _asked(_named(credential, handle, task.ends, until)):
            permit = task.permit(LEASE_TOOL, {"credential": credential}, resource=_touched)
        # A person may have been asked meanwhile.
        order = _Order(backend, task, credential, deadline or self._soon(), handle, until)
        try:
            permit.compare({"credential": credential})
            lease = self._issued(order)
            with self._lock:
                self._leases[task.ends, credential] = (lease, lease.expires - clock.now())
            # Ended meanwhile, it was released before this lease was there.
            task.require_usable()
        except BaseException as error:
            self._abandon(order)
            _failed(permit, error)
            raise
        try:
            permit.finish(None)
        except BaseException:
            self._abandon(order)
            raise
        logger.info("the lease %s of `%s` is held for %s", handle, credential, task.ends)
        return lease

    def _issued(self, order: _Order) -> Lease:
        task = order.task

        def kept(revocation: str) -> None:
            self.outbox().keep(
                handle=order.handle,
                credential=order.credential,
                hops=_hops(task),
                revocation=revocation,
                until=order.until,
            )
            self._keeper.watch()

        asked = LeaseRequest(
            credential=order.credential,
            task=task.ends,
            identity=self._identity(order.deadline),
            # After that: how long the lease has to hold counts from when the backend is asked.
            seconds=order.until - int(clock.now()),
            deadline=order.deadline,
            task_token=task.grant.token,
            agent=task.request.agent,
            subject=task.request.subject,
            authority=task.authority,
        )
        issued = _issued_by(order.backend, asked, kept)
        if not isinstance(issued, Issued) or type(issued.expires) is not int or not issued.value:
            raise _unusable("the backend returned something else than a credential")
        if issued.expires <= clock.now():
            raise _unusable("it is over already")
        return Lease(
            handle=order.handle,
            credential=order.credential,
            task=task.ends,
            expires=min(issued.expires, order.until),
            issued=issued,
            revoke=self._give_back,
        )

    def _at_hand(self, task: LeasingTask, credential: str) -> Lease | None:
        lease, lifetime = self._leases.get((task.ends, credential), (None, 0.0))
        if lease is None or not lease.live:
            return None
        left = lease.expires - clock.now()
        # One that ends with its task, or the time in which that may act, cannot be had for longer.
        ends = lease.expires >= _until(task.authority)
        return lease if ends or left >= min(RENEW_WITHIN, lifetime / 5) else None

    def _backend(self, credential: str) -> LeaseBackend | None:
        backends = self._backends
        if backends is None or not credential:
            return None
        if isinstance(backends, Mapping):
            return backends.get(credential)
        return backends if backends.has(credential) else None

    def _leasing(self, credential: str) -> LeaseBackend:
        backend = self._backend(credential)
        if backend is None:
            raise no_backend()
        return backend

    @contextmanager
    def _turn(self, hop: str, credential: str, deadline: float) -> Iterator[None]:
        with self._lock:
            if self._process != os.getpid():
                # They are the parent's, and it gives them back.
                self._process = os.getpid()
                self._leases, self._turns = {}, {}
                self._keeper = RevocationWorker(self)
            turn = self._turns.setdefault((hop, credential), ProcessLock())
        with turn.within(deadline - clock.monotonic()) as taken:
            if not taken:
                raise LeaseUnavailable(
                    "another call was leasing the same until the deadline",
                    code="lease.unreachable",
                )
            yield

    def _give_back(self, lease: Lease) -> None:
        self._let_go(lease.task, lease.credential, lease.handle)
        self._revoke_or_hand_over(lease.handle, lambda row: row.handle == lease.handle)

    def _abandon(self, order: _Order) -> None:
        """Have the keeper revoke what there is of it: the caller's time is up, or nearly."""
        self._let_go(order.task.ends, order.credential, order.handle)
        if self._made is not None:
            self._keeper.revoke(order.handle)

    def _let_go(self, hop: str, credential: str, handle: str) -> None:
        with self._lock:
            held, _ = self._leases.get((hop, credential), (None, 0.0))
            if held is not None and held.handle == handle:
                self._leases.pop((hop, credential))
                held.forget()

    def _soon(self) -> float:
        return clock.monotonic() + self._seconds

    def _may_be_there(self) -> bool:
        try:
            return self._path.exists()
        except OSError:
            return True  # nobody can tell

    def _revoke_or_hand_over(
        self,
        name: str,
        which: Callable[[Row], bool],
        *,
        of_others: bool = False,
        wait: bool = True,
    ) -> None:
        """Revoke what a lease or a hop names; the keeper has the name of what is not revoked."""
        done = False
        try:
            done = wait and self._revoke_rows(which, of_others=of_others)
        finally:
            if not done:  # and where an interrupt came between
                self._keeper.revoke(name)

    def _revoke_rows(self, which: Callable[[Row], bool], *, of_others: bool = False) -> bool:
        """Revoke rows; false where one is left, or where nobody can tell."""
        try:
            outbox = self.outbox()
            rows = [row for row in (outbox.rows() if of_others else outbox.own()) if which(row)]
        except InboundsError as error:
            logger.error("what was leased cannot be revoked yet: %s", error)  # noqa: TRY400
            return False
        # One that does not answer is waited for once, not anew for each of what it has leased.
        patience, done = self._seconds, True
        for row in rows:
            begun = clock.monotonic()
            if patience <= 0 or not self.revoke(row):
                patience -= clock.monotonic() - begun
                done = False
        return done


def _issued_by(backend: LeaseBackend, asked: LeaseRequest, kept: Callable[[str], None]) -> Issued:
    try:
        return backend.issue(asked, kept)
    except InboundsError as error:
        fault = error
    except Exception as error:  # noqa: BLE001 -- a backend of the user's may raise anything
        fault = LeaseUnavailable(
            f"the backend of leases failed with {type(error).__name__}", code="lease.unreachable"
        )
    # Tokens and what was issued stand in the frames of a backend, and whoever reports an error with
    # its variables would report them.
    fault.__traceback__ = fault.__context__ = fault.__cause__ = None
    raise fault


def _until(authority: Authority) -> int:
    """When a lease that is had now ends at the latest: with the window that it is in, too."""
    now = int(clock.now())
    open_until = [window.end for window in authority.windows if window.start <= now < window.end]
    return min(now + LONGEST, authority.deadline, max(open_until, default=authority.deadline))


def _hops(task: LeasingTask) -> list[str]:
    """Return the names of the task and of its hops: the end of any of them ends the lease."""
    below = task.ends.removeprefix(task.id).split("/")[1:]
    return list(accumulate(below, "{}/{}".format, initial=task.id))


def _touched(credential: str) -> tuple[str, str]:
    return ("lease", credential)


def _named(credential: str, handle: str, hop: str, expires: int) -> dict[str, Any]:
    return {"credential": credential, "handle": handle, "task": hop, "expires": expires}


@contextmanager
def _asked(about: dict[str, Any]) -> Iterator[None]:
    token = _asking.set(about)
    try:
        yield
    finally:
        _asking.reset(token)


def _failed(permit: LeasePermit, error: BaseException) -> None:
    try:
        permit.fail(error)
    except InboundsError:
        # The current error is what the caller has to get; the task holds what is unrecorded.
        logger.error("the outcome of decision %s was not recorded", permit.decision.id)  # noqa: TRY400


def _unusable(why: str) -> LeaseUnavailable:
    return LeaseUnavailable(f"a lease cannot be used: {why}", code="lease.unusable")
