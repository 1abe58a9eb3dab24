"""What stands in a tool's place, and lets it run with what was judged alone."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any

from inbounds.integrations._adapter.running import Once
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.integrations._adapter.result_obligations import KeptLabel
    from inbounds.pep import Permit


class InPlace(Once):
    """Stands in a tool's place, and lets it run with the judged arguments alone.

    Args:
        tool: The tool. It stays as it is.
        permit: Of the call.
        hidden: The names of the arguments that the framework puts in.
    """

    def __init__(self, tool: Any, permit: Permit, hidden: frozenset[str]) -> None:
        super().__init__()
        self._tool = tool
        self._permit = permit
        self._hidden = hidden

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)

    def invoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.invoke`."""
        self._compare(call)
        with self._permit.tool_run.active():
            return _bare(self._tool, self.label).invoke(call, config, **options)

    async def ainvoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.ainvoke`."""
        await run_in_thread(self._compare, call)
        with self._permit.tool_run.active():
            return await _bare(self._tool, self.label).ainvoke(call, config, **options)

    def _compare(self, call: Mapping[str, Any]) -> None:
        arguments = {n: value for n, value in call["args"].items() if n not in self._hidden}
        with self.beginning():
            self._permit.compare(arguments)


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
