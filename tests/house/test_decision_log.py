"""OPA's decision log leaves out what is read back all the time, and no question."""

import re

from tests.engines import ROOT

from inbounds_tools.bundle.build import ENTRYPOINTS


def test_every_question_is_logged():
    source = (ROOT / "rego" / "system" / "log" / "log.rego").read_text("utf-8")
    (listed,) = re.findall(r"^_unlogged := \{\n(.*?)^\}", source, re.DOTALL | re.MULTILINE)
    unlogged = re.findall(r'"(.+)"', listed)
    assert sorted(unlogged) == [
        "live/now",
        "live/now/generation",
        "live/now/seq",
        "system/version/version",
    ]
    assert not set(unlogged) & set(ENTRYPOINTS)
