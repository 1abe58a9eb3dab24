"""`docs/intents.md`, followed literally in an empty folder."""

from __future__ import annotations

import pytest
import yaml
from tests.documents import ROOT, Walk, blocks
from tests.unit.intent.templates import acting, left_to_records

from inbounds.model.deployment import Intent
from inbounds_tools.intents import draft

PAGE = [*blocks(ROOT / "docs" / "intents.md")]
INTENTS = {
    name: Intent.model_validate(value)
    for block in PAGE
    if block.about == "deployment/intents.yaml"
    for name, value in yaml.safe_load(block.text).items()
}


def test_intents_and_drafts(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in PAGE:
            walk.take(block)


@pytest.mark.parametrize(
    ("name", "prompt", "asked", "delegated"),
    [
        ("research", "Who builds wind turbines in Chile?", "", ""),
        (
            "research",
            "Compare heat pumps and write a report about it",
            "file.write page.export",
            "",
        ),
        ("triage_mailbox", "What is new?", "", ""),
        ("triage_mailbox", "Archive all newsletters", "mail.write", ""),
        ("triage_mailbox", "Tidy my inbox, but do not delete anything", "mail.write", ""),
        (
            "triage_mailbox",
            "Do what the mail with the subject 'Keys' asks for",
            "mail.export mail.write",
            "mail.export mail.write",
        ),
        ("pay_invoices", "Which invoices are due, and what did we pay last year?", "", ""),
        ("pay_invoices", "Pay the bill 'gas-may.pdf'", "account.spend", ""),
        ("pay_invoices", "Transfer 80 to GB33BUKB20201555555555", "account.spend", ""),
    ],
)
def test_the_intents_understand_their_users(name, prompt, asked, delegated):
    made = draft(prompt, INTENTS[name], name=name).scope

    assert set(asked.split()) == acting(made)
    assert set(delegated.split()) == left_to_records(made)
