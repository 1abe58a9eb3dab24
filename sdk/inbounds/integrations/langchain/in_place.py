"""What stands in a tool's place, and lets it run with what was judged alone."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any

from inbounds.errors import InboundsError
from inbounds.integrations.given import KeptLabel
from inbounds.threads import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Permit


class InPlace:
    """Stands in a tool's place, and lets it run with the judged arguments alone.

    Args:
        tool: The tool. It stays as it is.
        permit: Of the call.
        hidden: The names of the arguments that the framework puts in.

    Attributes:
        begun: Whether the tool has begun.
        refusal: Why it was not let to.
        label: That of its result, of which the framework makes text.
    """

    def __init__(self, tool: Any, permit: Permit, hidden: frozenset[str]) -> None:
        self._tool = tool
        self._permit = permit
        self._hidden = hidden
        self.begun = False
        self.refusal: InboundsError | None = None
        self.label = KeptLabel()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)

    def invoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.invoke`."""
        self._compare(call)
        return _bare(self._tool, self.label).invoke(call, config, **options)

    async def ainvoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.ainvoke`."""
        await beside(self._compare, call)
        return await _bare(self._tool, self.label).ainvoke(call, config, **options)

    def _compare(self, call: Mapping[str, Any]) -> None:
        arguments = {n: value for n, value in call["args"].items() if n not in self._hidden}
        try:
            self._permit.compare(arguments)
        except InboundsError as error:
            if self.begun:
                # A layer wants it once more; the first time was the only one.
                error.executed = "yes"
            self.refusal = error
            raise
        self.begun = True


def _bare(tool: Any, label: KeptLabel) -> Any:
    """Return a tool whose result has no label, which is kept: of all that it is, text is made."""
    own = copy.copy(tool)
    pair = tool.response_format == "content_and_artifact"
    run, arun = tool._run, tool._arun  # noqa: SLF001 -- what a class of tools is made of

    def bare(result: Any) -> Any:
        if pair and isinstance(result, tuple):
            return tuple(label.bare(each) for each in result)
        return label.bare(result)

    @functools.wraps(run)
    def bare_run(*args: Any, **arguments: Any) -> Any:
        return bare(run(*args, **arguments))

    @functools.wraps(arun)
    async def bare_arun(*args: Any, **arguments: Any) -> Any:
        return bare(await arun(*args, **arguments))

    # In the object itself: what runs the tool finds it before the class's.
    object.__setattr__(own, "_run", bare_run)
    object.__setattr__(own, "_arun", bare_arun)
    return own
