"""What gets a tool run that the task's policy has not judged, or a call ended by a bare error."""

import pytest

from inbounds import AccessDenied, ArgumentNotRepresentable, ConfigurationError
from inbounds.pep.tool import resolve_resource
from inbounds.testing import PolicyUnderTest, small_deployment


def mail(*_, **__):
    """What a call touches, whatever its arguments."""
    return ("mail", "42")


@pytest.fixture
def ran():
    """What the tools of a test have done."""
    return []


class TestAToolOfAnotherGuard:
    @pytest.fixture
    def other(self, tmp_path):
        """A second guard, with everything of its own."""
        other = PolicyUnderTest(tmp_path / "other")
        yield other
        other.close()

    @pytest.fixture(params=["function", "coroutine", "generator", "async generator"])
    def theirs(self, request, other, ran):
        """A tool of the other guard; this one guards another function by the same name."""

        def function(id: str):
            ran.append(id)

        async def coroutine(id: str):
            ran.append(id)

        def generator(id: str):
            ran.append(id)
            yield id

        async def async_generator(id: str):
            ran.append(id)
            yield id

        functions = [function, coroutine, generator, async_generator]
        named = {each.__name__.replace("_", " "): each for each in functions}
        return other.guard.tool("mail.read", resource=mail)(named[request.param])

    @pytest.fixture(params=[False, True], ids=["alone", "twin"], autouse=True)
    def twin(self, request, policy, ran):
        """Whether this guard has a tool by that name as well."""
        if request.param:
            policy.guard.tool("mail.read", resource=mail)(lambda id: id)

    def refused(self, policy, ran, raised):
        """Assert that this was it, and that nobody was asked."""
        assert ("configuration.tool_of_another_guard", "no") == (raised.code, raised.executed)
        assert [] == ran

    @pytest.mark.parametrize("resource", [None, mail], ids=["its own", "given"])
    @pytest.mark.parametrize("asks", ["permit", "evaluate"])
    def test_is_not_judged(self, policy, ran, theirs, asks, resource):
        """
        No task says what a tool may do that its guard does not guard.
        """
        with policy.task() as task, pytest.raises(ConfigurationError) as ei:
            getattr(task, asks)(theirs, {"id": "42"}, resource=resource)

        self.refused(policy, ran, ei.value)
        assert "0 ran · 0 refused" in str(task.report())

    @pytest.mark.parametrize("resource", [None, mail], ids=["its own", "given"])
    @pytest.mark.parametrize("asks", ["apermit", "aevaluate"])
    async def test_is_not_judged_asynchronously(self, policy, ran, theirs, asks, resource):
        """
        Likewise where the answer is awaited.
        """
        async with policy.task() as task:
            with pytest.raises(ConfigurationError) as ei:
                await getattr(task, asks)(theirs, {"id": "42"}, resource=resource)

        self.refused(policy, ran, ei.value)

    async def test_is_not_called(self, policy, ran, theirs):
        """
        Nor does any way of calling it run it.
        """
        async with policy.task() as task:
            with pytest.raises(ConfigurationError) as called:
                task.call(theirs, {"id": "42"})
            with pytest.raises(ConfigurationError) as awaited:
                await task.acall(theirs, {"id": "42"})

        self.refused(policy, ran, called.value)
        self.refused(policy, ran, awaited.value)

    async def test_is_not_iterated(self, policy, ran, theirs):
        """
        Nor is it iterated over, whatever kind of function it is.
        """
        async with policy.task() as task:
            with pytest.raises(ConfigurationError) as iterated:
                next(theirs.iterate(lambda: task, {"id": "42"}))
            with pytest.raises(ConfigurationError) as awaited:
                await anext(theirs.aiterate(lambda: task, {"id": "42"}))

        self.refused(policy, ran, iterated.value)
        self.refused(policy, ran, awaited.value)

    async def test_is_not_run_in_a_block_of_this_one(self, policy, other, ran, theirs):
        """
        Called as a function it takes the innermost task, and that is another guard's.
        """
        async with other.task(), policy.task():
            with pytest.raises(ConfigurationError) as ei:
                await whole(theirs)

        self.refused(policy, ran, ei.value)

    async def test_runs_in_a_block_of_its_own(self, policy, other, ran, theirs):
        """
        Where the innermost task is its own guard's, it runs.
        """
        async with policy.task(), other.task():
            await whole(theirs)

        assert ["42"] == ran


