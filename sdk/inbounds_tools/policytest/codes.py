"""The codes that cases are about: whether there is such a code, and what no case shows of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from inbounds.dev.schema_issues import suggestion
from inbounds_tools.catalogue import Entry, hidden

from .cases import Case

_OUTCOMES = {"rules": "deny", "escalations": "ask"}
_DECIDED = {"deny": "denied", "ask": "asked about"}


@dataclass(slots=True)
class Codes:
    """Every code that a case may be about, and what the cases put so far have shown.

    Attributes:
        kinds: `rules`, `escalations` or `obligations` for each code.
        depends_on: The codes that each code only follows from.
        own: The site's own members.
    """

    kinds: Mapping[str, str]
    depends_on: Mapping[str, Sequence[str]]
    own: Sequence[Entry]
    _allowed: set[str] = field(default_factory=set)
    _shown: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, own: Sequence[Entry], *, rego: Path) -> Self:
        """Put a site's members beside those of the policy whose sources are in `rego`."""
        shipped = json.loads((rego / "inbounds" / "catalogue" / "data.json").read_text("utf-8"))
        kinds = {code: kind for kind, codes in shipped.items() for code in codes}
        depends_on = {
            code: about["depends_on"] for codes in shipped.values() for code, about in codes.items()
        }
        for entry in own:
            kinds[entry.code("site")] = entry.kind
            depends_on[entry.code("site")] = entry.depends_on
        return cls(kinds, depends_on, own)

    def strangers(self, known: Iterable[Case]) -> list[str]:
        """Say which cases are about a code that does not exist, and what is meant there."""
        return [
            f"{file}: `{code}` is not a code, so what it shows is about nothing{self._meant(code)}"
            for file, code in dict.fromkeys((case.file, case.code) for case in known)
            if code not in self.kinds
        ]

    def difference(self, case: Case, answer: Any) -> str:
        """Say that a case was decided as it expects, and not by the code it is about; else ""."""
        codes = [reason["code"] for reason in answer["context"]["reasons"]]
        if case.outcome == "allow":
            self._allowed.add(case.code)
        if case.code in codes:
            self._shown.add(case.code)
        elif case.outcome == _OUTCOMES.get(
            self.kinds.get(case.code, "")
        ) and case.code not in hidden(codes, self.depends_on):
            return f"is about {case.code}, decided with {', '.join(codes) or 'no code'}"
        return ""

    def unshown(self, site: Path) -> Iterator[str]:
        """Say for which of the site's own rules no case is allowed, and for which none is not."""
        for entry in self.own:
            code = entry.code("site")
            if entry.kind not in _OUTCOMES:
                continue
            missing = [] if code in self._allowed else ["allowed"]
            missing += [] if code in self._shown else [_DECIDED[_OUTCOMES[entry.kind]]]
            if missing:
                file = site / "cases" / entry.category / f"{entry.fault}.yaml"
                yield f"{code} has no case that is {' and none that is '.join(missing)}: {file}"

    def _meant(self, code: str) -> str:
        near = suggestion(code, self.kinds)
        return near or suggestion(code, [entry.code("site") for entry in self.own])
