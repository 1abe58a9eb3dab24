"""`inbounds peers draft`: an entry of peers.yaml, once the card's signature holds."""

import json

import pytest
import yaml
from tests.console import called as inbounds
from tests.unit.test_card import CARD, KEYS, carrying, signature


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "card.json").write_bytes(carrying(signature(CARD)))
    keys = [{**jwk, "kid": kid} for kid, jwk in KEYS.items()]
    (tmp_path / "keys.json").write_text(json.dumps({"keys": keys}))
    return tmp_path


def draft(folder, *more, until="2099-01-01", card="card.json"):
    return inbounds(
        folder, "peers", "draft", "desk", card, "--keys", "keys.json", "--until", until, *more
    )


def test_the_entry_is_yaml_that_a_deployment_takes(folder):
    done = draft(folder)
    assert done.code == 0
    entry = yaml.safe_load(done.out)["desk"]
    assert entry["keys"] == KEYS
    assert str(entry["until"]).startswith("2099-01-01")
    assert draft(folder, "--json").json["desk"]["card"] == entry["card"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"until": "2020-01-01"}, "must be in the future"),
        ({"until": "tomorrow"}, "tomorrow"),
        ({"card": "nowhere.json"}, "cannot be read"),
        ({"card": "keys.json"}, "no `signatures`"),
    ],
)
def test_what_cannot_be_used_prints_no_entry(folder, change, said):
    done = draft(folder, **change)
    assert done.code != 0
    assert done.out == ""
    assert said in done.err
