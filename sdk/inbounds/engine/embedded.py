"""The policy in this process: the module of a signed bundle, one instance under a lock."""

from __future__ import annotations

import json
import math
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import wasmtime

from inbounds.engine.builtins import Host
from inbounds.engine.bundle import SignedBundle, read_signed
from inbounds.engine.compiled import CompiledModules
from inbounds.engine.fair_lock import FairLock
from inbounds.engine.own_thread import EngineThread
from inbounds.engine.ticker import Ticker
from inbounds.engine.wasm import EvaluationInterrupted, Instance, Module
from inbounds.errors import ConfigurationError, InvalidAnswer, Timeout, Unreachable
from inbounds.model.question import QUESTION_VERSION
from inbounds.pdp import Reply
from inbounds.process import clock as clocks

_BORN: Final = os.getpid()
_LONGEST: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class _Policy:
    """What an instance is made from, again after each fault and in each child process."""

    code: bytes
    data: Mapping[str, bytes]
    revision: str
    sequence: int
    questions: tuple[int, ...]
    owned: frozenset[str]

    @classmethod
    def of(cls, bundle: SignedBundle) -> _Policy:
        codes = set(bundle.modules.values())
        if len(codes) != 1:
            raise ConfigurationError(
                "the bundle holds no module, or more than one",
                code="bundle.no_module",
                hint="the embedded engine wants the `.wasm.tar.gz` of a revision",
            )
        questions = bundle.metadata.get("questions")
        if not isinstance(questions, list) or QUESTION_VERSION not in questions:
            raise ConfigurationError(
                f"revision {bundle.revision} does not answer question {QUESTION_VERSION}, "
                "which this version of Inbounds asks",
                code="bundle.other_question",
                hint="use the bundle of this version",
            )
        sequence = bundle.metadata.get("sequence", 0)
        return cls(
            code=codes.pop(),
            data={root: _json(value) for root, value in bundle.data.items()},
            revision=bundle.revision,
            sequence=sequence if isinstance(sequence, int) else 0,
            questions=tuple(q for q in questions if isinstance(q, int)),
            owned=frozenset(root for root in ("deployment", "live") if bundle.owns(root)),
        )


