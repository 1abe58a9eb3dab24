"""Intents as an operator of each kind of tools would write them."""

from __future__ import annotations

from inbounds.model.deployment import Intent

OFFICE = Intent.model_validate(
    {
        "description": "Work through mail, calendar and files",
        "effects": ["read", "write", "delete", "export"],
        "tools": ["mail.read", "mail.send"],
        "label": "internal",
        "resources": [
            {"type": "mail"},
            {"type": "event"},
            {"type": "file", "prefixes": ["home/", "team/"]},
        ],
        "delegated": [
            {"type": "mail", "effects": ["export"]},
            {"type": "event", "effects": ["write", "export"]},
            {"type": "file", "prefixes": ["team/minutes/"], "effects": ["write"]},
        ],
        "words": [
            {
                "resource": "mail",
                "effects": ["export"],
                "words": ["send", "reply", "answer", "forward", "write mail", "email", "tell"],
            },
            {
                "resource": "mail",
                "effects": ["delete"],
                "words": ["delete mail", "delete message", "remove mail", "empty trash"],
            },
            {
                "resource": "event",
                "effects": ["write"],
                "words": ["create event", "schedule", "move meeting", "reschedule", "book room"],
            },
            {"resource": "event", "effects": ["write", "export"], "words": ["invite"]},
            {
                "resource": "file",
                "effects": ["write"],
                "words": ["save", "create file", "append", "add file", "rename"],
            },
            {"resource": "file", "effects": ["export"], "words": ["share"]},
            {"resource": "file", "effects": ["delete"], "words": ["delete file", "remove file"]},
        ],
    }
)

MONEY = Intent.model_validate(
    {
        "description": "Look after an account",
        "effects": ["read", "write", "spend"],
        "tools": ["account.pay"],
        "label": "confidential",
        "resources": [{"type": "account"}, {"type": "bill"}, {"type": "profile"}],
        "bounds": {
            "recipient": {"origins": ["prompt", "first_party", "quoted", "quoted_text"]},
            "amount": {"up_to": 500, "origins": ["prompt", "first_party"]},
        },
        "delegated": [{"type": "account", "effects": ["spend"]}],
        "words": [
            {
                "resource": "account",
                "effects": ["spend"],
                "words": ["pay", "transfer", "refund", "send money", "settle"],
            },
            {
                "resource": "profile",
                "effects": ["write"],
                "words": ["change address", "update profile", "new password"],
            },
        ],
    }
)

CODE = Intent.model_validate(
    {
        "description": "Maintain a repository",
        "effects": ["read", "write", "execute", "delete"],
        "tools": ["repo.commit"],
        "label": "internal",
        "resources": [
            {"type": "repository", "prefixes": ["acme/"]},
            {"type": "issue", "effects": ["read", "write"]},
            {"type": "job", "effects": ["read", "execute"]},
        ],
        "bounds": {"code": {"origins": ["first_party"]}},
        "words": [
            {
                "resource": "repository",
                "effects": ["write"],
                "words": ["fix", "commit", "bump", "refactor", "open pull request"],
            },
            {"resource": "repository", "effects": ["delete"], "words": ["delete branch"]},
            {"resource": "issue", "effects": ["write"], "words": ["close issue", "comment"]},
            {"resource": "job", "effects": ["execute"], "words": ["run", "rerun", "deploy"]},
            {"resource": "issue", "effects": ["spend"], "words": ["sponsor"]},
        ],
    }
)


def acting(scope):
    """What more than reading is asked for in a narrower intent, as `type.effect`."""
    return _beyond_reading(bound for bound in scope.resources if not bound.assumed)


def assumed(scope):
    """What more than reading is only assumed in a narrower intent, as `type.effect`."""
    return _beyond_reading(bound for bound in scope.resources if bound.assumed)


def _beyond_reading(bounds):
    return {
        f"{bound.type}.{effect}" for bound in bounds for effect in bound.effects if effect != "read"
    }


def left_to_records(scope):
    """What only a record asks for, as `type.effect`."""
    return {f"{bound.type}.{effect}" for bound in scope.delegated for effect in bound.effects}


FIRM = ["prompt", "first_party", "quoted"]
ASKED_ABOUT = ["listing", "third_party_meta"]
"""Where a recipient may be found that a person is asked about."""
