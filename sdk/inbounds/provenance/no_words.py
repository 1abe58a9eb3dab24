"""The words of a user who has said nothing: nothing is said, named or ruled out by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .prompt_text import How


class NoWords:
    """The part of `prompt.Words` that an index asks, as it answers before the first prompt.

    `prompt`, and what it reads words with, is loaded where there are any.

    Attributes:
        titles: Stands for `prompt_titles.PromptTitles`.
    """

    titles: ClassVar[type[NoWords]]
    denies = False
    is_doubtful = False
    quotes_what_stays = False
    tells_many = False

    @staticmethod
    def holds(_key: str) -> bool:
        """See `Words.holds`."""
        return False

    @staticmethod
    def states(_key: str, currency: str) -> bool:  # noqa: ARG004 -- `Words` takes it by its name
        """See `Words.states`."""
        return False

    @staticmethod
    def rules_out(_key: str, *, amount: bool = False) -> bool:  # noqa: ARG004 -- as above
        """See `Words.rules_out`."""
        return False

    @staticmethod
    def rules_out_text(_text: str, *, is_value: bool = False) -> bool:  # noqa: ARG004 -- as above
        """See `Words.rules_out_text`."""
        return False

    @staticmethod
    def keeps(_title: str) -> int:
        """See `Words.keeps`."""
        return -1

    @staticmethod
    def doubts(_keys: Iterable[str], _said: str, *, prompted: bool, kept: int = -1) -> bool:  # noqa: ARG004 -- as above
        """See `Words.doubts`."""
        return False

    @staticmethod
    def asks_plainly(_value: str, _how: How) -> bool:
        """See `Words.asks_plainly`."""
        return False

    @staticmethod
    def says(_value: str, _how: How = "words") -> bool:
        """See `Words.says`."""
        return False

    @staticmethod
    def names(_title: str, *, own: bool) -> bool:  # noqa: ARG004 -- as above
        """See `PromptTitles.names`."""
        return False

    @staticmethod
    def says_some(_kind: str) -> bool:
        """See `Words.says_some`."""
        return False

    @staticmethod
    def says_file(_title: str) -> bool:
        """See `PromptTitles.says_file`."""
        return False

    @staticmethod
    def deletes(_title: str) -> bool:
        """See `PromptTitles.deletes`."""
        return False

    @staticmethod
    def alludes(_title: str, *, own: bool) -> str:  # noqa: ARG004 -- as above
        """See `PromptTitles.alludes`."""
        return ""

    @staticmethod
    def mentions(_name: str, *, by_id: bool) -> bool:  # noqa: ARG004 -- as above
        """See `PromptTitles.mentions`."""
        return False


NoWords.titles = NoWords
