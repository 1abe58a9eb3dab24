"""A deployment in which there is nothing to find, for tests to change one thing of."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from inbounds_tools.lint import Finding, lint

_KEY = {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"}
_RETURNS = {"label": "public", "party": "third"}
ORDINARY: dict[str, Any] = {
    "settings": {
        "audience": "inbounds",
        "four_eyes": ["spend", "administer"],
        "leases": ["execute"],
    },
    "feed": {"keys": {"feed-1": _KEY}},
    "environments": {"prod": {}},
    "labels": {
        "order": ["public", "internal", "secret"],
        "resources": {
            "mail": {"label": "internal", "prefixes": {"board/": "secret"}},
            "account": {"label": "secret"},
            "note": {"label": "internal"},
        },
    },
    "destinations": {"colleagues": {"domains": ["acme.example"]}},
    "tools": {
        "mail.list": {
            "effects": ["read"],
            "resource": "mail",
            "returns": {
                **_RETURNS,
                "rows": 50,
                "fields": {"/*/id": {"holds": "id", "party": "first"}},
            },
        },
        "mail.send": {
            "effects": ["export"],
            "resource": "mail",
            "arguments": {
                "/to/*": {"kind": "email", "role": "recipient"},
                "/body": {"kind": "text", "role": "content"},
            },
            "returns": _RETURNS,
        },
        "money.pay": {
            "effects": ["spend"],
            "reversible": "no",
            "resource": "account",
            "currency": "EUR",
            "decimals": 2,
            "arguments": {
                "/iban": {"kind": "iban", "role": "recipient", "required": True},
                "/cents": {
                    "kind": "money",
                    "type": "integer",
                    "role": "amount",
                    "required": True,
                },
            },
            "returns": _RETURNS,
        },
        "note.write": {
            "effects": ["write"],
            "reversible": "yes",
            "resource": "note",
            "arguments": {
                "/name": {"role": "target"},
                "/text": {"kind": "text", "role": "content"},
            },
            "returns": _RETURNS,
        },
        "clock.now": {
            "effects": ["read"],
            "resource": "note",
            "returns": {"label": "public", "party": "first"},
        },
    },
    "agents": {
        "spiffe://acme.example/agent/a": {
            "owner": "alice@acme.example",
            "manifest": {
                "tools": ["mail.list", "mail.send", "money.pay", "note.write", "clock.now"],
                "effects": ["read", "write", "export", "spend"],
            },
            "clearance": "secret",
            "tenants": ["acme"],
        }
    },
    "groups": {
        "staff": {
            "effects": ["read"],
            "tools": ["*"],
            "clearance": "internal",
            "tenants": ["acme"],
            "may_approve": True,
        }
    },
    "subjects": {
        "alice@acme.example": {"effects": ["spend", "write", "export"], "groups": ["staff"]}
    },
    "approvers": {
        "alice": {"subject": "alice@acme.example", "tenants": ["acme"], "keys": {"a": _KEY}}
    },
    "intents": {
        "read": {
            "description": "Read what there is",
            "effects": ["read", "write"],
            "tools": ["mail.list", "note.write", "clock.now"],
            "label": "internal",
            "resources": [{"type": "mail"}, {"type": "note"}],
        },
        "settle": {
            "description": "Pay what is due, and tell colleagues",
            "effects": ["read", "spend", "export"],
            "tools": ["money.pay", "mail.send"],
            "label": "secret",
            "resources": [{"type": "account"}, {"type": "mail"}],
            "destinations": ["colleagues"],
            "budgets": {"money.EUR": 10_000},
        },
    },
}


def changed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ordinary deployment with other values at some paths.

    Args:
        changes: By path, its steps joined by `|`; None takes away what is there.
    """
    whole = copy.deepcopy(ORDINARY)
    for path, value in changes.items():
        *steps, last = path.split("|")
        held = whole
        for step in steps:
            held = held.setdefault(step, {})
        if value is None:
            del held[last]
        else:
            held[last] = copy.deepcopy(value)
    return whole


def write(folder: Path, whole: Mapping[str, Any]) -> Path:
    """Write a deployment to a folder, one file for each field."""
    folder.mkdir(exist_ok=True)
    # Nothing in it is one and the same thing: that would be written as an alias.
    for name, value in json.loads(json.dumps(whole)).items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(value, sort_keys=False), "utf-8")
    return folder


def found(folder: Path, changes: Mapping[str, Any]) -> list[Finding]:
    """Return what is found in the ordinary deployment with these changes."""
    return lint(write(folder / "deployment", changed(changes)))
