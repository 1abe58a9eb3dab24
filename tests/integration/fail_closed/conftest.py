"""The engines that are observed while things go wrong."""

from __future__ import annotations

import pytest
from tests.integration.fail_closed.observed import Observed
from tests.served import PEP_TOKEN, Served

from inbounds.pdp.opa import OpaServer
from inbounds.testing import PolicyUnderTest


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """What an operator of OPA has: bundles, keys, a feed."""
    return Served(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def opa(served, tmp_path_factory):
    """A hardened OPA on those bundles; it has no feed until one is put."""
    with served.opa(log=tmp_path_factory.mktemp("opa") / "log") as process:
        yield process


@pytest.fixture
def embedded(tmp_path):
    """The embedded engine under observation."""
    policy = PolicyUnderTest(tmp_path / "inbounds")
    yield Observed(policy.guard, policy._policy.push_live)
    policy.close()


@pytest.fixture
def on_opa(served, opa, tmp_path):
    """The OPA under observation, with a fresh feed."""
    guard = served.guard(
        OpaServer(opa.url, token=PEP_TOKEN),
        home=tmp_path / "inbounds",
        notify=lambda to, tool: None,
    )
    target = served.target(opa.url)
    observed = Observed(guard, target.push_live)
    target.push_live(observed.feed.snapshot())
    yield observed
    guard.close()
    target.close()


@pytest.fixture(params=["embedded", "opa"])
def observed(request):
    """Each of the two engines in turn."""
    return request.getfixturevalue({"embedded": "embedded", "opa": "on_opa"}[request.param])
