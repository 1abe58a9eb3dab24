"""One service on each engine for the tests of this folder."""

import pytest
from tests.issuing import Issuing


@pytest.fixture(scope="package")
def on_opa(tmp_path_factory):
    """A deployment, and its issuer's service on an OPA that it keeps up to date."""
    place = Issuing(tmp_path_factory.mktemp("opa"))
    with place.serving("opa") as service:
        yield place, service


@pytest.fixture(scope="package")
def on_embedded(tmp_path_factory):
    """A deployment, and its issuer's service with the policy in its own process."""
    place = Issuing(tmp_path_factory.mktemp("embedded"))
    with place.serving("embedded") as service:
        yield place, service
