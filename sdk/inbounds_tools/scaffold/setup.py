"""Making a development set-up of what was found: a deployment, and an issuer to go with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from inbounds.dev.deployment import FIELDS, load
from inbounds.dev.issuer import About, read_about
from inbounds.dev.schema_issues import suggestion
from inbounds.dev.setup import create_development, deployment_entries
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import make_folder, write_file
from inbounds.files.trees import scratch_folder
from inbounds.model.deployment import Deployment
from inbounds.model.spiffe import is_spiffe_id

from .deployment import LABEL, Names, block, drafted, servers
from .insertion import flow, plain, with_block, with_entry
from .tool import DraftTool
from .tools import FoundTask

_INTENT = "summarise"
_AGENT = "spiffe://acme.example/agent/assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person who sets up has said; "" for what they have not."""

    subject: str = ""
    agent: str = ""
    tenant: str = ""
    environment: str = ""
    intent: str = ""


@dataclass(slots=True)
class SetUp:
    """What was done.

    Attributes:
        deployment: The folder of YAML.
        issuer: The folder of the development issuer.
        written: Files that were made or added to.
        added: The tools that were registered.
        known: The tools that were found and are registered already.
        unset: The registered tools whose effects a person has to set.
        by_hand: What to add where a file is written in a way that cannot be added to.
        further: What nobody but a person can decide, in words.
    """

    deployment: Path
    issuer: Path
    written: list[Path] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)
    by_hand: dict[str, str] = field(default_factory=dict)
    further: list[str] = field(default_factory=list)


def set_up(
    tools: Mapping[str, DraftTool],
    tasks: Sequence[FoundTask] = (),
    *,
    deployment: Path,
    home: Path,
    wishes: Wishes,
    at: Mapping[str, str] | None = None,
) -> SetUp:
    """Draft a deployment and an issuer, or add to those there are.

    Nothing that is there is changed: a file that a person has written gets lines more, and
    none of its own is touched.

    Args:
        tools: What was found, by name.
        tasks: The tasks that were found; what is wished for wins over what they say.
        deployment: The folder of the deployment's YAML.
        home: The state folder; the issuer goes into `issuer` in it.
        wishes: Who and what it is to be about.
        at: Where the MCP servers run that the tools are of, by name.

    Raises:
        ConfigurationError: A wish cannot be granted, or what is there cannot be used.
    """
    done = SetUp(deployment, home / "issuer")
    there = deployment.is_dir() and any((deployment / f"{name}.yaml").exists() for name in FIELDS)
    if there:
        known = load(deployment)
        _add(done, tools, known, wishes)
        _add_servers(done, at or {}, known)
        _say_what_tasks_want(done, tasks, known, wishes)
    else:
        _begin(done, tools, tasks, wishes, at or {})
    in_force = load(deployment) if not done.by_hand else None
    if in_force is not None:
        done.unset = sorted(name for name, tool in in_force.tools.items() if not tool.effects)
    return done


# --- where there is nothing ----------------------------------------------------------------


def _begin(
    done: SetUp,
    tools: Mapping[str, DraftTool],
    tasks: Sequence[FoundTask],
    wishes: Wishes,
    at: Mapping[str, str],
) -> None:
    agent = wishes.agent or _AGENT
    names = Names(
        subjects=_first(wishes.subject, (task.subject for task in tasks), "alice@acme.example"),
        agent=agent,
        tenant=wishes.tenant or "acme",
        environment=wishes.environment or "development",
        pep=f"{agent.rpartition('/')[2]}-pep",
        intents=_first(wishes.intent, (task.intent for task in tasks), _INTENT),
        audience="inbounds",
    )
    about = read_about(done.issuer) if _has_issuer(done) else None
    if about is not None:
        # What it signs is what has to be accepted.
        names = replace(
            names,
            agent=about.agent,
            tenant=about.tenant,
            environment=about.environment,
            pep=about.pep,
            audience=about.audience,
        )
        _refuse_others(wishes, about)
    else:
        _create(done, names)
    with scratch_folder("init") as scratch:
        draft = Path(scratch) / "deployment"
        issued = deployment_entries(done.issuer)
        for file, text in drafted(names, list(tools.values()), issued, at).items():
            write_file(draft / file, text, durable=False)
        load(draft)
        for path in sorted(draft.iterdir()):
            place = done.deployment / path.name
            write_file(place, read_regular(path)[0], below=done.deployment, exclusive=True)
            done.written.append(place)
    done.added = sorted(tools)
    if wishes.intent or names.intents != (_INTENT,):
        intents = done.deployment / "intents.yaml"
        for intent in names.intents:
            said = f"in {intents}, set the `effects` and `destinations` of `{intent}`"
            done.further += [f"{said}; the draft has `effects: [read]` and `destinations: []`"]


