"""What a site may call has the same value in both engines, or in both none."""

from __future__ import annotations

import json
import re
import sys
import time
from random import Random

import pytest
from tests import engines
from tests.builtin_answers import NONE

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import InvalidAnswer
from inbounds_tools.bundle.site_builtins import LIMITS

CAPABILITIES = json.loads((engines.ROOT / "bundles" / "capabilities.json").read_text("utf-8"))
TURNS, TURNS_AT_NIGHT = 12, 600
"""How often each call is made."""
UNWRITTEN = {"assign", "eq", "internal.member_3"}
"""What no expression with a value is made of."""
OTHERWISE = {"time.now_ns", "walk"}
"""The time is another in each engine; `walk` is compared as a set of pairs."""
INFIX = {
    "plus": "+",
    "minus": "-",
    "mul": "*",
    "div": "/",
    "rem": "%",
    "and": "&",
    "or": "|",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "equal": "==",
    "neq": "!=",
    "internal.member_2": "in",
}
# What the SDK sends: whole numbers up to 2^53, and fractions.
NUMBERS = [
    *(0, 1, -1, 2, 3, -7, 10, 100, 255, 4294967296, 2147483648, 99999999999999, 2**53 - 1),
    *(
        0.1,
        0.2,
        0.3,
        2.5,
        -2.5,
        1.5,
        0.5,
        -0.5,
        -0.3,
        -1e-7,
        -0.999,
        1e-7,
        123456789.123,
        0.0,
        2.0,
        100.0,
        -0.0,
        5e-324,
        1.0000000000000002,
    ),
]
TEXTS = [
    *(
        "",
        "a",
        "A",
        "ab",
        "abc",
        "abcabc",
        "ABC é",
        "É",
        "ß",
        "ẞ",
        "İ",
        "\u0131",
        "\u017f",
        "K",
        "Ω",
    ),
    *("σς", "Dž", "ǆ", "ﬀ", "a.b", "a/b", "*", "**", "a*", "?", "[a-c]", "{a,b}", "[!a]", "\\*"),
    *("10.0.0.1", "10.0.0.0/8", "::1", "::/0", "::ffff:10.0.0.1", "fe80::1%eth0", "300.1.1.1"),
    *("0x10", "010", "1e3", "+1", "-1", "1.", "01", ".5", " 1", "1_0", "Infinity", "NaN", "1e400"),
    *("\n a\t", "\u00a0a\u2003", "\u200ba", "\ufeffa", "a\0b", "\0", "a\0", "\0a", "e\u0301"),
    *("😀", "😀a", "YWI=", "YW I=", "_-8", "null", '{"a":1}', "1 2", '"\\ud800"', "[1,]"),
    *("%d", "%v", "%s %s", "a,b", ",", "1h", "1h30m", "2026-02-28T23:59:59Z", "a.com", "b.a.com"),
    *("\r", "a\r\nb", "\u2028", "\x7f", "a" * 30, "6a6B", "a/b/c", "../a", "a b", "_", "-"),
]
LISTS = [
    *([], [1], ["a"], ["a", "b"], [1, 2, 3], [0.1, 0.2], [[1], [2, [3]]], ["b", "a", "A", "é"]),
    *(
        [[]],
        [{}],
        [[], {}],
        [""],
        [0],
        [1, "a", None, True],
        [{"a": 1}, {"b": 2}],
        ["a", "ab", ""],
        ["."],
        [None],
        ["", ""],
    ),
]
OBJECTS = [
    *({}, {"a": 1}, {"a": {"b": 1, "c": [1, 2]}}, {"b": 2}, {"a": ["b"], "b": ["c"], "c": []}),
    *(
        {"": 1},
        {"a/b": 1},
        {"a": "b", "b": "a", "ab": "c"},
        {"": "x", "b": ""},
        {"a": {}, "b": []},
        {"a": {"$set": ["b"]}, "b": {"$set": []}},
    ),
]
SETS = [{"$set": members} for members in (["a", "b"], [1, 2], [], ["b", "a", "c", ""], [[1], 1])]
POOLS = {
    "number": NUMBERS,
    "string": TEXTS,
    "array": LISTS,
    "object": OBJECTS,
    "set": SETS,
    "boolean": [True, False],
    "null": [None],
}
ANYTHING = [value for pool in POOLS.values() for value in pool]
PATTERNS = [
    *("a", "^a$", "^[a-z]+$", "^a.*$", "(?i)É", "(?i)k", r"\d+", r"\w", r"\s", r"\bab", "(a)(b)?"),
    *("x*", "[[:alpha:]]", "(?s).", "[^\u0001]", "a{2}", "a|b", "(?:)", r"\x00", r"\x{e9}", "$"),
    *(r"(?m)^b$", r"^\S*$", r"[\x00-\x1f]", r"\.com$", "a??", "^.$", "(", "a**", "[z-a]", "(?=a)"),
]
PLACES = ["0", "1", "-1", "7", "count(@1)", "count(@1) - 1", 'indexof(@1, "a")']
NARROW = {
    "array.slice": [f"array.slice(@0, {a}, {b})" for a in PLACES for b in PLACES],
    "substring": [f"substring(@0, {a}, {b})" for a in PLACES for b in PLACES],
    "concat": [
        *(f"concat(@0, [{made}])" for made in ("@1", "@1, @2", "@2, @1, @0")),
        "concat(@0, sort({@1, @2}))",
        "concat(@0, split(@1, @2))",
    ],
    "format_int": ["format_int(@0, 10)"],
    "indexof": [f"indexof(@0, {json.dumps(text)})" for text in ("a", "b", "é", "\0", ".")],
    "object.union_n": [f"object.union_n([{made}])" for made in ("@0", "@0, @1", "@1, @0, @1")],
    "regex.find_all_string_submatch_n": [
        f"regex.find_all_string_submatch_n({json.dumps(pattern)}, @0, {most})"
        for pattern in PATTERNS
        for most in (-1, 1)
    ],
    "regex.match": [f"regex.match({json.dumps(pattern)}, @0)" for pattern in PATTERNS],
    "replace": [f"replace(@0, {json.dumps(text)}, @1)" for text in ("a", "b", "é", "\0")],
}
"""The calls that a site may have of a built-in that has a limit, with places for arguments."""
VALUES = {
    "array.slice": [LISTS, TEXTS],
    "concat": [TEXTS, TEXTS, TEXTS],
    "format_int": [NUMBERS],
    "object.union_n": [OBJECTS, OBJECTS],
    "replace": [TEXTS, TEXTS],
    "substring": [TEXTS, TEXTS],
}
SMALL = {
    "numbers.range": [0, 1, 5, -3, 2.5, 10],
}
"""Numbers for what would take long with large ones."""


