"""The shape in Rego and the models it comes from take, and refuse, the same values.

Spoilt values are drawn with a fixed seed, a batch for each shape, and judged by pydantic here
and by OPA in one run.
"""

from __future__ import annotations

import copy
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from pydantic import ValidationError

from inbounds.engine.builtins import Host
from inbounds.engine.wasm import Module
from inbounds.process import clock
from inbounds_tools.bundle.archive import unpack
from inbounds_tools.opa import binary
from tools.shape import SHAPES
from tools.shape.reading import Shape

ROOT = Path(__file__).resolve().parents[2]
COUNT = 300
JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 0.5, -0.5, 2**53 - 1, 2**53, -(2**53), 1e300),
    *("", "x", "read", "user", "0", "é" * 256, "é" * 257, "x" * 2049, "x" * 65536, "x" * 65537),
    *([], [[]], [""], ["x"], [0], [None], [["x"]], ["x"] * 8, ["x"] * 9, ["read", "x"], ["read"]),
    *({}, {"": 0}, {"x": 0}, {"/a": {}}, {"/a": None}, {"id": "x"}, {"type": "x", "id": "x"}),
    {"arguments": {"/a": {"minimum": 0.5, "one_of": [1, "x", True, 0.5]}}},
    {"source": "none", "grade": "none"},
    {"kind": "url", "host": "h"},
)


def spoilt(value: Any, draw: random.Random) -> Any:
    """Return `value` with one to three of its places replaced, removed or added to."""
    value = copy.deepcopy(value)
    for _ in range(draw.randint(1, 3)):
        places = list(_places(value))
        if not places:
            return value
        holder, key = draw.choice(places)
        match draw.randrange(4), holder:
            case 0, _:
                del holder[key]
            case 1, dict():
                holder[draw.choice(["unknown", "label", "tool", "call", "properties"])] = (
                    draw.choice(JUNK)
                )
            case _:
                holder[key] = copy.deepcopy(draw.choice(JUNK))
    return value


def _places(value: Any):
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def accepted(shape: Shape, value: Any) -> bool:
    # To Python `True` is 1, and so it is to a Literal of pydantic's. To Rego it is not.
    if isinstance(value, dict) and value.get("question") is True:
        return False
    try:
        shape.model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True


def judged(shape: Shape, values: list[Any], tmp_path: Path) -> list[dict[str, Any]]:
    """Return for each value whether it is ordinary and which places are faulty."""
    (tmp_path / "values.json").write_text(json.dumps({"values": values}), "utf-8")
    (tmp_path / "asked.rego").write_text(
        f"""\
package asked

import data.{shape.package} as shape

answers := [{{"ordinary": _ordinary(value), "faults": _faults(value)}} |
	some value in data.values
]

_ordinary(value) if shape.ordinary with {shape.path} as value
else := false

_faults(value) := faults if faults := shape.faults with {shape.path} as value
""",
        "utf-8",
    )
    ran = subprocess.run(
        [
            *(binary.find(), "eval", "--format", "raw", "--strict-builtin-errors"),
            *("--data", ROOT / "rego" / "inbounds" / "lib", "--data", tmp_path),
            "data.asked.answers",
        ],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    # With strict errors a built-in that failed on any of the values would end the run.
    assert ran.returncode == 0, ran.stdout[:500] + ran.stderr[:500]
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers


def embedded(shape: Shape, values: list[Any], tmp_path: Path) -> list[dict[str, Any]]:
    """Judge as `judged` does, compiled to WASM, with a host that offers no built-in at all."""
    out = tmp_path / "shape.tar.gz"
    place = shape.package.replace(".", "/")
    build = [binary.find(), "build", "--target", "wasm", "--output", out]
    build += ["--entrypoint", f"{place}/ordinary", "--entrypoint", f"{place}/faults"]
    source = ROOT / "rego" / "inbounds" / "lib" / shape.folder / f"{shape.name}.rego"
    subprocess.run([*build, source], check=True)
    config = wasmtime.Config()
    config.epoch_interruption = True
    host = Host(clock.now_ns)
    host.builtins = {}
    module = Module(wasmtime.Engine(config), unpack(out.read_bytes())["policy.wasm"])
    instance = module.instance(host, b"{}", live=False)
    ordinary, faults = (instance.entrypoints[f"{place}/{name}"] for name in ("ordinary", "faults"))
    return [
        {
            "ordinary": json.loads(instance.evaluate(ordinary, question, ticks=1)) != [],
            "faults": sorted(json.loads(instance.evaluate(faults, question, ticks=1))[0]["result"]),
        }
        for question in (json.dumps(value).encode() for value in values)
    ]


@pytest.fixture(params=SHAPES, ids=lambda shape: shape.schema)
def shape(request):
    return request.param


def test_both_take_and_refuse_the_same(shape, tmp_path):
    draw = random.Random(20)
    whole, least = shape.example(shape.root), shape.least(shape.root)
    values = [whole, least, *JUNK]
    values += [spoilt(draw.choice([whole, least]), draw) for _ in range(COUNT)]

    expected = [accepted(shape, value) for value in values]
    answers = judged(shape, values, tmp_path)

    assert len(answers) == len(values)
    differing = [
        value
        for value, taken, answer in zip(values, expected, answers, strict=True)
        if taken != answer["ordinary"]
    ]
    assert differing == []
    # Both kinds have to be among what was drawn, or nothing has been compared.
    assert min(expected.count(True), expected.count(False)) >= 5
    if shape.value == "input":
        assert embedded(shape, values, tmp_path) == answers


def test_there_are_faults_where_it_is_not_ordinary_and_nowhere_else(shape, tmp_path):
    draw = random.Random(21)
    whole = shape.example(shape.root)
    values = [*JUNK, whole, *(spoilt(whole, draw) for _ in range(COUNT // 3))]
    for answer in judged(shape, values, tmp_path):
        assert answer["ordinary"] == (answer["faults"] == [])


def test_no_fault_says_a_name_or_a_value_of_what_was_judged(shape, tmp_path):
    whole = shape.example(shape.root)
    secret = "hunter2"

    def planted(value: Any) -> Any:
        if isinstance(value, dict):
            return {**{key: planted(held) for key, held in value.items()}, secret: secret}
        return [planted(held) for held in value] + [secret] if isinstance(value, list) else [secret]

    (answer,) = judged(shape, [planted(whole)], tmp_path)
    assert not answer["ordinary"]
    assert answer["faults"]
    assert secret not in json.dumps(answer)
