"""Whatever is drafted or proposed, cut to what the intent of the deployment has.

In a `Scope` an empty list asks for everything, so nothing here ever leaves one empty that was
not: what has nothing left falls back to reading.

This module does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from inbounds.errors import ConfigurationError
from inbounds.model.claims import Bounds, ResourceBound, RoleBounds, Scope
from inbounds.model.deployment import Intent
from inbounds.model.question import Effect

ROLES = ("recipient", "target", "amount", "code", "credential")
"""The roles whose arguments a task can bound."""
_READ: Effect = "read"


def resources_for(intent: Intent, asked: Iterable[ResourceBound] = ()) -> tuple[ResourceBound, ...]:
    """Return the intent's resources with their reads, and what is asked for on them.

    Args:
        intent: The template.
        asked: Further effects by type and prefixes, as far as the template has them.
    """
    # One bound of the template at a time: two of them let less be done than their sum.
    asked = [*asked]
    found: list[ResourceBound] = []
    for outer in intent.resources:
        found += [bound for bound in _opened(outer, intent, asked) if bound not in found]
    return tuple(found)


def _opened(
    outer: ResourceBound, intent: Intent, asked: Iterable[ResourceBound]
) -> Iterator[ResourceBound]:
    """Yield what one bound of the template lets be read, and what is asked for within it."""
    here = effects_of(outer, intent)
    # By prefixes, and whether it is assumed.
    places = {(tuple(outer.prefixes), outer.assumed): {_READ} & here}
    for bound in asked:
        prefixes = _inside(bound, outer)
        if prefixes:
            place = prefixes, outer.assumed or bound.assumed
            places.setdefault(place, set()).update(set(bound.effects) & here)
    for (prefixes, assumed), had in places.items():
        # A tool needs all its effects in one bound, so a smaller one has what is around it.
        around = (
            more
            for (wider, guessed), more in places.items()
            if guessed <= assumed and all(one.startswith(wider) for one in prefixes)
        )
        effects = had.union(*around) if had else had
        if effects:
            yield ResourceBound(
                type=outer.type, prefixes=[*prefixes], effects=sorted(effects), assumed=assumed
            )


def assumed_for(intent: Intent) -> tuple[ResourceBound, ...]:
    """Return what a task may assume where a prompt orders something that is not understood."""
    return tuple(
        outer.model_copy(update={"effects": sorted(effects), "assumed": True})
        for outer in intent.resources
        if (effects := effects_of(outer, intent) - {_READ})
    )


def delegated_for(intent: Intent, asked: Iterable[ResourceBound]) -> tuple[ResourceBound, ...]:
    """Return what of `asked` the intent lets a record ask for, never reads.

    Args:
        intent: The template.
        asked: Types, prefixes and effects that a record asks for.
    """
    asked = [*asked]
    found: list[ResourceBound] = []
    for outer in intent.delegated:
        for whole in intent.resources:
            let = effects_of(outer, intent) & effects_of(whole, intent) - {_READ}
            places: dict[tuple[str, ...], set[Effect]] = {}
            for bound in asked:
                prefixes = _inside(bound, outer)
                both = ResourceBound(type=bound.type, prefixes=[*prefixes])
                prefixes = prefixes and _inside(both, whole)
                if prefixes:
                    places.setdefault(prefixes, set()).update(set(bound.effects) & let)
            found += [
                one
                for prefixes, had in places.items()
                if had
                and (
                    one := ResourceBound(type=outer.type, prefixes=[*prefixes], effects=sorted(had))
                )
                not in found
            ]
    return tuple(found)


def effects_of(bound: ResourceBound, intent: Intent) -> set[Effect]:
    """Return the effects that a bound of the template lets be brought about."""
    return set(bound.effects or intent.effects) & set(intent.effects)


def role_within(had: RoleBounds, asked: RoleBounds) -> RoleBounds:
    """Return what both let through of the arguments of one role.

    What the template states by value or domain stays where nothing was asked for by either.
    """
    named = bool(asked.values or asked.domains)
    return RoleBounds(
        values=[value for value in asked.values if _lets(had, value)] if named else had.values,
        domains=[
            domain for domain in (asked.domains if named else had.domains) if domain in had.domains
        ],
        origins=[grade for grade in asked.origins if grade in had.origins],
        up_to=min(had.up_to, asked.up_to or had.up_to),
    )


def bounds_within(intent: Intent, asked: Bounds) -> Bounds:
    """Return what was asked for of the arguments, role by role, within the template's bounds."""
    return Bounds(
        **{
            role: role_within(getattr(intent.bounds, role), bound)
            if role in intent.bounds.model_fields_set
            else bound
            for role, bound in _stated(asked)
        }
    )


def narrower_within(intent: Intent, asked: Scope) -> Scope:
    """Return what somebody asked for as far as the intent has it.

    Args:
        intent: The template.
        asked: A wish of any reach; what it does not state is what the template has.

    Raises:
        ConfigurationError: `intent.nothing_left`: not even reading is left.
    """
    wanted = asked.resources or [
        ResourceBound(type=bound.type, prefixes=bound.prefixes) for bound in intent.resources
    ]
    effects = set(asked.effects or intent.effects)
    acting = [
        bound.model_copy(update={"effects": sorted(set(bound.effects or intent.effects) & effects)})
        for bound in wanted
    ]
    delegated = delegated_for(
        intent,
        [
            bound.model_copy(
                update={"effects": sorted(set(bound.effects or intent.effects) & effects)}
            )
            for bound in asked.delegated
        ],
    )
    resources = resources_for(intent, [*acting, *delegated])
    return Scope(
        effects=all_effects(resources),
        tools={name: bound for name, bound in asked.tools.items() if name in intent.tools},
        resources=[*resources],
        destinations=[name for name in asked.destinations if name in intent.destinations],
        label=asked.label,
        bounds=bounds_within(intent, asked.bounds),
        windows=asked.windows,
        budgets={
            name: min(most, intent.budgets.get(name, most)) for name, most in asked.budgets.items()
        },
        delegated=[*delegated],
    )


def all_effects(resources: Sequence[ResourceBound]) -> list[Effect]:
    """Return every effect that one of the resources has.

    Raises:
        ConfigurationError: `intent.nothing_left`: there is none.
    """
    effects = sorted({effect for bound in resources for effect in bound.effects})
    if not effects:
        raise ConfigurationError(
            "nothing is left of the intent: it has no reads, and nothing else was asked for",
            code="intent.nothing_left",
            hint="give the intent `read` on its resources, or begin the task without a draft",
        )
    return effects


def _stated(bounds: Bounds) -> Iterator[tuple[str, RoleBounds]]:
    for role in ROLES:
        if role in bounds.model_fields_set:
            yield role, getattr(bounds, role)


def _inside(bound: ResourceBound, outer: ResourceBound) -> tuple[str, ...]:
    """The prefixes that lie in both."""
    if bound.type != outer.type:
        return ()
    both = {
        max(one, other, key=len)
        for one in bound.prefixes
        for other in outer.prefixes
        if one.startswith(other) or other.startswith(one)
    }
    return tuple(outer.prefixes) if both == set(outer.prefixes) else tuple(sorted(both))


def _lets(bound: RoleBounds, value: object) -> bool:
    if value in bound.values or "prompt" in bound.origins:
        return True
    return isinstance(value, str) and value.rpartition("@")[2] in bound.domains and "@" in value