def of_type(declared):
    """The values of a type as the capabilities state it."""
    if declared.get("type") == "any" and declared.get("of"):
        return [value for each in declared["of"] for value in of_type(each)]
    return POOLS.get(declared.get("type"), ANYTHING)


def calls():
    """Rego for each call that a site may have, and the values for its places."""
    for builtin in CAPABILITIES["builtins"]:
        name = builtin["name"]
        if name in UNWRITTEN or name in OTHERWISE:
            continue
        pools = [of_type(each) for each in builtin["decl"].get("args", [])]
        places = [f"@{place}" for place in range(len(pools))]
        if name in INFIX:
            yield f"{places[0]} {INFIX[name]} {places[1]}", pools
        elif name in SMALL:
            yield f"{name}({', '.join(places)})", [SMALL[name]] * len(pools)
        elif name not in LIMITS:
            yield f"{name}({', '.join(places)})", pools
        else:
            for call in NARROW.get(name, ()):
                yield call, VALUES.get(name, [TEXTS])


CALLS = [*calls()]


def probe():
    """A module with one rule for each call, which takes its arguments from the input."""
    lines = ["package probe", ""]
    for number, (call, _) in enumerate(CALLS):
        of_input = re.sub(r"@(\d)", r"value(input.arguments[\1])", call)
        # Empty where it has no value: a `not` makes an allow of that.
        lines.append(f"r{number} := [shown(found) | some found in [{of_input}]]")
    # JSON has no sets: the probe makes them.
    lines += [
        "walked := {[path, found] | walk(value(input.arguments[0]), [path, found])}",
        'shown(x) := {"$set": sort(x)} if is_set(x)',
        "else := x",
        'leaf(x) := {m | some m in x["$set"]} if is_array(x["$set"])',
        "else := x",
        "value(x) := {k: leaf(v) | some k, v in x} if _plain(x)",
        "else := [leaf(v) | some v in x] if is_array(x)",
        "else := leaf(x)",
        '_plain(x) if {\n\tis_object(x)\n\tobject.keys(x) & {"$set"} == set()\n}',
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The probe in OPA and embedded."""
    folder = tmp_path_factory.mktemp("probe")
    keys = engines.signing_keys(folder)
    rules = [*(f"r{number}" for number in range(len(CALLS))), "walked"]
    artefact = engines.build_probe(folder, probe(), keys=keys, rules=rules)
    policy = EmbeddedPolicy(artefact, key=keys.public)
    with engines.opa([folder / "rego"], roots=["probe"]) as server:
        yield server, policy
    policy.close()


def plain(value, *, sets):
    """A value without how a number is written, nor the order of lists where some are `sets`."""
    if isinstance(value, list):
        members = [json.dumps(plain(each, sets=sets), sort_keys=True) for each in value]
        return sorted(members) if sets else members
    if isinstance(value, dict):
        return {name: plain(each, sets=sets) for name, each in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        # All but whole numbers up to 2^53 is rounded differently, in the last digits.
        return f"{float(value):.14g}" if abs(value) < sys.float_info.max else "large"
    return value


def difference(both, rule, arguments):
    """What both engines say, where they differ and the embedded one has an answer.

    Where OPA gives no answer since a built-in fails, the embedded one may be without a value
    (trap l).
    """
    server, policy = both
    question = {"arguments": arguments}
    try:
        deadline = time.monotonic() + 30
        text = json.dumps(question, ensure_ascii=False).encode()
        embedded = policy.ask(f"probe/{rule}", text, deadline=deadline).result
    except InvalidAnswer:
        return None
    try:
        expected = server.ask(f"probe/{rule}", question)
    except (engines.OpaError, engines.Undefined):
        expected = NONE
    if (embedded, expected) == ([], NONE):
        return None
    sets = '"$set"' in json.dumps(arguments) or rule == "walked"
    if plain(embedded, sets=sets) == plain(expected, sets=sets):
        return None
    return f"embedded {embedded!r:.80}, OPA {expected!r:.80}"


@pytest.mark.parametrize(
    ("seed", "turns"),
    [
        (1, TURNS),
        pytest.param(2, TURNS_AT_NIGHT, marks=pytest.mark.nightly),
        pytest.param(3, TURNS_AT_NIGHT, marks=pytest.mark.nightly),
    ],
)
def test_what_a_site_may_call_is_the_same_in_both_engines(both, seed, turns):
    random = Random(seed)
    found = {}
    for _ in range(turns):
        for number, (call, pools) in enumerate(CALLS):
            arguments = [
                random.choice(pool if random.random() < 0.97 else ANYTHING) for pool in pools
            ]
            if said := difference(both, f"r{number}", arguments):
                found.setdefault(call, f"{call} of {arguments!r:.200}: {said}")
        if said := difference(both, "walked", [random.choice(ANYTHING)]):
            found.setdefault("walk", said)
    assert not found, "\n".join(found.values())
