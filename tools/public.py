"""What users may rely on, as text: a change of it changes these files, for a reviewer to see.

See docs/compatibility.md for what a change of each line means.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OWNS = ("docs/public/*.txt",)

PYTHON = {
    "inbounds": (),
    "inbounds.errors": ("Executed",),
    "inbounds.evidence": ("EvidenceLog",),
    "inbounds.evidence.report": ("Refused", "TaskReport"),
    "inbounds.identity": (
        "IdentityProvider",
        "IdentityToken",
        "Issuer",
        "Rotating",
        "TaskGrant",
        "TaskRequest",
    ),
    "inbounds.identity.file": ("FileIdentity",),
    "inbounds.identity.jwks": ("JwksSource", "read_jwks"),
    "inbounds.identity.oidc": ("OidcIdentity",),
    "inbounds.identity.spire": ("SpireIdentity",),
    "inbounds.pdp": ("PolicyDecisionPoint", "Reply"),
    "inbounds.engine.embedded": ("EmbeddedPolicy",),
    "inbounds.pdp.opa": ("OpaServer",),
    "inbounds.sessions": ("Binding", "ConversationKey", "SessionKey", "SessionStore"),
    "inbounds.pep.telemetry": ("configure",),
    "inbounds.testing": ("PolicyUnderTest", "assert_asks", "assert_denied", "policy"),
}
"""The names of each module that are public; those of the package itself are its `__all__`."""

_CODE = re.compile(r"[a-z_*]+(?:\.[a-z_*]+)+")


def generated(root: Path) -> dict[str, str]:
    """Return the text of each file by its path."""
    parts = {
        "python": _python(),
        "codes": _codes(root),
        "telemetry": _telemetry(),
        "records": _records(),
        "question": _question(root),
        "configuration": _configuration(),
        "commands": _commands(),
        "bundles": _bundles(),
    }
    return {f"docs/public/{name}.txt": "\n".join(lines) + "\n" for name, lines in parts.items()}


# --- Python ----------------------------------------------------------------------------------


def _python() -> Iterator[str]:
    for module, names in PYTHON.items():
        found = importlib.import_module(module)
        for name in names or found.__all__:
            value = getattr(found, name)
            yield from _described(f"{module}.{name}", value)


def _described(path: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value):
        ours = [base.__name__ for base in value.__mro__[1:] if base.__module__.startswith("inb")]
        public = next((base for base in ours if not base.startswith("_")), "")
        yield f"class {path}" + (f"({public})" if public else "")
        for name in sorted(_members(value)):
            yield from _member(f"{path}.{name}", inspect.getattr_static(value, name, None))
    elif inspect.isfunction(value):
        yield f"def {path}{_signature(value)}"
    else:
        yield path


def _members(cls: type) -> set[str]:
    found = {"__init__"} if "__init__" in vars(cls) else set()
    for owner in cls.__mro__:
        if owner.__module__.startswith("inbounds"):
            found |= {name for name in vars(owner) if not name.startswith("_")}
            found |= {name for name in inspect.get_annotations(owner) if not name.startswith("_")}
            found |= _set_in_constructor(owner)
    return found - {"model_config"}


def _set_in_constructor(cls: type) -> set[str]:
    """The public attributes that a constructor sets, which nothing else names."""
    if "__init__" not in vars(cls) or dataclasses.is_dataclass(cls):
        return set()
    text = inspect.getsource(vars(cls)["__init__"])
    return set(re.findall(r"self\.([a-z]\w*)\s*(?::[^=\n]+)?=[^=]", text))


def _member(path: str, value: Any) -> Iterator[str]:
    function = getattr(value, "__func__", value)
    if isinstance(value, property):
        yield f"    {path}"
    elif inspect.isfunction(function):
        kind = "async def" if inspect.iscoroutinefunction(function) else "def"
        yield f"    {kind} {path}{_signature(function)}"
    else:
        yield f"    {path}"


def _signature(function: Any) -> str:
    # A default that is a function shows where it lies in memory.
    return re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"<\1>", str(inspect.signature(function)))


# --- codes -----------------------------------------------------------------------------------


def _codes(root: Path) -> Iterator[str]:
    from inbounds_tools.lint import CHECKS

    text = (root / "rego/inbounds/catalogue/data.json").read_text("utf-8")
    for kind, members in sorted(json.loads(text).items()):
        for code in sorted(members):
            yield f"{kind} {code}"
    found: set[str] = set()
    for path in sorted((root / "sdk").rglob("*.py")):
        if "_assets" not in path.parts:
            found |= set(_raised(ast.parse(path.read_text("utf-8"))))
    for path in sorted((root / "rego/inbounds/issuance").glob("*.rego")):
        if not path.name.endswith("_test.rego"):
            found |= set(re.findall(r'"(issuance\.[a-z_]+)"', path.read_text("utf-8")))
    for code in sorted(found):
        yield f"errors {code}"
    for check in CHECKS:
        yield f"lint {check.code} {check.severity}"


def _raised(tree: ast.AST) -> Iterator[str]:
    """The codes that a module's errors bear; `*` stands for what is put in when one is raised."""
    for node in ast.walk(tree):
        said: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            said += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if isinstance(node.func, ast.Name) and node.func.id == "_refuse" and node.args:
                said.append(ast.JoinedStr([ast.Constant("bundle."), node.args[0]]))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if names & {"code", "_otherwise"}:
                said.append(node.value)
        for value in said:
            yield from _texts(value)


