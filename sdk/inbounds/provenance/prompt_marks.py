"""What of a prompt has to be read further: marks of quotes and data, and words that deny.

Most prompts have neither, and load nothing of what reads them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .prompt_segments import Stretch
    from .sentences import Token

_UNMARKED = re.compile(r"(?:[\w .,!?@/#+$%&=;()]|(?<=\w)-(?=\w))*+")
"""What holds no other sign quotes nothing, and nothing of it is data."""
DENYING = """
    apart außer avoid ban block but can't cannot cant cease couldn't cut don't dont eccetto
    except excepting excepto exclude excluding geen ignore instead jamais jamás keep kein
    keine keinem keinen keiner keines leave mayn't minus mustn't needn't neither never nicht
    niemals niet no nobody none nor not nothing nowhere nunca não ohne omit other pas quit
    rather refrain salvo sans sauf sem senza shan't shouldn't sin skip stop take without won't
    wont wouldn't zonder
    doesn't left excluded omitted skipped ignored blocked banned
"""
"""What `denials` begins to deny at: a test holds the two to one list, which loads neither here."""
_DENIES = re.compile(
    rf"\b(?:{'|'.join(DENYING.split())})\b".replace("'", "['\u2019]"), re.IGNORECASE
)


def apart(text: str) -> tuple[list[str], list[str]]:
    """Return what the user says of a prompt, with short quotes, and what is data in it."""
    said, data = [], []
    at = 0
    for stretch in stretches(text):
        if stretch.kind == "quote":
            continue
        said.append(text[at : stretch.start])
        data.append(text[stretch.start : stretch.stop])
        at = stretch.stop
    said.append(text[at:])
    return said, data


def stretches(text: str) -> list[Stretch]:
    """Return what of a prompt is quoted or data, as `prompt_segments.stretches`."""
    if _UNMARKED.fullmatch(text):
        return []
    from . import prompt_segments

    return prompt_segments.stretches(text)


def ruled_out(text: str) -> list[Token]:
    """Return what a text names only to rule it out, as `denials.tokens_ruled_out`."""
    if _DENIES.search(text) is None:
        return []
    from .denials import tokens_ruled_out

    return tokens_ruled_out(text)
