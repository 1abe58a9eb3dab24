"""The policy as files for OPA alone, without Python."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from inbounds.engine import assets
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import write_file
from inbounds.files.trees import copy_tree, remove_tree

_MARK = "inbounds-policy"


def write(folder: Path) -> None:
    """Write the policy's sources, the fixtures for tests, the schemas and the capabilities.

    Args:
        folder: Made if missing. One that this has written before is replaced.

    Raises:
        ConfigurationError: The folder holds something else.
    """
    ours = (folder / _MARK).is_file()
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{folder} holds something else",
            code="init.policy_folder",
            hint="name a folder that is empty, or not there",
        )
    for place in (folder / "rego", folder / "schemas"):
        remove_tree(place, below=folder)
    note = "written by `inbounds init --policy`; do not edit\n"
    write_file(folder / _MARK, note, below=folder)
    copy_tree(assets.rego(), folder / "rego", below=folder)
    copy_tree(assets.schemas(), folder / "schemas", below=folder)
    capabilities, _ = read_regular(assets.capabilities())
    write_file(folder / "capabilities.json", capabilities, below=folder)


def command_line(folder: Path, site: Path = Path("site")) -> Mapping[str, str]:
    """Return the command lines with which OPA alone compiles and tests a site's rules."""
    schemas, sources = ["--schema", f"{folder}/schemas"], [f"{folder}/rego", f"site:{site}"]
    # Tests may use built-ins that the policy may not.
    policy = ["--capabilities", f"{folder}/capabilities.json", "--ignore", "*_test.rego"]
    return {
        "compile your rules": shlex.join(["opa", "check", "--strict", *schemas, *policy, *sources]),
        "test your rules": shlex.join(["opa", "test", *schemas, *sources]),
    }
