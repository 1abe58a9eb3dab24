"""Modules that are not a policy, or another OPA's: none of them is started."""

import pytest
import wasmtime

from inbounds.engine import wasm
from inbounds.engine.builtins import Host
from inbounds.engine.wasm import Module
from inbounds.errors import ConfigurationError

IMPORTS = """
(import "env" "memory" (memory 2))
(import "env" "opa_builtin0" (func (param i32 i32) (result i32)))
(import "env" "opa_builtin2" (func (param i32 i32 i32 i32) (result i32)))
"""


def abi(version, minor_version, *, major="global", minor="global"):
    of = {"global": "i32 (i32.const {})", "func": ""}
    return f"""
    ({major} (export "opa_wasm_abi_version") {of[major].format(version)})
    ({minor} (export "opa_wasm_abi_minor_version") {of[minor].format(minor_version)})
    """


def globals_named(*names):
    return " ".join(f'(global (export "{name}") i32 (i32.const 0))' for name in names)


def saying(function):
    """A module that says something as soon as it is started."""
    return f"""
    (import "env" "{function}" (func $said (param i32)))
    (data (i32.const 8) "no more\\00")
    (func $begin (call $said (i32.const 8)))
    (start $begin)
    """


def started(text):
    module = Module(wasmtime.Engine(), bytes(wasmtime.wat2wasm(f"(module {text})")))
    return module.instance(Host(lambda: 0), b"{}", live=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('(import "elsewhere" "memory" (memory 2))', "somewhere else than `env`"),
        ('(import "env" "memory" (memory 2))', "opa_wasm_abi_version"),
        (IMPORTS + '(import "env" "other" (func))' + abi(1, 2), "env::other"),
        (IMPORTS, "opa_wasm_abi_version"),
        (IMPORTS + abi(1, 2, major="func"), "which ABI"),
        (IMPORTS + abi(1, 2, minor="func"), "which ABI"),
        (IMPORTS + abi(1, 2).replace("_minor", "_lesser"), "opa_wasm_abi_minor_version"),
        (IMPORTS + '(import "env" "place" (global i32))' + abi(1, 2), "place"),
        (IMPORTS + abi(0, 9), "its ABI is not supported"),
        (IMPORTS + abi(2, 2), "its ABI is not supported"),
        (IMPORTS + abi(1, 1), "its ABI is not supported"),
        (IMPORTS + abi(1, 2), "opa_eval"),
        (IMPORTS + abi(1, 3), "opa_eval"),
        (IMPORTS + abi(1, 2) + globals_named(*wasm._FUNCTIONS), "opa_json_dump"),
        (IMPORTS + "(func $stop unreachable) (start $stop)", "unreachable"),
        (IMPORTS + saying("opa_abort"), "the policy stopped: no more"),
        (IMPORTS + saying("opa_println"), "opa_wasm_abi_version"),
    ],
)
def test_a_module_that_is_no_policy(text, why):
    """
    It is refused when it is loaded, and it is said what is wrong with it.
    """
    with pytest.raises(ConfigurationError, match=why) as ei:
        started(text)
    assert ei.value.code == "bundle.module_unusable"


def test_what_is_no_module_at_all():
    with pytest.raises(ConfigurationError) as ei:
        Module(wasmtime.Engine(), b"x")
    assert ei.value.code == "bundle.module_unusable"


def listing(address, said="", size=2):
    """A module that says which built-ins it wants at an address of its memory of two pages."""
    others = [name for name in wasm._FUNCTIONS if name not in ("builtins", "opa_json_dump")]
    return f"""
    (import "env" "memory" (memory $memory {size}))
    (import "env" "opa_builtin0" (func (param i32 i32) (result i32)))
    {abi(1, 2)} {globals_named(*others)}
    (data (i32.const 8) "{said}\\00")
    (func (export "builtins") (result i32) (i32.const 0))
    (func (export "opa_json_dump") (param i32) (result i32) (i32.const {address}))
    """


@pytest.mark.parametrize("address", [0, -1, 2 * 65536, 2 * 65536 + 8, 2**30])
def test_what_lies_outside_of_its_memory_is_not_read(address):
    with pytest.raises(ConfigurationError, match="gave no result") as ei:
        started(listing(address))
    assert ei.value.code == "bundle.module_unusable"


@pytest.mark.parametrize("address", [1, 8, 2 * 65536 - 1])
def test_what_lies_at_the_edge_of_its_memory_is_read(address):
    with pytest.raises(ConfigurationError, match="`builtins`"):
        started(listing(address))


@pytest.mark.parametrize(
    "said",
    [
        *("", "x", "1", "null", "[]", "[1]", r"\22a\22", r"\ff", "{"),
        *(rf"{{\22a\22:{number}}}" for number in (r"\221\22", "null", "true", "1.0", "[]")),
        r"{\22a\22:1,\22b\22:null}",
    ],
)
def test_what_it_says_is_no_listing(said):
    with pytest.raises(ConfigurationError, match="`builtins`") as ei:
        started(listing(8, said))
    assert ei.value.code == "bundle.module_unusable"


def test_a_built_in_that_nobody_has():
    with pytest.raises(ConfigurationError, match="lacks: a, z ") as ei:
        started(listing(8, r"{\22z\22:1,\22time.now_ns\22:2,\22a\22:3}"))
    assert ei.value.code == "policy.builtin_missing"
