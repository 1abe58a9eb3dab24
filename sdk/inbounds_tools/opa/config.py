"""The hardened configuration of an OPA, whether it pulls its bundles or is given them."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds_tools.bundle.archive import KEY_ID

URL_VARIABLE = "BUNDLES_URL"
"""What OPA itself replaces in the configuration: where the bundle server is."""

DEPLOYMENT_KEY_ID = "deployment"
"""The key of the deployment's bundle, where that is signed apart from the policy."""

_PULLED = ("services", "keys", "bundles", "persistence_directory")
_KEY_LINE = "    key: PUBLIC_KEY\n"


def for_pulling(template: Path, *, key: Path, url: str = "", site: bool = True) -> str:
    """Return the text of a configuration with which a stock OPA pulls signed bundles.

    Args:
        template: The shipped configuration.
        key: The PEM of the public key that the bundles are signed with.
        url: Of the bundle server; where it is empty, OPA reads `BUNDLES_URL`.
        site: Whether there is a bundle of the operator's own rules.

    Raises:
        ConfigurationError: The key cannot be read, or the URL is invalid.
    """
    from inbounds.engine.bundle_keys import public_key

    public_key(key)
    pem = read_regular(key)[0].decode("ascii").strip()
    text = template.read_text("utf-8")
    block = "    key: |\n" + textwrap.indent(pem, " " * 6) + "\n"
    text = text.replace(_KEY_LINE, block)
    if url:
        if not re.fullmatch(r"https?://[^\s\"'{}]+", url):
            raise ConfigurationError(
                f"{url} is not a URL of a bundle server",
                code="opa.bundles_url",
                hint="such as https://bundles.example/inbounds",
            )
        text = text.replace(f"${{{URL_VARIABLE}}}", url)
    if not site:
        text = re.sub(r"^  site:\n(?:    .*\n)+", "", text, flags=re.MULTILINE)
    return text


def for_serving(template: Path, *, decision_log: bool = True) -> str:
    """Return the text of the configuration of an OPA that is given its bundles when started.

    Args:
        template: The shipped configuration.
        decision_log: Whether OPA writes each decision to its log.
    """
    import yaml

    whole = yaml.safe_load(template.read_text("utf-8"))
    left_out = (*_PULLED, *(() if decision_log else ("decision_logs",)))
    return json.dumps({name: whole[name] for name in whole if name not in left_out}, indent=2)


def for_deployment_file(template: Path, *, path: str) -> str:
    """Return the text of the configuration of an OPA that reads the deployment from a file.

    It is given the other bundles when started, as by `for_serving`. The deployment's is read after
    those, and verified with a key of its own that OPA is given then:
    `--set-file keys.deployment.key=FILE`. Without that it does not start.

    Args:
        template: The shipped configuration.
        path: Where OPA finds the deployment's bundle; absolute.
    """
    import yaml

    whole = yaml.safe_load(template.read_text("utf-8"))
    made = {name: whole[name] for name in whole if name not in _PULLED}
    made["keys"] = {DEPLOYMENT_KEY_ID: {"algorithm": whole["keys"][KEY_ID]["algorithm"]}}
    # INVARIANT: it has a `signing` block. OPA takes a bundle without one unsigned.
    made["bundles"] = {
        "deployment": {
            "resource": f"file://{path}",
            "signing": {"keyid": DEPLOYMENT_KEY_ID},
            "size_limit_bytes": whole["bundles"]["deployment"]["size_limit_bytes"],
        }
    }
    return json.dumps(made, indent=2)


def command(
    opa: Path,
    *,
    config: Path,
    address: str,
    bundles: list[Path] | None = None,
    key: Path | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> list[str]:
    """Return the command line of a hardened OPA.

    Args:
        opa: The OPA binary.
        config: The configuration.
        address: `host:port`, or `unix:///path`.
        bundles: What to serve; none where the configuration says what to pull.
        key: The public key that they must be signed with; needed with `bundles`.
        certificate: The files of certificate and private key for TLS.
    """
    line = [
        *(str(opa), "run", "--server", "--skip-version-check"),
        *("--config-file", str(config), "--addr", address),
        *("--authentication", "token", "--authorization", "basic"),
        # INVARIANT: not `info`. There OPA logs what a rule prints, tokens and arguments among it;
        # at `error` it leaves `print` out, and decision logs and errors are written all the same.
        *("--log-level", "error", "--unix-socket-perm", "700"),
    ]
    if certificate is not None:
        line += ["--tls-cert-file", str(certificate[0])]
        line += ["--tls-private-key-file", str(certificate[1])]
    if bundles:
        # INVARIANT: with bundles on the command line there is a key; OPA takes them unverified
        # otherwise.
        if key is None:
            raise ConfigurationError("bundles are served only verified", code="bundle.key_unusable")
        line += ["--verification-key", str(key), "--verification-key-id", KEY_ID]
        line += ["--signing-alg", "ES256"]
        for bundle in bundles:
            line += ["--bundle", str(bundle)]
    return line