class EmbeddedPolicy:
    """The policy decision point inside this process.

    Safe for threads, which take turns, and across `fork`: a child makes its own engine with
    its first question, from the data as it stood at the fork. Live data must be pushed to
    every process. For the main thread, where signals break off whatever it does, a thread of the
    engine's own evaluates.

    Args:
        bundle: The signed `.wasm.tar.gz` of a revision.
        key: The PEM of the pinned public key, or the path of a file that holds it.
        deployment: The document at `data.deployment`, unless the bundle owns it; or what reads
            it, which is called only where the bundle does not.
        live: The document at `data.live` (`baseline`, `now`), unless the bundle owns it.
        allow_older: Let `reload` go back to an older revision.
        clock: What `time.now_ns` reads: nanoseconds since 1970-01-01T00:00:00Z.
        compiled: Where compiled modules are kept between processes; without, each process
            compiles once (a fifth of a second and more).

    Raises:
        ConfigurationError: The bundle is not signed by `key`, is malformed, does not answer what
            this version asks, owns a root that data is given for, or calls a built-in that the
            embedded engine lacks.
    """

    name: Final = "embedded"

    def __init__(
        self,
        bundle: Path | str,
        *,
        key: Path | str,
        deployment: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
        live: Mapping[str, Any] | None = None,
        allow_older: bool = False,
        clock: Callable[[], int] = clocks.now_ns,
        compiled: CompiledModules | None = None,
    ) -> None:
        self._key = key
        self._allow_older = allow_older
        self._compiled = compiled
        self._host = Host(clock)
        given = None if callable(deployment) else deployment
        self._deployment = None if given is None else _json(given)
        live = {} if live is None else dict(live)
        self._now = _json(live.pop("now")) if "now" in live else None
        self._baseline = _json(live) if live else None

        self._closed = False
        self._changing = threading.Lock()
        self._start_process()
        self._policy = self._read(bundle)
        if callable(deployment) and not self.holds_deployment:
            self._deployment = _json(deployment())
        self._instance: Instance | None
        self._own.do(self._open, deadline=math.inf)

    # --- asking ----------------------------------------------------------------------------

    def ask(
        self, entrypoint: str, question: bytes, *, deadline: float, traceparent: str = ""
    ) -> Reply:
        """Evaluate one entry point.

        Args:
            entrypoint: Such as `inbounds/main/decision`.
            question: The `input` document, UTF-8 JSON.
            deadline: When to give up, on the clock of `time.monotonic`, in seconds.
            traceparent: Not used: nothing leaves this process.

        Raises:
            Timeout: The deadline passed, while others were being answered or during this one.
            Unreachable: It is closed, or its engine could not be started again.
            InvalidAnswer: Undefined, or the policy stopped without an answer.
        """
        del traceparent
        return self._own.do(lambda: self._ask(entrypoint, question, deadline), deadline=deadline)

    def _ask(self, entrypoint: str, question: bytes, deadline: float) -> Reply:
        _expect_json(question)
        remaining = min(deadline - clocks.monotonic(), _LONGEST)
        if remaining <= 0 or not self._lock.take(timeout=remaining):
            raise Timeout("the embedded policy was busy until the deadline")
        try:
            raw = self._evaluate(entrypoint, question, deadline)
        finally:
            self._lock.leave()
        if clocks.monotonic() > deadline:
            raise Timeout("the embedded policy answered after the deadline")
        return Reply(_result(raw))

    def _evaluate(self, entrypoint: str, question: bytes, deadline: float) -> bytes:
        instance = self._running()
        number = instance.entrypoints.get(entrypoint)
        if number is None:
            raise InvalidAnswer("the policy has no such entry point")
        # Whatever ends an evaluation early leaves the instance's memory in no known state.
        self._instance = None
        try:
            remaining = min(deadline - clocks.monotonic(), _LONGEST)
            ticks = self._ticker.begin(max(0.0, remaining))
            raw = instance.evaluate(number, question, ticks=ticks)
        except EvaluationInterrupted as error:
            raise Timeout("the embedded policy was interrupted at the deadline") from error
        except Exception as error:
            raise InvalidAnswer(f"the embedded policy gave no answer: {error}") from error
        finally:
            self._ticker.end()
        self._instance = instance
        return raw

    # --- changing --------------------------------------------------------------------------

    @property
    def revision(self) -> str:
        """The revision of the policy in force."""
        return self._policy.revision

    @property
    def questions(self) -> tuple[int, ...]:
        """The versions of the question that the policy in force answers."""
        return self._policy.questions

    @property
    def holds_deployment(self) -> bool:
        """Whether the deployment is the one inside the bundle in force."""
        return "deployment" in self._policy.owned

    def reload(self, bundle: Path | str) -> None:
        """Put another bundle in force, all of it or nothing.

        Questions are answered by the policy in force until the other one is ready.

        Raises:
            ConfigurationError: It cannot be loaded, or is older than the one in force and
                `allow_older` was not said. The policy in force stays.
        """
        self._own.do(lambda: self._reload(bundle), deadline=math.inf)

    def _reload(self, bundle: Path | str) -> None:
        with self._changing:
            policy = self._read(bundle)
            if policy.sequence < self._policy.sequence and not self._allow_older:
                raise ConfigurationError(
                    f"revision {policy.revision} is older than {self._policy.revision}",
                    code="bundle.older",
                    hint="say `allow_older=True` to go back to it",
                )
            self._swap(Module(self._engine, policy.code, kept=self._compiled), policy)

    def replace_deployment(self, deployment: Mapping[str, Any]) -> None:
        """Replace `data.deployment`, all of it or nothing.

        Raises:
            ConfigurationError: The bundle owns it, or it is not JSON. What was there stays.
        """
        self._own.do(lambda: self._replace(deployment), deadline=math.inf)

    def _replace(self, deployment: Mapping[str, Any]) -> None:
        with self._changing:
            self._refuse_owned(self._policy, "deployment")
            previous, self._deployment = self._deployment, _json(deployment)
            try:
                self._swap(self._module, self._policy)
            except BaseException:
                self._deployment = previous
                raise

    def push_live(self, now: Mapping[str, Any]) -> None:
        """Replace `data.live.now` in one step; the rest of the data is not touched.

        Raises:
            ConfigurationError: The bundle owns it, or it is not JSON. What was there stays.
        """
        self.push_live_by(now, deadline=math.inf)

    def push_live_by(self, now: Mapping[str, Any], *, deadline: float) -> None:
        """Replace `data.live.now` as `push_live` does, for a call that has to end in time.

        Args:
            now: The feed, whole.
            deadline: When to give up waiting for a turn, on the clock of `time.monotonic`.

        Raises:
            ConfigurationError: The bundle owns it, or it is not JSON. What was there stays.
            Timeout: The turn did not come before the deadline. What was there stays.
        """
        self._own.do(lambda: self._push(now, deadline), deadline=deadline)

    def _push(self, now: Mapping[str, Any], deadline: float) -> None:
        self._refuse_owned(self._policy, "live")
        text = _json(now)
        remaining = min(deadline - clocks.monotonic(), _LONGEST)
        if remaining <= 0 or not self._lock.take(timeout=remaining):
            raise Timeout("the embedded policy was busy until the deadline")
        try:
            instance = self._running()
            self._instance = None
            _put(instance, text)
            self._now = text
            self._instance = instance
        finally:
            self._lock.leave()

    def close(self) -> None:
        """Release the engine. A closed policy answers nothing."""
        self._own.do(self._close, deadline=math.inf)
        self._own.stop()
        self._own.join()

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            self._instance = None
            self._ticker.stop()

    # --- engines and instances -------------------------------------------------------------

    def _start_process(self) -> None:
        self._lock = FairLock()
        self._start_engine()
        if hasattr(os, "register_at_fork"):
            policy = weakref.ref(self)

            def forked() -> None:
                alive = policy()
                if alive is not None:
                    alive._begin_child()  # noqa: SLF001

            os.register_at_fork(after_in_child=forked)

    def _start_engine(self) -> None:
        config = wasmtime.Config()
        config.epoch_interruption = True
        # The compiler's threads do not survive a fork, and a child that waited for them hangs.
        config.parallel_compilation = os.getpid() == _BORN
        self._engine = wasmtime.Engine(config)
        self._ticker, self._own = Ticker(self._engine), EngineThread()
        self._finalizer = weakref.finalize(self, _end, self._own, self._ticker)

    def _begin_child(self) -> None:
        """Leave everything of the parent alone: another thread of it may have been inside."""
        self._of_parent = dict(vars(self))
        self._finalizer.detach()
        self._lock, self._changing = FairLock(), threading.Lock()
        self._start_engine()
        self._instance = None

    def _open(self) -> None:
        self._module = Module(self._engine, self._policy.code, kept=self._compiled)
        self._instance = self._make(self._module, self._policy)

    def _running(self) -> Instance:
        """The instance, made again where the last evaluation broke it. The lock is held."""
        if self._closed:
            raise Unreachable("the embedded policy is closed")
        if self._instance is None:
            try:
                if self._module.engine is not self._engine:
                    self._module = Module(self._engine, self._policy.code, kept=self._compiled)
                self._instance = self._make(self._module, self._policy)
            except ConfigurationError as error:
                raise Unreachable("the embedded policy could not be started again") from error
        return self._instance

    def _read(self, bundle: Path | str) -> _Policy:
        policy = _Policy.of(read_signed(bundle, self._key))
        if self._deployment is not None:
            self._refuse_owned(policy, "deployment")
        if self._baseline is not None or self._now is not None:
            self._refuse_owned(policy, "live")
        return policy

    @staticmethod
    def _refuse_owned(policy: _Policy, root: str) -> None:
        if root in policy.owned:
            raise ConfigurationError(
                f"the bundle owns `data.{root}`, so no other data can be put there",
                code="bundle.owns_root",
            )

    def _make(self, module: Module, policy: _Policy) -> Instance:
        data = {"live": b"{}", **policy.data}
        if self._deployment is not None:
            data["deployment"] = self._deployment
        if self._baseline is not None:
            data["live"] = self._baseline
        document = b",".join(_json(root) + b":" + value for root, value in data.items())
        instance = module.instance(
            self._host, b"{" + document + b"}", live="live" not in policy.owned
        )
        if self._now is not None:
            _put(instance, self._now)
        return instance

    def _swap(self, module: Module, policy: _Policy) -> None:
        now = self._now
        instance = self._make(module, policy)
        with self._lock:
            if self._now is not now and self._now is not None:
                _put(instance, self._now)
            self._module, self._policy, self._instance = module, policy, instance


def _end(own: EngineThread, ticker: Ticker) -> None:
    own.stop()
    ticker.stop()  # last: without it, nothing interrupts what the thread may still be doing


def _put(instance: Instance, now: bytes) -> None:
    try:
        instance.put_now(now)
    except Exception as error:
        raise ConfigurationError(
            "the live data could not be put in force", code="live.not_put"
        ) from error


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError("the data is not JSON", code="data.not_json") from error


def _expect_json(question: bytes) -> None:
    # The module takes bytes that are not JSON for an absent input.
    try:
        json.loads(question.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer("the question is not JSON") from error


def _result(raw: bytes) -> Any:
    try:
        results = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer("the embedded policy's answer is not JSON") from error
    if not results:
        raise InvalidAnswer("the embedded policy's answer is undefined")
    return results[0]["result"]