def _texts(value: ast.expr | None) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        if _CODE.fullmatch(value.value):
            yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
    elif isinstance(value, ast.Tuple) and value.elts:
        yield from _texts(value.elts[0])
    elif isinstance(value, ast.JoinedStr):
        text = "".join(
            part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "*"
            for part in value.values
        )
        if _CODE.fullmatch(text) and text != "bundle.*":
            yield text


# --- what is written and sent ----------------------------------------------------------------


def _telemetry() -> Iterator[str]:
    from inbounds.pep import telemetry

    yield "span authorize {tool}"
    yield f"event {telemetry.EVENT}"
    yield f"histogram {telemetry.DURATION} s"
    yield f"counter {telemetry.DECISIONS}"
    yield f"counter {telemetry.PDP_ERRORS}"
    for word, name in sorted(telemetry.NAMES.items(), key=lambda pair: pair[1]):
        yield f"attribute {name} ({word})"


def _records() -> Iterator[str]:
    from inbounds.evidence import records

    for kind, model in (("decided.v1", records.Decided), ("executed.v1", records.Executed)):
        for name, field in model.model_fields.items():
            yield f"{kind} {name}" + (" required" if field.is_required() else "")
    for name in records.Granted.model_fields:
        yield f"decided.v1 granted.{name}"


def _question(root: Path) -> Iterator[str]:
    from inbounds.model.question import QUESTION_VERSION
    from inbounds_tools.bundle import sources

    yield f"the SDK asks version {QUESTION_VERSION}"
    yield f"a bundle answers {', '.join(map(str, sources.QUESTIONS))}"
    for name in (
        "question",
        "registry_question",
        "issuance_question",
        "delegation_question",
        "answer",
    ):
        schema = json.loads((root / f"schemas/{name}.json").read_text("utf-8"))
        for line in sorted(set(_leaves(schema, schema, ""))):
            yield f"{name}{line}"


def _leaves(schema: Any, part: Any, path: str, depth: int = 0) -> Iterator[str]:
    """The paths of a JSON Schema, each with its type; `*` stands for any key or index."""
    if "$ref" in part:
        part = _at(schema, part["$ref"])
    members = part.get("properties", {})
    if depth < 12:
        for name, inner in members.items():
            needed = " required" if name in part.get("required", ()) else ""
            yield f"{path}/{name} {_type(schema, inner)}{needed}"
            yield from _leaves(schema, inner, f"{path}/{name}", depth + 1)
        for inner in (part.get("items"), part.get("additionalProperties")):
            if isinstance(inner, dict) and inner:
                yield from _leaves(schema, inner, f"{path}/*", depth + 1)


def _type(schema: Any, part: Any) -> str:
    if "$ref" in part:
        part = _at(schema, part["$ref"])
    if "enum" in part:
        return "|".join(map(str, part["enum"]))
    if "const" in part:
        return str(part["const"])
    return str(part.get("type", "any"))


def _at(schema: Any, ref: str) -> Any:
    found = schema
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


# --- what is called --------------------------------------------------------------------------


def _configuration() -> Iterator[str]:
    from inbounds.pep import config

    for field in dataclasses.fields(config.Configuration):
        yield f"{config.PREFIX}{field.name.upper()}"
    yield from sorted(f"{config.PREFIX}{name}" for name in config._ELSEWHERE)  # noqa: SLF001 -- its list


def _commands() -> Iterator[str]:
    import typer
    from typer.main import get_command

    from inbounds_tools.cli import COMMANDS, output

    yield f"exit {output.OK} allowed, or ok"
    yield f"exit {output.FAILED} denied, or failed"
    yield f"exit {output.UNTOLD} could not be determined"
    for name in sorted(COMMANDS):
        module = importlib.import_module(f"inbounds_tools.cli.{name.replace('-', '_')}")
        app = getattr(module, "app", None)
        if app is None:
            app = typer.Typer(add_completion=False)
            app.command(name)(module.command)
        yield from _usage(f"inbounds {name}", get_command(app))


def _usage(path: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        for name, inner in sorted(command.commands.items()):
            yield from _usage(f"{path} {name}", inner)
        return
    yield path
    for parameter in command.params:
        spelled = [*parameter.opts, *parameter.secondary_opts]
        if parameter.param_type_name == "argument":
            spelled = [parameter.name.upper()]
        yield f"    {', '.join(spelled)}" + (" required" if parameter.required else "")


def _bundles() -> Iterator[str]:
    from inbounds_tools.bundle import build
    from inbounds_tools.bundle.build import ENTRYPOINTS

    for kind, name in sorted(build._FILES.items()):  # noqa: SLF001 -- its list
        yield f"{kind} {name.format('<revision>')}"
    for root in build._POLICY_ROOTS:  # noqa: SLF001 -- its list
        yield f"policy owns {root}"
    for entrypoint in ENTRYPOINTS:
        yield f"entry point {entrypoint}"
    for member in ("artefact", "questions", "sequence", "sources"):
        yield f"manifest metadata.inbounds.{member}"
