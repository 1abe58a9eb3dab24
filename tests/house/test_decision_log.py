"""OPA's decision log has every question that the policy answers, and nothing else."""

import re

from tests.engines import ROOT

from inbounds_tools.bundle.build import ENTRYPOINTS


def test_every_question_is_logged():
    source = (ROOT / "rego" / "system" / "log" / "log.rego").read_text("utf-8")
    (listed,) = re.findall(r"^_questions := \{\n(.*?)^\}", source, re.DOTALL | re.MULTILINE)
    assert sorted(re.findall(r'"(.+)"', listed)) == sorted(ENTRYPOINTS)
