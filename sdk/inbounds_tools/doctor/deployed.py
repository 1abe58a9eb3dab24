"""Which deployment the embedded policy judges with: its own, or a folder's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from inbounds.dev.deployment import load
from inbounds.errors import ConfigurationError
from inbounds.model.deployment import Deployment

if TYPE_CHECKING:
    from inbounds.engine.bundle import SignedBundle
    from inbounds.pep.config import Configuration


def of_bundle(signed: SignedBundle) -> Deployment | None:
    """Return the deployment that a bundle holds; None where it holds none.

    Raises:
        ConfigurationError: It holds one that is invalid.
    """
    if not signed.owns("deployment"):
        return None
    try:
        return Deployment.model_validate(signed.data.get("deployment"))
    except ValidationError:
        raise ConfigurationError(
            "the deployment in the bundle does not fit its schema",
            code="bundle.deployment_invalid",
            hint="build the bundle again with this version of the SDK",
        ) from None


def deployed(configuration: Configuration) -> tuple[Deployment, str]:
    """Return the deployment in force for this configuration, and where it comes from.

    Raises:
        ConfigurationError: It cannot be read.
    """
    if configuration.bundle and not configuration.pdp_url:
        from inbounds.engine import assets
        from inbounds.engine.bundle import read_signed

        key = configuration.bundle_key or assets.release_key()
        own = of_bundle(read_signed(configuration.bundle, key))
        if own is not None:
            return own, f"inside {configuration.bundle}"
    return load(configuration.deployment_folder), f"{configuration.deployment_folder}/"
