"""One place for configuration, and no misspelt word passes."""

import pytest

from inbounds import ConfigurationError
from inbounds.pep.config import Configuration, Options


class TestRead:
    def test_nothing_said(self):
        """
        With nothing said, the embedded policy decides within two seconds.
        """
        configuration = Configuration.read({}, {"PATH": "/bin"})

        assert (configuration.pdp_url, configuration.deadline) == ("", 2.0)

    def test_options_beat_variables(self):
        """
        What the constructor is given beats the environment.
        """
        environ = {"INBOUNDS_AGENT": "theirs", "INBOUNDS_TENANT": "acme"}

        configuration = Configuration.read({"agent": "ours", "tenant": None}, environ)

        assert (configuration.agent, configuration.tenant) == ("ours", "acme")

    @pytest.mark.parametrize(
        ("variable", "meant"),
        [
            ("INBOUNDS_PDP_ULR", "INBOUNDS_PDP_URL"),
            ("INBOUNDS_EVIDENSE", "INBOUNDS_EVIDENCE"),
            ("INBOUNDS_pdp_url", "INBOUNDS_"),
        ],
    )
    def test_a_misspelt_variable(self, variable, meant):
        """
        A variable that nobody knows is an error that says which one was meant.
        """
        with pytest.raises(ConfigurationError) as ei:
            Configuration.read({}, {variable: "secret value"})

        assert ei.value.code == "configuration.unknown_variable"
        assert meant in ei.value.hint
        assert "secret value" not in str(ei.value)

    def test_a_misspelt_option(self):
        """
        An option that nobody knows is an error too.
        """
        with pytest.raises(ConfigurationError) as ei:
            Configuration.read({"agnet": "x"}, {})

        assert ei.value.code == "configuration.unknown_option"
        assert "agent" in ei.value.hint

    @pytest.mark.parametrize(
        "variable",
        ["INBOUNDS_OPA_BINARY", "INBOUNDS_OPA_OLDEST_BINARY", "INBOUNDS_REGAL_BINARY"],
    )
    def test_what_the_tools_read(self, variable):
        """
        A variable that a tool beside the SDK reads is known.
        """
        Configuration.read({}, {variable: "x"})

    @pytest.mark.parametrize("value", ["0", "-1", "soon", "", "nan", "inf", "1e9"])
    def test_no_deadline(self, value):
        """
        A deadline is a number of seconds above 0.
        """
        with pytest.raises(ConfigurationError):
            Configuration.read({}, {"INBOUNDS_DEADLINE": value})

    @pytest.mark.parametrize(("value", "on"), [("1", True), ("0", False), ("", False)])
    def test_a_switch(self, value, on):
        """
        A switch is on with 1.
        """
        configuration = Configuration.read({}, {"INBOUNDS_PDP_CLEARTEXT": value})

        assert on == configuration.pdp_cleartext

    @pytest.mark.parametrize("value", ["yes", "true", "no", "2"])
    def test_a_switch_that_is_neither_on_nor_off(self, value):
        """
        What could be read either way is an error.
        """
        with pytest.raises(ConfigurationError, match="INBOUNDS_PDP_CLEARTEXT"):
            Configuration.read({}, {"INBOUNDS_PDP_CLEARTEXT": value})

    def test_every_option_is_a_field(self):
        """
        The typed options are the fields, but for the parts that can also be objects.
        """
        fields = set(Configuration.__dataclass_fields__)

        assert fields - {"evidence", "sessions", "approvals"} == set(Options.__annotations__)

    def test_its_repr(self):
        """
        The bearer token is not shown.
        """
        shown = repr(Configuration(pdp_token="secret value", pdp_url="https://opa:8181"))

        assert "secret value" not in shown
        assert "https://opa:8181" in shown
