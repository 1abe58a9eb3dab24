"""Drafting what a task may do from what its user said.

A draft is read out of the prompt's own words with the words that an intent lists; it is the same
each time, and never reaches further than the intent. It is shown to the user or the application,
then asked for: `guard.task(intent, scope=draft.scope, …)`.

This module does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inbounds.errors import ConfigurationError
from inbounds.model.claims import Bounds, ResourceBound, RoleBounds, Scope
from inbounds.model.deployment import AskedFor, Intent
from inbounds.model.question import Effect, Grade
from inbounds.provenance.denials import Exclusions, exclusions
from inbounds.provenance.prompt_orders import is_ordered
from inbounds.provenance.sentences import MOST_READ, Reading, read

from .delegation import Delegation, delegations, sourced, unnamed
from .limits import (
    all_effects,
    assumed_for,
    bounds_within,
    delegated_for,
    narrower_within,
    resources_for,
)
from .requests import Match, matches, without_spoken
from .sources import left_to_sources
from .unclear_orders import unclear_order

Propose = Callable[[str, Intent], Scope]
"""What an application with a model gives: what it takes a prompt to ask for, of an intent."""

_STEERED = ("recipient", "credential", "code")
"""The roles that a draft always bounds."""
_FIRM: tuple[Grade, ...] = ("prompt", "first_party", "quoted")
_ASKED_ABOUT: tuple[Grade, ...] = ("listing", "third_party_meta")
"""Where a recipient may come from whom a person is asked about: a prompt seldom spells out who has
written, or who is on a list. What only stands in a text of others stays outside."""
_NEAR = 8
_MOST_VALUES = 64
"""No more values of a prompt are written into a task's token; further ones count as its words."""
_SHOWN = 12
_HANDLE = re.compile(r"[#@][\w.-]+")
_VALUES = frozenset({"mail", "account", "url", "phone"})


