"""What `inbounds mcp-proxy` is started with, and what it refuses to start with."""

from __future__ import annotations

import pytest

from inbounds_tools.cli import main

GOOD = ["--server", "files", "--intent", "tidy", "--subject", "alice@acme.example"]
RUN = ["--", "server"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (GOOD, "configuration.upstream"),
        ([*GOOD, "--url", "https://files.acme.example/mcp", *RUN], "configuration.upstream"),
        ([*GOOD, "--env", "NOTHING_IS_CALLED_THIS", *RUN], "configuration.upstream"),
        (
            [*GOOD, "--url", "https://a.example", "--credential-env", "NOTHING_IS_CALLED_THIS"],
            "configuration.upstream",
        ),
        ([*GOOD, "--ask", "everything", *RUN], "configuration.upstream"),
        (["--server", "a.b", *GOOD[2:], *RUN], "configuration.upstream"),
        (["--server", "", *GOOD[2:], *RUN], "configuration.upstream"),
        ([*GOOD, "--url", "http://files.acme.example/mcp"], "configuration.oidc"),
        ([*GOOD, "--url", "http://user:word@127.0.0.1/mcp"], "configuration.oidc"),
        ([*GOOD[:4], *RUN], "configuration.subject"),
        ([*GOOD, "--listen", "127.0.0.1:1", *RUN], "configuration.subject"),
        ([*GOOD[:4], "--listen", "0.0.0.0:1", *RUN], "opa.listener_open"),
        ([*GOOD[:4], "--listen", "127.0.0.1:none", *RUN], "configuration.address"),
        (
            [*GOOD[:4], "--listen", "127.0.0.1:1", "--subject-claim", "name", *RUN],
            "configuration.subject",
        ),
        ([*GOOD, "--prompt-file", "nothing-is-there", *RUN], "configuration.file"),
        ([*GOOD, "--user-token-file", "nothing-is-there", *RUN], "configuration.file"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_starts(
    arguments, code, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)

    assert 1 == main(["mcp-proxy", *arguments])
    assert code in capsys.readouterr().err
