"""A console on which text is text: it drives no terminal, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.status import Status
from rich.text import Text

from inbounds.text.printable import printable


class SafeConsole(Console):
    """Escapes whatever does not print, save for the ends of lines.

    What is escaped takes more room: it is escaped before it is laid out, or it would be cut off.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text with its markup read, as `Console.render_str`."""
        return super().render_str(printable(text, but="\n"), **options)

    def status(self, status: RenderableType, **options: Any) -> Status:
        """Return a status line as `Console.status`, which reads markup in a text."""
        text = self.render_str(status) if isinstance(status, str) else status
        return super().status(text, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of `renderable`; the console's own controls stay as they are."""
        for segment in super().render(_escaped(renderable), options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable(segment.text, but="\n"), segment.style)


def _escaped(renderable: RenderableType) -> RenderableType:
    if not isinstance(renderable, Text):
        return renderable
    shown = printable(renderable.plain, but="\n")
    if shown == renderable.plain:
        return renderable
    text = renderable.copy()
    text.plain = shown
    return text
