"""The models that may be asked for an agent: its own, and those that are asked in its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inbounds.errors import ConfigurationError


def models_of(
    model: Any,
    kind: Any,
    refusal: Callable[[str, str], ConfigurationError],
    *,
    wrapped: Callable[[Any], Iterable[Any]] = lambda _: (),
) -> Iterator[Any]:
    """Yield a model and all that it may ask in its place, such as fallbacks, each once.

    Args:
        model: Of an agent or a request. Of a name, the framework makes a model without settings, or
            one that is looked at again.
        kind: What a model is an instance of.
        refusal: Makes the error for what is not a model: its name, and why.
        wrapped: What else a model asks, whatever kind that is of.

    Raises:
        ConfigurationError: What `refusal` makes: something is asked of which it cannot be told.
    """
    waiting, seen = [model], set[int]()
    while waiting:
        each = waiting.pop()
        if each is None or isinstance(each, str) or id(each) in seen:
            continue
        if not isinstance(each, kind):
            raise refusal(type(each).__name__, "does not say which model it asks")
        seen.add(id(each))
        yield each
        waiting += wrapped(each)
        private = getattr(each, "__pydantic_private__", None) or {}
        for value in (*vars(each).values(), *private.values()):
            several = value.values() if isinstance(value, Mapping) else value
            inner = several if isinstance(several, Collection) else [value]
            waiting += [one for one in inner if isinstance(one, kind)]
