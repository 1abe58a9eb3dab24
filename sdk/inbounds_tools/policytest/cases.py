"""Cases: what the whole policy decides, each the ordinary scene with one thing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

import yaml

from inbounds.canonical.strict_yaml import fault_in, strict_yaml
from inbounds.dev.schema_issues import suggestion
from inbounds.engine import assets
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.files.listing import files_in
from inbounds.files.regular_file import read_regular
from inbounds.files.trees import remove_file, scratch_folder
from inbounds.identity.signing_keys import SigningKey
from inbounds.pdp import DECISION
from inbounds.process import clock
from inbounds_tools.bundle.build import build

from .patches import Patch, PatchFault
from .scenes import Scene, staged

Expected = Literal["allow", "deny", "ask"]

_KEYS = frozenset({"name", "outcome", "codes", "details", "patch"})
_SECONDS_TO_ANSWER = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case, and where it is written.

    Attributes:
        code: The code that it is about.
        name: The fact it shows, in words.
        outcome: What is decided.
        codes: The reasons' codes, in order; any where it is None.
        details: The first reason's details; any where it is None.
        patch: What is changed in the ordinary scene (RFC 6902).
        file: Its file.
    """

    code: str
    name: str
    outcome: Expected
    codes: list[str] | None
    details: list[Any] | None
    patch: Patch
    file: Path

    def scene(self) -> Scene:
        """Return the question and the data of this case, with real signatures.

        Raises:
            ConfigurationError: The patch does not fit the scene.
        """
        try:
            return staged(self.patch)
        except PatchFault as fault:
            raise _fault(self.file, f"{self.name}: {fault}") from None


def read(file: Path) -> list[Case]:
    """Return the cases in a file: a list under each code.

    Raises:
        ConfigurationError: It is not a file of cases; the message names the case and the key.
    """
    try:
        document = strict_yaml(read_regular(file)[0])
    except OSError as error:
        raise _fault(file, f"cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise _fault(file, fault_in(error)) from None
    if not isinstance(document, dict):
        raise _fault(file, "is not a mapping from codes to cases")
    return [
        _case(file, code, entry)
        for code, entries in document.items()
        for entry in (entries if isinstance(entries, list) else [entries])
    ]


def below(folder: Path) -> Iterator[Case]:
    """Yield the cases of every file in a folder, by path."""
    for file in files_in(folder, ".yaml"):
        yield from read(file)


def _case(file: Path, code: str, entry: Any) -> Case:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        raise _fault(file, f"{code}: a case is a mapping with a `name`")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise _fault(
            file, f"{name}: `{unknown[0]}` means nothing here{suggestion(unknown[0], _KEYS)}"
        )
    if entry.get("outcome") not in get_args(Expected):
        raise _fault(file, f"{name}: `outcome` is one of {', '.join(get_args(Expected))}")
    for key in ("patch", "codes", "details"):
        if not isinstance(entry.get(key, []), list):
            raise _fault(file, f"{name}: `{key}` is a list")
    return Case(
        code=code,
        name=name,
        outcome=entry["outcome"],
        codes=entry.get("codes"),
        details=entry.get("details"),
        patch=entry.get("patch", []),
        file=file,
    )


def _fault(file: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{file}: {what}",
        code="cases.invalid",
        hint="`inbounds new rule` writes a file of cases to go by",
    )


class Judge:
    """The embedded policy with a site's rules compiled in, put before one scene after another.

    A context manager. Its bundle is signed with a key that is thrown away.

    Args:
        site: The folder of the site's own rules, or None for the policy as it is shipped.
        opa: The OPA binary that compiles them; needed with `site`.
        checked: Whether the compiler has passed them.

    Raises:
        ConfigurationError: The rules do not compile.
    """

    def __init__(
        self, site: Path | None = None, *, opa: Path | None = None, checked: bool = False
    ) -> None:
        self._scratch = scratch_folder("judge")
        self._policy: EmbeddedPolicy | None = None
        self._baseline: Any = None
        self._deployment: Any = None
        self._now = 0
        try:
            self.bundle, self.key = self._compiled(site, opa, checked=checked)
        except BaseException:
            self._scratch.cleanup()
            raise

    def answer(self, scene: Scene) -> Any:
        """Return what the policy answers, or None where it gives no answer."""
        self._now = scene.now
        policy = self._placed(scene)
        question = json.dumps(scene.question, ensure_ascii=False).encode()
        deadline = clock.monotonic() + _SECONDS_TO_ANSWER
        try:
            return policy.ask(DECISION, question, deadline=deadline).result
        except DecisionUnavailable:
            return None

    def _placed(self, scene: Scene) -> EmbeddedPolicy:
        """The policy before the data of a scene; its module is compiled once."""
        live = dict(scene.live) if isinstance(scene.live, Mapping) else {}
        now = live.pop("now", None)
        if self._policy is None or live != self._baseline or not isinstance(now, Mapping):
            self.close_policy()
            self._policy = EmbeddedPolicy(
                self.bundle,
                key=self.key,
                deployment=scene.deployment,
                live={**live, "now": now} if now is not None else live,
                clock=lambda: self._now * 10**9,
            )
            self._baseline = live
        else:
            if scene.deployment != self._deployment:
                self._policy.replace_deployment(scene.deployment)
            self._policy.push_live(now)
        self._deployment = scene.deployment
        return self._policy

    def close_policy(self) -> None:
        """Release the engine."""
        if self._policy is not None:
            self._policy.close()
            self._policy = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_policy()
        self._scratch.cleanup()

    def _compiled(self, site: Path | None, opa: Path | None, *, checked: bool) -> tuple[Path, Path]:
        if site is None or opa is None:
            return assets.wasm_bundle(), assets.release_key()
        folder = Path(self._scratch.name)
        private = folder / "once.pem"
        public = SigningKey.generate().write_both(private)
        built = build(
            rego=assets.rego(),
            site=site,
            deployment=None,
            key=private,
            out=folder / "bundles",
            opa=opa,
            capabilities=assets.capabilities(),
            only="wasm",
            checked=checked,
        )
        remove_file(private)
        return built.files["wasm"], public


def difference(case: Case, answer: Any) -> str:
    """Return how an answer differs from what a case expects, in words; "" where it does not."""
    if not isinstance(answer, dict):
        return f"expected {case.outcome}, and no answer came"
    context = answer["context"]
    for reason in context["reasons"]:
        if not all(isinstance(detail, dict) for detail in reason["details"]):
            # Where no compiler could tell. A guard takes such an answer for none.
            return f"the `details` of {reason['code']} hold what is not an object"
    codes = [reason["code"] for reason in context["reasons"]]
    if context["outcome"] != case.outcome:
        shown = f" ({', '.join(codes)})" if codes else ""
        return f"expected {case.outcome}, decided {context['outcome']}{shown}"
    if case.codes is not None and codes != case.codes:
        return f"expected {', '.join(case.codes)}; decided with {', '.join(codes) or 'no code'}"
    if case.details is not None:
        details = context["reasons"][0]["details"] if codes else []
        if details != case.details:
            return f"expected the details {case.details}, got {details}"
    return ""