@dataclass(frozen=True, slots=True)
class Said:
    """One line that says to a person what was understood.

    Attributes:
        words: Of the prompt or of the intent; "" where nothing was said.
        understood: What was taken from them.
    """

    words: str = field(repr=False)
    understood: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a prompt asks for of an intent.

    Attributes:
        name: The name of the intent.
        scope: What to begin the task with.
        said: What was understood from which words, in the order of a person's interest.
        delegations: What the user leaves to a record: its name, and the words.
        asked: How much of it was understood: phrases that asked, and records that are followed.
    """

    name: str
    scope: Scope = field(repr=False)
    said: tuple[Said, ...]
    delegations: tuple[Delegation, ...] = ()
    asked: int = field(default=0)


def draft(prompt: str, intent: Intent, *, name: str, propose: Propose | None = None) -> Draft:
    """Draft a narrower intent from a prompt.

    Args:
        prompt: What the user said, whole. Of any length and language: what is not understood
            asks for nothing.
        intent: The template of the deployment.
        name: Its name.
        propose: Asked instead of the intent's words, where given. What it proposes is cut to the
            intent, to the values that the prompt holds, and to the bounds that are drafted.

    Returns:
        The draft: what no word asks for is not in it, reading aside. Where an order is not
        understood, and the prompt asks for nothing else and rules nothing out, the effects of the
        intent are `assumed` in it.

    Raises:
        ConfigurationError: `intent.nothing_left`: the intent lets nothing be read, and the prompt
            asks for nothing else of it.
    """
    reading = read(prompt)
    excluded = exclusions(reading)
    denied = excluded.denied
    found = without_spoken(prompt, reading, intent.words, matches(reading, intent.words, denied))
    told = delegations(reading, intent.words, found, denied)
    if propose is not None:
        return _proposed(_Heard(reading, excluded, told), intent, name, propose(prompt, intent))
    asked = _asked(intent, found)
    left_to = _left_to_records(intent, found, told)
    # A prompt that rules anything out may rule out what is not understood.
    is_silent = bool(intent.words) and not (asked or left_to or any(excluded))
    unclear = unclear_order(reading, found) if is_silent else ""
    assumed = assumed_for(intent) if unclear else ()
    resources = resources_for(intent, [*asked, *left_to, *assumed])
    effects = all_effects(resources)
    source = left_to_sources(reading, denied) if set(effects) - {"read"} else ""
    bounds, held_back = _bounds(reading, excluded, intent, leaves=bool(left_to or source))
    # What the user asks for outright is not a record's to ask for, even where that says for whom.
    more_than_whom = [one for one in told if not one.whom]
    scope = Scope(
        effects=effects,
        resources=[*resources],
        bounds=bounds,
        delegated=[*_left_to_records(intent, found, more_than_whom)],
    )
    said = [
        *_said_of_words(intent, found, unclear),
        *_said_of_records(told, left_to, unnamed(reading, denied)),
        *_said_of_source(source),
        *_said_of_bounds(scope, intent, held_back=held_back),
    ]
    if not reading.whole:
        said.insert(0, Said("", f"only the first and the last {MOST_READ} characters were read"))
    asking = [match for match in found if not (match.denied or match.spoken)]
    count = len({(match.entry, match.phrase) for match in asking})
    return Draft(name, scope, tuple(said), told, count + (len(told) if left_to else 0))


def likeliest(
    prompt: str, intents: Mapping[str, Intent], *, propose: Propose | None = None
) -> Draft:
    """Draft from the intent that understands most of a prompt.

    Of those that understand alike, the one is taken whose draft reaches least far, then the
    first by name.

    Args:
        prompt: What the user said.
        intents: The intents to choose from, by name.
        propose: As of `draft`.

    Raises:
        ConfigurationError: `intent.none`: there is no intent to draft from.
    """
    drafts = []
    for name in sorted(intents):
        try:
            drafts.append(draft(prompt, intents[name], name=name, propose=propose))
        except ConfigurationError as error:
            if error.code != "intent.nothing_left":
                raise
    if not drafts:
        raise ConfigurationError(
            "there is no intent that a draft could be made from",
            code="intent.none",
            hint="add one to deployment/intents.yaml that lets something be read",
        )
    return min(
        drafts,
        key=lambda made: (
            -made.asked,
            len(made.scope.effects),
            len(made.scope.resources),
            made.name,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was read out of a prompt without an intent."""

    reading: Reading
    excluded: Exclusions
    told: tuple[Delegation, ...]


# --- effects -------------------------------------------------------------------------------


def _asked(intent: Intent, found: Iterable[Match]) -> tuple[ResourceBound, ...]:
    """What is asked for by type: what asks, less what is denied and not asked for elsewhere."""
    found = [*found]
    asking = {match.entry for match in found if not (match.denied or match.spoken)}
    gone = _denied(intent, found)
    return tuple(
        ResourceBound(type=entry.resource, effects=sorted(left))
        for number, entry in enumerate(intent.words)
        if number in asking
        and (left := set(entry.effects) - gone.get(entry.resource, set()) - {"read"})
    )


def _denied(intent: Intent, found: Iterable[Match]) -> dict[str, set[Effect]]:
    found = [*found]
    # What stands in another paragraph, and may be another's words, undoes no denial.
    asking = {(match.entry, match.paragraph) for match in found if not match.denied}
    gone: dict[str, set[Effect]] = {}
    for number in {
        match.entry
        for match in found
        if match.denied and (match.flatly or (match.entry, match.paragraph) not in asking)
    }:
        entry = intent.words[number]
        gone.setdefault(entry.resource, set()).update(entry.effects)
    return gone


