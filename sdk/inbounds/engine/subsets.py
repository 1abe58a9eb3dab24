"""What Rego calls equal, and what is a part of what (`object.subset`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inbounds.engine.values import BuiltinError, Set


def equal(a: Any, b: Any) -> bool:
    """Whether Rego calls them equal: 1 equals 1.0, but never true."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)):
        return bool(a == b)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, Set):
        return len(a.members) == len(b.members) and all(contains(b, m) for m in a.members)
    return bool(a == b)


def contains(members: Set, value: Any) -> bool:
    """Whether `value` is in the set."""
    return any(equal(value, member) for member in members.members)


def is_subset(whole: Any, part: Any) -> bool:
    """Return what OPA's `object.subset` does."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return _object_subset(whole, part)
    if isinstance(whole, Set) and isinstance(part, Set):
        return all(contains(whole, member) for member in part.members)
    if isinstance(whole, list) and isinstance(part, list):
        return _array_subset(whole, part)
    if isinstance(whole, list) and isinstance(part, Set):
        # As OPA does, which counts an element as often as it occurs: [0, 0] holds {0, 1}.
        found = sum(contains(part, element) for element in whole)
        return bool(whole) and found >= len(part.members)
    raise BuiltinError("object.subset takes two of a kind")


def _object_subset(whole: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    for key, wanted in part.items():
        if key not in whole:
            return False
        if equal(whole[key], wanted):
            continue
        if type(whole[key]) is not type(wanted) or not isinstance(wanted, (dict, list, Set)):
            return False
        if not is_subset(whole[key], wanted):
            return False
    return True


def _array_subset(whole: list[Any], part: list[Any]) -> bool:
    """Whether `part` is found in `whole`, by the search OPA makes."""
    start = matched = 0
    while matched < len(part):
        if start + matched == len(whole):
            return False
        if equal(whole[start + matched], part[matched]):
            matched += 1
        else:
            start, matched = start + 1, 0
    return True