def _first(wish: str, found: Iterable[str], usual: str) -> tuple[str, ...]:
    """What was wished for, else what was found, each once, else what is usual."""
    return (wish,) if wish else tuple(dict.fromkeys(filter(None, found))) or (usual,)


def _has_issuer(done: SetUp) -> bool:
    return (done.issuer / "issuer.json").exists()


def _create(done: SetUp, names: Names) -> None:
    if not is_spiffe_id(names.agent):
        raise ConfigurationError(
            f"the agent must be a SPIFFE ID; found {names.agent}",
            code="init.agent",
            hint=f"pass one, such as --agent {_AGENT}",
        )
    home = done.issuer.parent
    make_folder(home, mode=0o700)
    if not any(home.iterdir()):
        # Keys and records of one machine have no place in a repository.
        write_file(home / ".gitignore", "*\n", exclusive=True)
    about = About(
        issuer=f"https://issuer.{names.agent.split('/')[2]}/development",
        audience=names.audience,
        agent=names.agent,
        tenant=names.tenant,
        environment=names.environment,
        pep=names.pep,
        kid="drawn",
    )
    create_development(done.issuer, about)
    done.written.append(done.issuer)


def _refuse_others(wishes: Wishes, about: About) -> None:
    for name in ("agent", "tenant", "environment"):
        wish = getattr(wishes, name)
        if wish and wish != getattr(about, name):
            raise ConfigurationError(
                f"the development issuer signs for the {name} {getattr(about, name)}, not {wish}",
                code="init.issuer_for_another",
                hint="leave the option out, or remove the folder `issuer` of the state folder",
            )


# --- where a deployment is there -----------------------------------------------------------


def _add(
    done: SetUp, tools: Mapping[str, DraftTool], deployment: Deployment, wishes: Wishes
) -> None:
    if _has_issuer(done):
        about = read_about(done.issuer)
        _refuse_others(wishes, about)
    else:
        _create(done, _named(deployment, wishes))
        about = read_about(done.issuer)
    _add_keys(done, deployment, about)
    done.known = sorted(set(tools) & set(deployment.tools))
    changed = [n for n in done.known if tools[n].pin and tools[n].pin != deployment.tools[n].pin]
    if changed:
        done.further.append(
            f"the server describes {', '.join(changed)} differently from the pin: compare with "
            "`inbounds registry draft --mcp … --deployment …`"
        )
    missing = [tool for name, tool in tools.items() if name not in deployment.tools]
    if missing:
        names = Names(
            subjects=(),
            agent=about.agent,
            tenant=about.tenant,
            environment=about.environment,
            pep=about.pep,
            intents=(),
            audience=about.audience,
        )
        _register(done, missing, names, deployment)
    if wishes.intent and wishes.intent not in deployment.intents:
        intents = done.deployment / "intents.yaml"
        said = f"{intents} has no `{wishes.intent}`"
        done.further.append(f"{said}: add it there with its `effects`, `tools` and `label`")


def _say_what_tasks_want(
    done: SetUp, tasks: Sequence[FoundTask], deployment: Deployment, wishes: Wishes
) -> None:
    """Name what the sources ask for and the deployment does not know."""
    if wishes.subject and wishes.subject not in deployment.subjects:
        subjects = done.deployment / "subjects.yaml"
        said = (
            f"{subjects} has no `{wishes.subject}`{suggestion(wishes.subject, deployment.subjects)}"
        )
        done.further.append(f"{said}: add this subject there with its `groups`")
    wanted: list[tuple[str, Iterable[str], dict[str, FoundTask]]] = []
    if not wishes.intent:
        asked = {task.intent: task for task in reversed(tasks)}
        wanted.append(("intents.yaml", [*deployment.intents], asked))
    if not wishes.subject:
        asked = {task.subject: task for task in reversed(tasks)}
        wanted.append(("subjects.yaml", [*deployment.subjects], asked))
    for file, known, asked in wanted:
        for name in sorted(asked.keys() - {"", *known}):
            where = f"{asked[name].file}:{asked[name].line}"
            done.further.append(
                f"{done.deployment / file} has no `{name}`, but {where} begins a task with it"
                f"{suggestion(name, known)}"
            )


