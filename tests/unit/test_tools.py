"""A function as a guarded tool: its arguments, its types, its identity as a function."""

import datetime as dt
import inspect

import pytest
from pydantic import BaseModel

from inbounds import ConfigurationError, TaskMissing
from inbounds.pep.tool import GuardedTool


class Filter(BaseModel):
    """Something a tool may take."""

    name: str
    since: dt.date | None = None


def guarded(function):
    """A function as a guarded tool."""
    return GuardedTool("t", function, lambda *a, **k: ("x", "y"))


class TestBind:
    @pytest.mark.parametrize(
        ("function", "args", "kwargs", "bound"),
        [
            (lambda a, b=2: 0, (1,), {}, {"a": 1, "b": 2}),
            (lambda a, *, b: 0, (1,), {"b": 3}, {"a": 1, "b": 3}),
            (lambda a, /, b: 0, (1, 2), {}, {"a": 1, "b": 2}),
            (lambda *rest: 0, (1, 2), {}, {"rest": [1, 2]}),
            (lambda **named: 0, (), {"x": 1}, {"named": {"x": 1}}),
        ],
    )
    def test_by_name(self, function, args, kwargs, bound):
        """
        Arguments have names, whichever way they were given.
        """
        assert guarded(function).bind(*args, **kwargs) == bound

    def test_does_not_fit(self):
        """
        Arguments that do not fit raise what the function itself would raise.
        """
        with pytest.raises(TypeError):
            guarded(lambda a: 0).bind()


class TestFunction:
    def test_looks_like_it(self):
        """
        A guarded tool has the name, the words and the signature of its function.
        """

        def read(id: str) -> str:
            """Read one."""

        tool = guarded(read)

        assert (tool.__name__, tool.__doc__) == ("read", "Read one.")
        assert list(inspect.signature(tool).parameters) == ["id"]
        assert tool.function is read

    def test_outside_a_task(self):
        """
        Called outside a task it raises before anything else.
        """
        for function in (lambda: 0, generating):
            with pytest.raises(TaskMissing):
                list(guarded(function)())

    def test_a_method(self):
        """
        A method's `self` cannot be judged, so it cannot be guarded as it is.
        """

        class Box:
            @guarded
            def open(self):
                pass

        with pytest.raises(ConfigurationError):
            Box().open()

    def test_no_signature(self):
        """
        What has no named arguments cannot be guarded.
        """
        with pytest.raises(ConfigurationError):
            GuardedTool("t", "no function", lambda: ("x", "y"))


class TestTypes:
    def test_restored(self, policy):
        """
        A tool gets its arguments in the types it names, made from what was judged.
        """
        seen = []

        @policy.guard.tool("file.write", resource=lambda path, about, on: ("file", path))
        def write(path: str, about: Filter, on: dt.date) -> None:
            seen.append((about, on))

        tools = policy.deployment["tools"]
        arguments = {
            **tools["file.write"]["arguments"],
            "/about/name": {"type": "string"},
            "/about/since": {"type": "string", "nullable": True},
            "/on": {"type": "string"},
        }
        policy.change(
            tools={**tools, "file.write": {**tools["file.write"], "arguments": arguments}}
        )

        with policy.task():
            write("/work/x", Filter(name="n"), dt.date(2026, 1, 2))

        assert seen == [(Filter(name="n"), dt.date(2026, 1, 2))]


def generating():
    """A generator function, to be guarded."""
    yield 1