def _left_to_records(
    intent: Intent, found: Sequence[Match], told: Sequence[Delegation]
) -> tuple[ResourceBound, ...]:
    gone = _denied(intent, found)
    wanted: list[ResourceBound] = []
    for one in told:
        if one.entries:
            wanted += [_entry_bound(intent.words[number]) for number in one.entries]
        else:
            wanted += [
                bound.model_copy(update={"effects": bound.effects or intent.effects})
                for bound in intent.delegated
            ]
    left = [
        bound.model_copy(
            update={"effects": sorted(set(bound.effects) - gone.get(bound.type, set()))}
        )
        for bound in wanted
    ]
    return delegated_for(intent, [bound for bound in left if bound.effects])


def _entry_bound(entry: AskedFor) -> ResourceBound:
    return ResourceBound(type=entry.resource, effects=entry.effects)


# --- bounds --------------------------------------------------------------------------------


def _bounds(
    reading: Reading, excluded: Exclusions, intent: Intent, *, leaves: bool
) -> tuple[Bounds, bool]:
    """The drafted bounds, and whether some of the prompt's own values are held back."""
    gone = {reading.tokens[at].text for at in excluded.ruled_out}
    unsaid = gone | {reading.tokens[at].text for at in excluded.doubtful}
    values: dict[str, None] = {}
    whom: dict[str, None] = {}
    commands: dict[str, None] = {}
    addressed = False
    for at, token in enumerate(reading.tokens):
        if token.kind == "word" or token.text in unsaid or len(values) >= _MOST_VALUES:
            continue
        values[token.text] = None
        if token.kind in _VALUES or _HANDLE.fullmatch(token.text):
            # A title in quotation marks, or the name of a file, is nobody to send to.
            whom[token.text] = None
        if _is_command(reading, at):
            commands[token.text] = None
        addressed |= token.kind in _VALUES and not sourced(reading, at)
    held_back = any(token.kind in _VALUES and token.text in gone for token in reading.tokens)
    # Whoever the user says not to write to stands in the prompt as well.
    origins = [grade for grade in _FIRM if not (held_back and grade == "prompt")]
    asked = {role: RoleBounds(values=[*values], origins=[*origins]) for role in _STEERED}
    by_record: list[Grade] = ["quoted_text"] if leaves else []
    # Somebody who is ruled out may be on a list as well.
    about: tuple[Grade, ...] = () if held_back else _ASKED_ABOUT
    # What is spoken of is not to be run by that.
    asked["code"] = RoleBounds(values=[*commands], origins=[*origins])
    asked["recipient"] = RoleBounds(values=[*whom], origins=[*origins, *about, *by_record])
    for role in set(intent.bounds.model_fields_set) & set(_STEERED):
        if not addressed:
            asked[role] = asked[role].model_copy(update={"values": []})
    return bounds_within(intent, Bounds(**asked)), held_back


def _is_command(reading: Reading, at: int) -> bool:
    sentence = reading.sentence(at)
    before = (reading.tokens[near].text for near in range(max(sentence.start, at - _NEAR), at))
    return is_ordered(" ".join([*before, ""]))


def _proposed(heard: _Heard, intent: Intent, name: str, wish: Scope) -> Draft:
    within = narrower_within(intent, wish)
    acting = set(within.effects) - {"read"}
    source = left_to_sources(heard.reading, heard.excluded.denied) if acting else ""
    drafted, held_back = _bounds(
        heard.reading, heard.excluded, intent, leaves=bool(within.delegated or source)
    )
    bounds = {role: getattr(within.bounds, role) for role in within.bounds.model_fields_set}
    for role in drafted.model_fields_set:
        had: RoleBounds = getattr(drafted, role)
        stated = bounds.get(role)
        bounds[role] = (
            had
            if stated is None
            else RoleBounds(
                values=[value for value in stated.values if value in had.values],
                domains=[domain for domain in stated.domains if domain in had.domains],
                origins=[grade for grade in stated.origins if grade in had.origins],
                up_to=min(stated.up_to, had.up_to),
            )
        )
    scope = within.model_copy(update={"bounds": Bounds(**bounds)})
    said = [
        Said("", f"proposed by the application: {_listed(scope.effects)}, within `{name}`"),
        *_said_of_source(source),
        *_said_of_bounds(scope, intent, held_back=held_back),
    ]
    return Draft(name, scope, tuple(said), heard.told, len(scope.effects))