def _register(
    done: SetUp, missing: Sequence[DraftTool], names: Names, deployment: Deployment
) -> None:
    lowest_known = LABEL if LABEL in deployment.labels.order else deployment.labels.order[-1]
    blocks = "\n".join(block(tool, where=names.where, label=lowest_known) for tool in missing)
    _write(done, "tools.yaml", lambda text: with_block(text, blocks), blocks)
    done.added = sorted(tool.name for tool in missing)
    listed = ", ".join(done.added)
    done.further = [
        f"in agents.yaml, add to the `manifest.tools` of the agent that is to call it: {listed}",
        f"in intents.yaml, add to the `tools` of the intent that is to use it: {listed}",
    ]
    types = sorted({tool.resource for tool in missing} - set(deployment.labels.resources))
    if types:
        done.further.append(
            f"in labels.yaml, add a label for {', '.join(types)}; until then it has the highest"
        )


def _add_servers(done: SetUp, at: Mapping[str, str], deployment: Deployment) -> None:
    for name, place in at.items():
        there = deployment.servers.get(name)
        if there is None:
            entry = servers({name: place})
            _write(done, "servers.yaml", partial(with_block, block=entry), entry)
        elif place not in there.at:
            done.further.append(
                f"servers.yaml lets `{name}` run elsewhere only: add {place!r} to its `at` if this "
                "is the right server"
            )


def _add_keys(done: SetUp, deployment: Deployment, about: About) -> None:
    """Have the issuer's and the feed's keys count."""
    issued = deployment_entries(done.issuer)
    stated: dict[str, Any] = issued["issuers"]["development"]
    same = next((n for n, e in deployment.issuers.items() if e.issuer == about.issuer), None)
    if same is None:
        name = next(n for n in _names_of_issuers() if n not in deployment.issuers)
        entry = f"{plain(name)}: {flow(stated)}\n"
        _write(done, "issuers.yaml", lambda text: with_block(text, entry), entry)
    else:
        there = deployment.issuers[same].keys
        _write_keys(done, "issuers.yaml", [same, "keys"], stated["keys"], there)
    _write_keys(done, "feed.yaml", ["keys"], issued["feed"]["keys"], deployment.feed.keys)


def _names_of_issuers() -> Iterator[str]:
    yield "development"
    yield from (f"development-{number}" for number in count(2))


def _write_keys(
    done: SetUp, file: str, path: list[str], keys: Mapping[str, Any], there: Mapping[str, Any]
) -> None:
    for kid, jwk in keys.items():
        if kid not in there:
            _write(
                done,
                file,
                partial(with_entry, path=path, key=kid, value=jwk),
                f"{'.'.join(path)}: {plain(kid)}: {flow(jwk)}",
            )


def _write(done: SetUp, file: str, change: Callable[[str], str | None], otherwise: str) -> None:
    path = done.deployment / file
    changed = change(read_regular(path)[0].decode("utf-8") if path.exists() else "")
    if changed is None:
        done.by_hand[file] = done.by_hand.get(file, "") + otherwise
        return
    write_file(path, changed, below=done.deployment)
    if path not in done.written:
        done.written.append(path)


def _named(deployment: Deployment, wishes: Wishes) -> Names:
    """Who a developer's issuer signs for, where the deployment leaves but one choice."""
    agent = wishes.agent or _only("agent", [*deployment.agents])
    entry = deployment.agents.get(agent)
    tenant = wishes.tenant or _only("tenant", [*(entry.tenants if entry else ())])
    marked = [name for name, about in deployment.environments.items() if about.development]
    environment = wishes.environment or _only("environment", marked)
    peps = [
        name
        for name, pep in deployment.peps.items()
        if tenant in pep.tenants and environment in pep.environments
    ]
    if not peps:
        raise ConfigurationError(
            f"no PEP may ask for the tenant {tenant} in the environment {environment}",
            code="init.pep",
            hint="add one to deployment/peps.yaml",
        )
    return Names(
        subjects=(),
        agent=agent,
        tenant=tenant,
        environment=environment,
        pep=peps[0],
        intents=(),
        audience=deployment.settings.audience,
    )


def _only(what: str, choices: list[str]) -> str:
    if len(choices) == 1:
        return choices[0]
    raise ConfigurationError(
        f"the issuer must sign for one {what}; the deployment has {len(choices)}",
        code=f"init.{what}",
        hint=f"pass --{what}" + (f", one of {', '.join(choices)}" if choices else ""),
    )
