"""`inbounds live list`: what is in the feed, and who has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbounds_tools.cli import output

from .where import Store, feed_path, moment

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 20
"""How many entries of a list people are shown; programs are given them all."""
_WORDS = {"switches": "thrown", "ended": "ended", "revoked": "revoked"}


def command(*, store: Store = None, as_json: output.Json = False) -> None:
    """Show what is stopped, ended and revoked, newest first, and who has the feed."""
    from inbounds.live import LiveFeed
    from inbounds.live.store import is_development
    from inbounds.live.wait import has

    path = feed_path(store)
    feed = LiveFeed(path)
    try:
        entries, notes = feed.entries(), feed.acknowledgements()
        value: dict[str, Any] = {
            "feed": str(path),
            "generation": entries.position.generation,
            "seq": entries.position.seq,
        }
        value |= {kind: [] for kind in _WORDS}
        for entry, until in feed.kept_until(reversed(entries.ordered)).items():
            one = {"name": entry.name, "since": entry.at, "until": until}
            value[entry.kind].append(one)
    finally:
        feed.close()
    value["targets"] = [
        {
            "target": note.target,
            "has_it": has(note, entries.position),
            "fault": note.fault,
            "heard": note.at,
        }
        for note in notes
    ]
    by_guards = is_development(path) and not notes
    output.emit(value, as_json=as_json, show=lambda on: _show(on, value, by_guards=by_guards))


def _show(console: Console, value: dict[str, Any], *, by_guards: bool) -> None:
    def say(text: str) -> None:
        console.print(text)

    say(f"{value['feed']}: generation {value['generation']}, change {value['seq']}")
    for kind, word in _WORDS.items():
        listed = value[kind]
        say(f"{word}: {len(listed) or 'nothing'}")
        for one in listed[:_SHOWN]:
            until = f", kept until {moment(one['until'])}" if one["until"] else ""
            say(f"  {one['name']}  since {moment(one['since'])}{until}")
        if len(listed) > _SHOWN:
            say(f"  and {len(listed) - _SHOWN} older ones: --json has all")
    for target in value["targets"]:
        fault = f": {target['fault']}" if target["fault"] else ""
        state = "has it" if target["has_it"] else f"is not known to have it{fault}"
        say(f"{target['target']} {state}, as of {moment(target['heard'])}")
    if by_guards:
        say("the guards of this folder read it themselves")
    elif not value["targets"]:
        say("this feed is not served, so no PDP has it")
