"""Both images, built once for all tests of this folder."""

from __future__ import annotations

import shutil
import time

import pytest
from tests.containers import Store, needed

from inbounds.engine import assets


@pytest.fixture(scope="session")
def store():
    needed()
    with Store() as made:
        begun = time.monotonic()
        # A copy, so that the tests compare with what was built from, whatever `make` does since.
        bundles = made.folder / "bundles"
        bundles.mkdir()
        for path in (assets.policy_bundle(), assets.live_bundle(), assets.release_key()):
            shutil.copy(path, bundles)
        made.make_images("--bundles", bundles, "--key", bundles / "release.pub")
        sizes = {name: made.image(f"inbounds-{name}")["Size"] for name in ("opa", "demo")}
        told = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in sizes.items())
        print(f"\nimages: {told}; built in {time.monotonic() - begun:.0f} s")
        yield made
