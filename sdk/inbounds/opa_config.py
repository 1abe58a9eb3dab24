"""The hardened configuration of an OPA: that pulls its bundles, is given them, or reads files."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

from .bundle.archive import KEY_ID
from .errors import ConfigurationError

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
        ConfigurationError: The key cannot be read, or the URL is none.
    """
    pem = _public(key)
    text = template.read_text("utf-8")
    block = "    key: |\n" + textwrap.indent(pem, " " * 6) + "\n"
    text = text.replace(_KEY_LINE, block)
    if url:
        if not re.fullmatch(r"https?://[^\s\"'{}]+", url):
            raise ConfigurationError(
                f"{url} is no URL of a bundle server",
                code="opa.bundles_url",
                hint="such as https://bundles.example/inbounds",
            )
        text = text.replace(f"${{{URL_VARIABLE}}}", url)
    if not site:
        text = re.sub(r"^  site:\n(?:    .*\n)+", "", text, flags=re.MULTILINE)
    return text


def for_serving(template: Path) -> str:
    """Return the text of the configuration of an OPA that is given its bundles when started."""
    import yaml

    whole = yaml.safe_load(template.read_text("utf-8"))
    return json.dumps({name: whole[name] for name in whole if name not in _PULLED}, indent=2)


def for_files(template: Path, *, key: Path, bundles: Mapping[str, str]) -> str:
    """Return the text of the configuration of an OPA that reads signed bundles from files.

    Each is read once, when OPA starts. The deployment's is verified with a key of its own, which
    OPA is given then: `--set-file keys.deployment.key=FILE`. Without that it does not start.

    Args:
        template: The shipped configuration.
        key: The PEM of the public key that the other bundles are signed with.
        bundles: Where OPA finds each: `policy`, `live`, `deployment`, and `site` where there is
            one. Absolute paths.

    Raises:
        ConfigurationError: The key cannot be read, or a bundle is not one of these.
    """
    import yaml

    whole = yaml.safe_load(template.read_text("utf-8"))
    unknown, missing = bundles.keys() - whole["bundles"], whole["bundles"].keys() - bundles
    if unknown or missing - {"site"}:
        raise ConfigurationError(
            f"the bundles are {', '.join(sorted(bundles))}",
            code="opa.bundles_unknown",
            hint=f"of {', '.join(whole['bundles'])}, only `site` may be left out",
        )
    release = whole["keys"][KEY_ID] | {"key": _public(key)}
    made = {name: whole[name] for name in whole if name not in _PULLED}
    made["keys"] = {KEY_ID: release, DEPLOYMENT_KEY_ID: {"algorithm": release["algorithm"]}}
    made["bundles"] = {
        name: {
            "resource": f"file://{path}",
            # INVARIANT: each has a `signing` block. OPA takes a bundle without one unsigned.
            "signing": {"keyid": DEPLOYMENT_KEY_ID if name == "deployment" else KEY_ID},
        }
        for name, path in bundles.items()
    }
    return json.dumps(made, indent=2)


def _public(key: Path) -> str:
    """Return the PEM of a public key.

    Raises:
        ConfigurationError: The file cannot be read, or is something else.
    """
    try:
        pem = key.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the public key {key} cannot be read", code="bundle.key_unusable"
        ) from error
    if "-----BEGIN PUBLIC KEY-----" not in pem:
        raise ConfigurationError(
            f"{key} is not the PEM of a public key",
            code="bundle.key_unusable",
            hint="`inbounds bundle key release.pem` writes one to release.pub",
        )
    return pem


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
        *("--log-level", "info", "--unix-socket-perm", "700"),
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