# --- words for people ----------------------------------------------------------------------


def _said_of_words(intent: Intent, found: Sequence[Match], unclear: str) -> Iterable[Said]:
    asked = _asked(intent, found)
    reach = {bound.type for bound in resources_for(intent, asked) if set(bound.effects) - {"read"}}
    rows: dict[tuple[str, bool], Said] = {}
    for match in found:
        entry = intent.words[match.entry]
        effects = _listed(sorted(set(entry.effects)))
        if match.denied:
            row = Said(match.phrase, f"not to {effects} on {entry.resource}")
        elif match.spoken:
            row = Said(
                match.phrase,
                f"{effects} on {entry.resource}: not given, since the prompt speaks of it and does "
                "not ask for it",
            )
        elif entry.resource in reach or set(entry.effects) == {"read"}:
            row = Said(match.phrase, f"{effects} on {entry.resource}")
        else:
            row = Said(match.phrase, f"{effects} on {entry.resource}: not given")
        rows.setdefault((match.phrase, match.denied), row)
    yield from list(rows.values())[:_SHOWN]
    if unclear:
        yield Said(
            unclear, "not understood: a person is asked about each call that does more than read"
        )
    elif not asked:
        why = "no word asks for more" if intent.words else "the intent lists no words"
        yield Said("", f"only reading: {why}")


def _said_of_records(
    told: Sequence[Delegation], left_to: Sequence[ResourceBound], unclear: str
) -> Iterable[Said]:
    what = "; ".join(f"{_listed(bound.effects)} on {bound.type}" for bound in left_to)
    for one in told[:_SHOWN]:
        if left_to and one.whom:
            yield Said(
                one.words,
                f"for whom is left to the record “{one.record}”: a person is asked where its text "
                "says so",
            )
        elif left_to:
            yield Said(
                one.words, f"left to the record “{one.record}”: {what}; a person is asked once"
            )
        else:
            yield Said(
                one.words,
                f"left to the record “{one.record}”: the intent lets no record ask for it",
            )
    if not told and unclear:
        yield Said(unclear, "no record is named that this could be read in: nothing is left to one")


def _said_of_source(words: str) -> Iterable[Said]:
    if words:
        yield Said(words, "left to a record: a person is asked about what its text says")


def _said_of_bounds(scope: Scope, intent: Intent, *, held_back: bool) -> Iterable[Said]:
    if "recipient" not in scope.bounds.model_fields_set:
        return
    bound = scope.bounds.recipient
    if not set(scope.effects) - {"read"}:
        return
    if bound.values:
        yield Said("", "may go to, be paid to, or be named: " + _listed(map(str, bound.values)))
    if bound.domains:
        yield Said("", "may go to addresses of " + _listed(bound.domains))
    # What the intent itself lets through by its field, nobody is asked about.
    asked = {
        "quoted_text",
        *(() if "recipient" in intent.bounds.model_fields_set else _ASKED_ABOUT),
    }
    unasked = [_PLACES[origin] for origin in bound.origins if origin not in asked]
    if unasked:
        yield Said("", "or to what is found in: " + _listed(unasked))
    about = [_PLACES[origin] for origin in bound.origins if origin in asked]
    if about:
        yield Said("", "a person is asked about what is found in: " + _listed(about))
    if held_back:
        yield Said("", "not to the addresses that the prompt says not to use")


_PLACES: dict[Grade, str] = {
    "prompt": "the prompt",
    "first_party": "what trusted tools say of themselves",
    "quoted": "fields of records named in the prompt",
    "listing": "ids that a tool listed",
    "third_party_meta": "fields that others fill in",
    "quoted_text": "the text of records named in the prompt",
    "third_party_text": "any text",
    "none": "nowhere",
}


def _listed(words: Iterable[str]) -> str:
    words = [*words]
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
