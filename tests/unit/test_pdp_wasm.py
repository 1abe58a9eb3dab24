"""Modules that are no policy, or another OPA's: none of them is started."""

import pytest
import wasmtime

from inbounds.errors import ConfigurationError
from inbounds.pdp import wasm
from inbounds.pdp.builtins import Host
from inbounds.pdp.wasm import Module

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
