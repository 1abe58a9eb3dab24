"""`inbounds lint` on what `inbounds init` drafts, as a person and a pipeline call it."""

from __future__ import annotations

from tests import shipping
from tests.console import ASSISTANT, set_effects
from tests.console import called as inbounds


def test_a_draft_is_quiet_and_a_careless_edit_is_told_with_its_line(tmp_path):
    shipping.make_assets()
    (tmp_path / "app.py").write_text(ASSISTANT, "utf-8")
    assert inbounds(tmp_path, "init", "app.py").code == 0
    drafted = inbounds(tmp_path, "lint", "--strict", "--json")
    assert drafted.code == 0
    assert {one["severity"] for one in drafted.json["findings"]} <= {"note"}

    set_effects(tmp_path, mail_read="read", mail_send="export")
    assert inbounds(tmp_path, "lint", "deployment", "--strict").code == 0

    tools = tmp_path / "deployment" / "tools.yaml"
    lines = tools.read_text("utf-8").splitlines()
    at = max(place for place, line in enumerate(lines) if "role: recipient" in line)
    lines[at] = lines[at].replace("role: recipient", "role: content")
    tools.write_text("\n".join(lines) + "\n", "utf-8")
    done = inbounds(tmp_path, "lint")
    assert done.code == 1
    assert f"deployment/tools.yaml:{at + 1}  steering.address_as_content" in done.out

    lines[at] += "  # lint: allow steering.address_as_content this mail goes nowhere"
    tools.write_text("\n".join(lines) + "\n", "utf-8")
    # Nobody is left to whom it is sent.
    found = inbounds(tmp_path, "lint", "--json", INBOUNDS_DEPLOYMENT="deployment")
    assert found.code == 0
    codes = {one["code"] for one in found.json["findings"] if one["severity"] != "note"}
    assert codes == {"steering.no_destination"}
