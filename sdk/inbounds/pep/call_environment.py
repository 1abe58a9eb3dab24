"""Where calls come from, as the program says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.model.question import CallEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NETWORK = 'it says where a call comes from: {"network": "office"}, or is a function that says so'


def call_environment_of(
    given: Mapping[str, str] | Callable[[], Mapping[str, str]],
) -> Callable[[], CallEnvironment]:
    """Return what says, at each call, where it comes from.

    Args:
        given: A value of the question's `environment`, or a function that returns one.

    Raises:
        ConfigurationError: What was given says something that the question has no place for.
    """
    if callable(given):

        def ask() -> CallEnvironment:
            try:
                return _read(given())
            except Exception as error:  # noqa: BLE001 -- a function of the user's may raise anything
                raise DecisionUnavailable(
                    f"`call_environment` failed with {type(error).__name__}",
                    code="environment.unknown",
                    hint=_NETWORK,
                ) from None

        return ask
    try:
        fixed = _read(given)
    except (TypeError, ValueError):
        raise ConfigurationError(
            "`call_environment` must fit the question",
            code="configuration.call_environment",
            hint=_NETWORK,
        ) from None
    return lambda: fixed


def _read(said: Mapping[str, str]) -> CallEnvironment:
    return CallEnvironment.model_validate(dict(said))
