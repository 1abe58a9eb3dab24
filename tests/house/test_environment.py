"""Where packages come from is said once: uv is given pip's own settings."""

import sys
from pathlib import Path

import pytest

from tools import environment

pytestmark = pytest.mark.system


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """What uv is given beside these variables and this configuration of pip."""

    def given(configuration="", **variables):
        file = tmp_path / "pip.conf"
        file.write_text(configuration, "utf-8")
        for name in (
            "CERT",
            "DEFAULT_TIMEOUT",
            "EXTRA_INDEX_URL",
            "FIND_LINKS",
            "INDEX_URL",
            "TRUSTED_HOST",
        ):
            monkeypatch.delenv(f"PIP_{name}", raising=False)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return environment._settings(Path(sys.executable))

    return given


def test_the_index_of_pip_is_that_of_uv(settings):
    configuration = (
        "[global]\n"
        "index-url = https://mirror.example/a=b/simple\n"
        "extra-index-url =\n    https://one.example\n    https://two.example\n"
        "timeout = 60\n"
    )
    assert {
        "UV_DEFAULT_INDEX": "https://mirror.example/a=b/simple",
        "UV_INDEX": "https://one.example https://two.example",
        "SSL_CERT_FILE": "/certs/own.pem",
        "UV_HTTP_TIMEOUT": "60",
    }.items() <= settings(configuration, PIP_CERT="/certs/own.pem").items()


def test_a_variable_counts_before_a_file(settings):
    found = settings(
        "[install]\nindex-url = https://a.example\n", PIP_INDEX_URL="https://b.example"
    )
    assert "https://b.example" == found["UV_DEFAULT_INDEX"]


def test_without_settings_uv_has_its_own(settings):
    assert not {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS"} & settings().keys()