async def whole(tool):
    """Call a tool as the function it is, to its end."""
    call = tool("42")
    if tool.generates_async:
        async for _ in call:
            pass
    elif tool.generates:
        list(call)
    elif tool.asynchronous:
        await call


class TestDefaults:
    @pytest.mark.parametrize("named", [True, False], ids=["by name", "by tool"])
    @pytest.mark.parametrize("asks", ["permit", "evaluate"])
    def test_are_judged_whoever_says_the_resource(self, policy, asks, named):
        """
        What a guarded tool adds to its arguments is judged, also where `resource=` is given.
        """

        @policy.guard.tool("mail.send", resource=lambda to, body, copies: ("mailbox", "alice"))
        def send(to: list[str], body: str, copies: int = 50) -> None:
            pass

        def mailbox(to, body, copies):
            return ("mailbox", "alice")

        arguments = {"to": ["bob@acme.example"], "body": "x"}
        tool = "mail.send" if named else send
        with policy.task() as task:
            if asks == "permit":
                with pytest.raises(AccessDenied) as ei:
                    task.permit(tool, arguments, resource=mailbox)
                decision = ei.value.decision
            else:
                decision = task.evaluate(tool, arguments, resource=mailbox)

        assert "capability.argument_not_allowed" == decision.code

    def test_one_that_is_missing(self, policy):
        """
        Nor is a call judged that its function could not run.
        """
        policy.guard.tool("mail.read", resource=mail)(lambda id: id)
        with policy.task() as task, pytest.raises(ArgumentNotRepresentable) as ei:
            task.permit("mail.read", {}, resource=mail)

        assert "argument.does_not_fit" == ei.value.code


class TestArgumentsOfAModel:
    @pytest.fixture
    def policy(self, tmp_path):
        """The policy, with a tool whose arguments bear names of our own."""
        tools = small_deployment()["tools"]
        tools["mail.send"]["arguments"] = {"/to/*": {"kind": "email", "role": "recipient"}}
        policy = PolicyUnderTest(tmp_path / "inbounds", {"tools": tools})
        yield policy
        policy.close()

    @pytest.mark.parametrize("to", [5, None, True, "bob@acme.example", {"0": "bob@acme.example"}])
    def test_what_is_no_list_is_not_spread(self, policy, ran, to):
        """
        Where the function takes any number of arguments, a list of them is needed.
        """

        @policy.guard.tool("mail.send", resource=lambda *to: ("mailbox", "alice"))
        def send(*to) -> None:
            ran.append(to)

        with policy.task() as task, pytest.raises(ArgumentNotRepresentable) as ei:
            task.call("mail.send", {"to": to})

        assert ("argument.does_not_fit", "no") == (ei.value.code, ei.value.executed)
        assert [] == ran

    @pytest.mark.parametrize("name", ["tool", "function", "self", "args", "kwargs", "a/b"])
    def test_any_name_will_do(self, policy, name):
        """
        An argument may be called as ours are.
        """
        heard = []

        def touched(**named):
            heard.append(named)
            return ("mail", "42")

        told = resolve_resource(touched, "mail.read", **{name: "x"})
        assert ("mail", "42", [{name: "x"}]) == (told.type, told.id, heard)

        @policy.guard.tool("mail.send", resource=touched)
        def send(**named) -> None:
            pass

        with policy.task() as task:
            decisions = [
                task.evaluate("mail.send", {"named": {name: "x"}}),
                task.evaluate("mail.purge", {name: "x"}, resource=touched),
            ]
        assert [False, False] == [decision.allowed for decision in decisions]
        assert [{name: "x"}] * 3 == heard

    @pytest.mark.parametrize("arguments", [None, 5, "id", ["id"], [["id", "42"]]])
    @pytest.mark.parametrize("named", [True, False], ids=["guarded", "named only"])
    def test_they_are_an_object(self, policy, ran, arguments, named):
        """
        What has no names is refused like any argument that cannot be judged.
        """
        if named:
            policy.guard.tool("mail.read", resource=mail)(lambda id: id)
        with policy.task() as task, pytest.raises(ArgumentNotRepresentable) as ei:
            task.permit("mail.read", arguments, resource=None if named else mail)

        assert "argument.not_representable" == ei.value.code
        assert "42" not in str(ei.value)
        assert "1 unavailable" in str(task.report())
