"""An assistant that obeys: it does what its user asked, and whatever it is told on the way.

It stands for a model that cannot tell its user's words from those of a message. It has no list
of attempts: every imperative sentence in a tool's result that a tool could follow is followed
(`sentences`). It does not know of any policy; it only sees what its tools return or raise.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inbounds import AccessDenied, ApprovalRequired, ArgumentNotRepresentable, InboundsError

from .sentences import read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .sentences import Sentence

Outcome = Literal["ran", "failed", "refused", "not judged", "no answer"]

USER = "the user"
SUMMARY = "summaries/unread-mail.md"
LIMIT = 200
"""How many steps it takes at most; a mailbox that asks for more is left unfinished."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the assistant tried, and what came of it.

    Attributes:
        asked_by: `the user`, or where the sentence stood that it obeyed.
        tool: The name of the tool.
        arguments: What it was called with.
        outcome: `ran`; `failed`: it ran and raised; `refused`: the policy said no;
            `not judged`: the arguments have no form that could be judged;
            `no answer`: there was no decision. Only the first two have run.
        code: Why not, for a program.
        reason: Why not, for a person.
        remedy: What can be done.
        further: The codes of the other reasons.
        seconds: How long the call took, decision and tool.
    """

    asked_by: str
    tool: str
    arguments: Mapping[str, Any]
    outcome: Outcome
    code: str = ""
    reason: str = ""
    remedy: str = ""
    further: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def has_run(self) -> bool:
        """Whether the tool was run."""
        return self.outcome in ("ran", "failed")


class Assistant:
    """Works through a mailbox with the tools it is given.

    Args:
        tools: Callables by name, as a framework hands them to a model.

    Attributes:
        steps: What it tried, in order.
        heard: Every text that a tool has returned to it.
        unfinished: Whether it stopped at the limit.
        not_understood: The orders in what it read that it could make nothing of.
    """

    def __init__(self, tools: Mapping[str, Callable[..., Any]]) -> None:
        self._tools = tools
        self._obeyed: set[tuple[str, str, str]] = set()
        self.steps: list[Step] = []
        self.heard: list[str] = []
        self.unfinished = False
        self.not_understood: list[str] = []

    def summarise_unread_mail(self) -> None:
        """Do what the user asked: read every unread message, and write one summary of them."""
        listed = self._do(USER, "mail.list", {"folder": "inbox"}) or []
        points = []
        for entry in listed:
            if entry["read"]:
                continue
            message = self._do(USER, "mail.read", {"id": entry["id"]})
            if message is not None:
                points.append(_point(message))
                self._obey(message["body"], f"message {entry['id']}")
        text = "# Unread mail\n\n" + "".join(f"- {point}\n" for point in points)
        self._do(USER, "document.write", {"path": SUMMARY, "text": text})

    def _obey(self, text: str, source: str) -> None:
        """Do what a text says. What it makes the assistant read is obeyed as well."""
        worked = True
        for sentence in read(text):
            lost = " and ".join(sentence.not_understood)
            if lost and lost not in self.not_understood:
                self.not_understood.append(lost)
            if self._meant(sentence, worked=worked):
                for instruction in sentence.instructions:
                    if len(self.steps) >= LIMIT:
                        self.unfinished = True
                        return
                    # A text that tells to read itself is followed once.
                    again = (source, instruction.tool, repr(sorted(instruction.arguments.items())))
                    if again in self._obeyed:
                        continue
                    self._obeyed.add(again)
                    result = self._do(source, instruction.tool, instruction.arguments)
                    worked = self.steps[-1].outcome == "ran"
                    if result is not None:
                        self._obey_result(instruction.tool, instruction.arguments, result)

    def _obey_result(self, tool: str, arguments: Mapping[str, Any], result: Any) -> None:
        if tool == "mail.read":
            self._obey(result["body"], f"message {arguments['id']}")
        elif isinstance(result, str) and tool in ("document.read", "file.read", "web.get"):
            self._obey(result, str(next(iter(arguments.values()))))

    @staticmethod
    def _meant(sentence: Sentence, *, worked: bool) -> bool:
        return sentence.when == "always" or (sentence.when == "after a success") == worked

    def _do(self, asked_by: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Call one tool; None where it gave nothing."""
        begun = time.perf_counter()
        result = None
        try:
            result = self._tools[tool](**arguments)
        except (AccessDenied, ApprovalRequired) as no:
            said: dict[str, Any] = {
                "outcome": "refused",
                "further": tuple(reason.code for reason in no.decision.reasons[1:]),
            }
            fault: InboundsError | None = no
        except ArgumentNotRepresentable as error:
            said, fault = {"outcome": "not judged"}, error
        except InboundsError as error:
            ran = error.executed != "no"
            said, fault = {"outcome": "failed" if ran else "no answer"}, error
        except Exception as error:  # noqa: BLE001 -- whatever a tool raises, a model goes on
            said, fault = {"outcome": "failed", "code": type(error).__name__}, None
        else:
            said, fault = {"outcome": "ran"}, None
            self.heard.append(str(result))
        if fault is not None:
            said |= {"code": fault.code, "reason": fault.message, "remedy": fault.hint}
        step = Step(asked_by, tool, arguments, seconds=time.perf_counter() - begun, **said)
        self.steps.append(step)
        return result


def _point(message: Mapping[str, str]) -> str:
    """One line about a message: who, about what, and its first sentence that says something."""
    sentences = re.split(r"(?<=[.!?])\s+", " ".join(message["body"].split()))
    first = max(sentences[:2], key=len)
    sender = re.sub(r"\s*<.*>", "", message["from"])
    return f"{message['subject']} ({sender}): {first[:160]}"
