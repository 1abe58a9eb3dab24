"""Every built-in that the host provides has a comparison with OPA's own."""

import ast
import json
import re

from tests import builtin_arguments
from tests.engines import ROOT

from inbounds.engine.builtins import Host
from inbounds_tools.bundle.site_builtins import LIMITS

COMPARED = ROOT / "tests" / "integration" / "test_builtins.py"


def test_every_built_in_of_the_host_is_compared_with_opa():
    """
    A built-in that is added without arguments to compare it on fails here.
    """
    provided = Host(lambda: 0).builtins.keys()
    assert provided == builtin_arguments.taken().keys()
    assert builtin_arguments.stricter().keys() <= provided

    # All are compared in one test, but for the one that tells the time.
    tests = {
        node.name: ast.unparse(node.decorator_list[0])
        for node in ast.parse(COMPARED.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    compared = tests["test_arguments_it_takes_and_any_others"]
    assert compared == "pytest.mark.parametrize('name', sorted(TAKEN.keys() - {'time.now_ns'}))"


def test_every_built_in_of_the_host_may_be_used():
    """
    What the host provides, and no policy may call, would be provided for nothing.
    """
    capabilities = json.loads((ROOT / "bundles" / "capabilities.json").read_text("utf-8"))
    allowed = {builtin["name"] for builtin in capabilities["builtins"]}
    assert Host(lambda: 0).builtins.keys() <= allowed


def test_what_a_site_must_not_call_is_listed():
    """
    The page lists each with its reason, and no other.
    """
    text = (ROOT / "docs" / "policy-authors.md").read_text("utf-8")
    (section,) = re.findall(
        r"^## Built-ins that a site must not call\n(.*?)^## ", text, re.DOTALL | re.MULTILINE
    )
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{name}` | {limit.why} | {limit.instead} |" for name, limit in LIMITS.items()
    ]
