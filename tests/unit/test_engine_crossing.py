"""Calls between Python and a module: what goes in and comes out, and what is raised."""

import pytest
import wasmtime

from inbounds.engine import crossing
from inbounds.engine.crossing import GuestFunction, HostFunction

MODULE = """
(module
  (import "host" "ask" (func $ask (param i32 i32) (result i32 i32)))
  (import "host" "tell" (func $tell (param i32) (result i32)))
  (func (export "ask") (param i32 i32) (result i32)
    (call $ask (local.get 0) (local.get 1)) (if (i32.ne (i32.const 1)) (then unreachable)))
  (func (export "tell") (param i32)
    (call $tell (local.get 0)) (if (i32.ne (i32.const 1)) (then unreachable)))
  (func (export "less") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func (export "stop") unreachable)
  (func (export "long") (param i64)))
"""


class Lacking:
    """A module of wasmtime without one of its parts."""

    def __init__(self, module, name):
        vars(self).update(module=module, name=name)

    def __getattr__(self, name):
        if name == self.name:
            raise AttributeError(name)
        return getattr(self.module, name)

    def __setattr__(self, name, value):
        setattr(self.module, name, value)


class Called:
    """An instance, its functions and what the host was asked."""

    def __init__(self, ask=lambda one, other: one * other):
        self.asked = []
        self.contexts = []
        self.act = ask
        self.store = wasmtime.Store(wasmtime.Engine())
        module = wasmtime.Module(self.store.engine, MODULE)
        linker = wasmtime.Linker(self.store.engine)
        calls = {"ask": self._ask, "tell": self._tell}
        self.landings = {}
        for wanted in module.imports:
            landing = HostFunction(self.store, wanted.type, calls[wanted.name])
            self.landings[wanted.name] = landing
            linker.define(self.store, "host", wanted.name, landing.function)
        exports = linker.instantiate(self.store, module).exports(self.store)
        names = ("ask", "tell", "less", "stop", "long")
        self.crossings = {name: GuestFunction(exports[name], self.store) for name in names}

    def _ask(self, caller, arguments):
        self.contexts.append(caller._context())
        self.asked.append(arguments)
        return self.act(*arguments)

    def _tell(self, caller, arguments):
        self.asked.append(arguments)

    def __call__(self, name, *arguments):
        return self.crossings[name](self.store, *arguments)


PARTS = [
    ("_ffi", "nothing"),
    ("_ffi", "wasmtime_val_t"),
    ("_ffi", "wasmtime_func_call"),
    ("_func", "maybe_raise_last_exn"),
    ("_ffi", "wasmtime_func_callback_t"),
]


@pytest.fixture(params=PARTS, ids=[name for _, name in PARTS])
def called(request, monkeypatch):
    """Called in each way there is: where wasmtime lacks what saves time, as well."""
    module, name = request.param
    monkeypatch.setattr(crossing, module, Lacking(getattr(crossing, module), name))
    return Called()


def test_numbers(called):
    """
    Integers go in and come out, in their order and with their sign.
    """
    assert called("less", 5, 7) == -2
    assert called("ask", 6, -7) == -42
    assert called("tell", 8) == 0
    assert called.asked == [[6, -7], [8]]


def test_how_it_is_called(monkeypatch):
    """
    The short way is taken wherever it can be.
    """
    assert {function._lean for function in Called().crossings.values()} == {True}
    for module, name in PARTS[1:4]:
        with monkeypatch.context() as lacking:
            lacking.setattr(crossing, module, Lacking(getattr(crossing, module), name))
            assert {function._lean for function in Called().crossings.values()} == {False}


def test_arguments_that_are_missing():
    """
    None is taken from the call before.
    """
    called = Called()
    assert called("less", 5, 7) == -2
    for arguments in ((5,), (5, 7, 9)):
        with pytest.raises(ValueError, match="zip"):
            called("less", *arguments)


def test_a_trap(called):
    """
    It is raised, and is over with the next call.
    """
    for _ in range(2):
        with pytest.raises(wasmtime.Trap, match="unreachable"):
            called("stop")
        assert called("less", 2, 1) == 1


def test_what_cannot_be_called():
    """
    A function of other numbers is not a function that can be called so.
    """
    called = Called()
    for _ in range(2):
        with pytest.raises(wasmtime.WasmtimeError):
            called("long", 1)
        assert called("less", 2, 1) == 1


@pytest.mark.parametrize("error", [LookupError("no"), KeyboardInterrupt()], ids=repr)
def test_what_the_host_raises(called, error):
    """
    It ends the module's call and reaches whoever began it.
    """

    def fail(*_):
        raise error

    called.act = fail
    with pytest.raises(type(error)) as ei:
        called("ask", 1, 2)
    assert ei.value is error
    called.act = lambda one, other: one + other
    assert called("ask", 1, 2) == 3


def test_memory_is_reached_while_the_module_calls():
    """
    Before and after, there is no context to reach it through.
    """
    called = Called()
    landing = called.landings["ask"]
    for _ in range(2):
        with pytest.raises(ValueError, match="not calling"):
            landing._context()
        called("ask", 1, 2)
    assert None not in called.contexts
    assert len(called.contexts) == 2
