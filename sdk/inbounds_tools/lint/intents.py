"""What users can ask for: whether it is wider than anybody meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from inbounds.model.deployment import Deployment, Intent
from inbounds.model.question import Effect

from .check import Check, Place, check
from .words import mentions

_SENDING = ("export", "spend")
_TOLD: tuple[Effect, ...] = ("delete", "export", "execute", "spend", "delegate", "administer")
_FEW = 4
"""With so few tools, an intent that has them all is no wider than it has to be."""
_UNTRUSTED = frozenset({"third_party_text", "none"})
_STRANGERS_TOO = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "aol.com",
        "proton.me",
        "protonmail.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "mail.ru",
        "qq.com",
        "163.com",
    }
)


def _sends(intent: Intent) -> list[Effect]:
    return [effect for effect in intent.effects if effect in _SENDING]


def _bounds_recipient(intent: Intent) -> bool:
    return "recipient" in intent.bounds.model_fields_set


@check(
    "intents.wider_than_words",
    "warning",
    title="An intent has an effect that its description and words do not mention",
    why="A person who asks for it, or approves it, does not expect that effect.",
    now="Remove the effect, or mention it in `description` or `words`.",
)
def wider_than_words(deployment: Deployment) -> Iterator[Place]:
    """Intents with an effect beyond reading and writing that nothing of theirs mentions."""
    for name, intent in deployment.intents.items():
        asked = {effect for words in intent.words for effect in words.effects}
        texts = [intent.description, *(text for words in intent.words for text in words.words)]
        for effect in _TOLD:
            if effect in intent.effects and effect not in asked and not mentions(texts, effect):
                yield Place(
                    "intents",
                    (name, "effects", effect),
                    f"neither the description of `{name}` nor its words speak of `{effect}`",
                )


@check(
    "intents.every_effect",
    "error",
    title="An intent has every effect",
    why="It limits nothing: every action of its agent counts as what the user asked for.",
    now="Write one intent for each thing that users ask for, with only the effects that it needs.",
)
def every_effect(deployment: Deployment) -> Iterator[Place]:
    """Intents with all the effects there are."""
    for name, intent in deployment.intents.items():
        if {*intent.effects} == {*get_args(Effect)}:
            yield Place("intents", (name, "effects"), f"`{name}` has every effect there is")


@check(
    "intents.every_tool",
    "warning",
    title="An intent that acts has every tool",
    why="Its agent can be talked into using any of them.",
    now="Name only the tools that the intent needs.",
)
def every_tool(deployment: Deployment) -> Iterator[Place]:
    """Intents that do more than read, with all of more than a few tools."""
    for name, intent in deployment.intents.items():
        if (
            len(deployment.tools) > _FEW
            and {*intent.effects} - {"read"}
            and {*intent.tools} >= deployment.tools.keys()
        ):
            yield Place("intents", (name, "tools"), f"`{name}` has every registered tool")


@check(
    "intents.no_destination",
    "warning",
    title="An intent sends or spends, and has no destination",
    why="Each call with that effect is denied (`egress.destination_not_allowed`).",
    now="Name its `destinations`, or remove the effect.",
)
def no_destination(deployment: Deployment) -> Iterator[Place]:
    """Intents that export or spend without any destination."""
    for name, intent in deployment.intents.items():
        if (sends := _sends(intent)) and not intent.destinations:
            yield Place(
                "intents",
                (name, "effects", sends[0]),
                f"`{name}` has the effect `{sends[0]}`, and no destination",
            )


@check(
    "intents.anywhere_unbounded",
    "error",
    title="An intent may send anywhere, and its recipients are not bounded",
    why="A destination with `anywhere: true` admits every address; only the bounds of the task can"
    " narrow it.",
    now="Give the intent `bounds.recipient`, or destinations that name domains, addresses or hosts."
    " If each task sets bounds of its own, say so in a comment: `# lint: allow"
    " intents.anywhere_unbounded …`.",
)
def anywhere_unbounded(deployment: Deployment) -> Iterator[Place]:
    """Intents that may send anywhere, without bounds of the recipient."""
    for name, intent in deployment.intents.items():
        if _bounds_recipient(intent):
            continue
        for destination in intent.destinations:
            if deployment.destinations[destination].anywhere:
                yield Place(
                    "intents",
                    (name, "destinations", destination),
                    f"`{name}` may send to `{destination}`, which is anywhere, and has no"
                    " `bounds.recipient`",
                )


@check(
    "intents.bound_untrusted",
    "warning",
    title="A bound admits values from untrusted text",
    why="A value that a stranger wrote is not denied: the person who is asked may approve it.",
    now="Remove `third_party_text` and `none` from `origins`; name values or domains instead.",
)
def bound_untrusted(deployment: Deployment) -> Iterator[Place]:
    """Bounds whose origins hold a grade of texts that the user did not name, or of nowhere."""
    for name, intent in deployment.intents.items():
        for role, bounds in intent.bounds:
            for grade in bounds.origins:
                if grade in _UNTRUSTED:
                    yield Place(
                        "intents",
                        (name, "bounds", role, "origins", grade),
                        f"the bounds of `{name}` take a {role} from `{grade}`",
                    )


@check(
    "intents.public_mail",
    "warning",
    title="A destination is a public mail provider",
    why="Anybody can have an address there.",
    now="List the exact addresses in `addresses`.",
)
def public_mail(deployment: Deployment) -> Iterator[Place]:
    """Destinations with a domain at which anybody can have an address."""
    for name, destination in deployment.destinations.items():
        for domain in destination.domains:
            if domain in _STRANGERS_TOO:
                yield Place(
                    "destinations",
                    (name, "domains", domain),
                    f"`{name}` holds all of `{domain}`",
                )


CHECKS: tuple[Check, ...] = (
    wider_than_words,
    every_effect,
    every_tool,
    no_destination,
    anywhere_unbounded,
    bound_untrusted,
    public_mail,
)
