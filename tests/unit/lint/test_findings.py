"""Each finding: where it is, where it is not, and that a clean deployment has none."""

from __future__ import annotations

from typing import get_args

import pytest
from tests import linted

from inbounds.model.question import Effect
from inbounds_tools.lint import CHECKS

EVERY = [*get_args(Effect)]
RETURNS = {"label": "public", "party": "third"}
OWN = {"label": "public", "party": "first"}
TOOL = {"effects": ["export"], "resource": "mail", "returns": RETURNS}
WIDE = {"destinations|world": {"anywhere": True}, "intents|settle|destinations": ["world"]}
SHARED = "spiffe://acme.example/agent/a"
AGENT = f"agents|{SHARED}"
MANIFEST = f"{AGENT}|manifest"

READER = {
    f"{AGENT}|read_only": True,
    f"{MANIFEST}|tools": ["mail.list", "clock.now"],
    f"{MANIFEST}|effects": ["read"],
}

FOLDER = {"kind": "path", "role": "target"}
PEP = {"tenants": ["acme"], "environments": ["prod"], "obligations": ["truncate"]}
OTHER_ENVIRONMENT = {"tools|mail.send|environment": "test", "tools|mail.send|notify": "x"}

TICKET_ID = {"kind": "id", "role": "target", "required": True}
REPLY = {"effects": ["export"], "resource": "ticket", "arguments": {"/id": TICKET_ID}}


def listing(**members):
    """Return a list of tickets whose ids are a first party's, with other values of members."""
    field = {"holds": "id", "party": "first"}
    fields = {"/*/id": field, "/*/subject": {"holds": "title"}}
    return {
        "effects": ["read"],
        "resource": "ticket",
        "returns": {**RETURNS, "rows": 5, "fields": fields, **members},
    }


def messages(field="/*/id", **recipient):
    """Return a tool that sends to an id, and a list of tickets that has such an id."""
    pattern = recipient.pop("pattern", "/to")
    return {
        "tools|ticket.list": listing(
            fields={field: {"holds": "id", "party": "first"}, "/*/text": {"holds": "text"}}
        ),
        "tools|chat.send": {
            "effects": ["export"],
            "resource": "message",
            "arguments": {pattern: {"role": "recipient", "required": True, **recipient}},
        },
    }


def tool(**members):
    return {"tools|x.do": {**TOOL, **members}}


def optional(effects, **members):
    return tool(effects=effects, arguments={"/x": members})


PRESENT = {
    "arguments.absence_unstated": [
        *(
            optional([effect], role="target", required=False)
            for effect in ("delete", "export", "spend", "delegate", "execute", "administer")
        ),
        *(
            tool(effects=[effect], reversible="yes", arguments={"/x": {"role": "recipient"}})
            for effect in ("export", "spend", "delegate", "execute", "administer")
        ),
        *(optional(["export"], role=role) for role in ("amount", "code", "credential")),
        optional(["read", "write"], role="target"),
        optional(["export"], role="recipient", required=True, nullable=True),
    ],
    "steering.no_destination": [
        tool(arguments={"/to": {"role": "target"}}),
        tool(effects=["spend"], arguments={"/iban": {"role": "amount"}}),
        tool(arguments={"/to": {"kind": "email", "role": "content"}}),
    ],
    "steering.delegate_unaddressed": [tool(effects=["delegate"])],
    "steering.address_without_role": [
        tool(effects=["write"], arguments={"/x": {"kind": kind}})
        for kind in ("email", "url", "host", "iban", "phone")
    ],
    "steering.role_unset": [
        *(
            tool(effects=[effect], arguments={"/x": {}})
            for effect in ("write", "export", "execute")
        ),
        *(tool(arguments={"/x": {"kind": kind}}) for kind in ("path", "id", "text")),
        tool(arguments={"/x": {"kind": "money", "type": "integer"}}),
        tool(effects=["read"], arguments={"/at": FOLDER, "/x": {}}),
        tool(effects=["read"], arguments={"/at": FOLDER, "/x/*": {"kind": "text"}}),
        *(
            tool(effects=[effect], reversible=reversible, arguments={"/x": argument})
            for effect, reversible in (
                *((effect, "yes") for effect in ("export", "spend", "execute", "administer")),
                ("write", "no"),
                ("delete", "unknown"),
            )
            for argument in (
                {"one_of": ["read", "admin"]},
                {"kind": "date"},
                *({"type": type_} for type_ in ("boolean", "integer", "number")),
            )
        ),
    ],
    "steering.address_as_content": [
        tool(arguments={"/bcc": {"kind": "email", "role": "content"}}),
        tool(arguments={"/to": {"kind": "phone", "role": "query"}}),
    ],
    "steering.nothing_steers": [
        tool(effects=["delete"]),
        tool(effects=["administer"], arguments={"/x": {"role": "content"}}),
        tool(effects=["execute"], arguments={"/x": {}}),
    ],
    "steering.write_unsteered": [{"tools|note.write|arguments": {"/text": {"role": "content"}}}],
    "steering.code_unnamed": [tool(effects=["execute"], arguments={"/x": {"role": "target"}})],
    "steering.credential_required": [
        tool(arguments={"/pin": {"role": "credential", "required": True}}),
        tool(effects=["read"], arguments={"/pin": {"role": "credential", "required": True}}),
    ],
    "stores.apart": [
        {
            "tools|page.read": {"effects": ["read"], "resource": "page", "returns": OWN},
            "tools|page.add": {"effects": ["write"], "resource": "wiki", "returns": RETURNS},
        },
        {
            "tools|mail.list|resource": "inbox",
            "tools|mail.list|store": "inbox",
        },
        {
            "tools|page.read": {"effects": ["read"], "resource": "page", "returns": OWN},
            "tools|page.run": {"effects": ["execute"], "resource": "page", "store": "disk"},
        },
    ],
    "stores.history_as_own": [
        {"tools|search.history": {"effects": ["read"], "resource": "log", "returns": OWN}},
        {
            "tools|recent": {
                "effects": ["read"],
                "resource": "x",
                "returns": {**RETURNS, "fields": {"/*/q": {"party": "first"}}},
            }
        },
    ],
    "stores.runs_from_unset": [
        {
            "tools|job.run": {**TOOL, "effects": ["execute"]},
            f"{MANIFEST}|tools": ["job.run", "mail.send"],
        },
        {
            "tools|job.run": {**TOOL, "effects": ["execute"], "runs_from": ["mail", "*"]},
            f"{MANIFEST}|tools": ["job.run", "mail.send"],
        },
    ],
    "stores.runs_from_unknown": [
        {"tools|job.run": {**TOOL, "effects": ["execute"], "runs_from": ["mail", "cod"]}},
    ],
    "stores.stateless_acts": [
        tool(stateless=True),
        tool(effects=["read", "write"], stateless=True),
        tool(effects=["read"], stateless=True, memory=True),
    ],
    "results.label_unset": [{"tools|mail.send|returns": {}}],
    "results.outside_as_own": [
        {"tools|mail.read": {**TOOL, "effects": ["read"], "returns": {"party": "first"}}},
        {
            "tools|x.get": {
                **TOOL,
                "resource": "web_page",
                "effects": ["read"],
                "returns": {"party": "first", "fields": {"/text": {"party": "first"}}},
            }
        },
        {
            "tools|readComments": {
                "effects": ["read"],
                "resource": "x",
                "returns": {"party": "first"},
            }
        },
    ],
    "results.file_as_own": [
        {"tools|file.read": {"effects": ["read"], "resource": "x", "returns": {"party": "first"}}}
    ],
    "results.id_as_own": [
        {"tools|ticket.list": listing(), "tools|ticket.reply": REPLY},
        # A field that states no party, and a list that states nothing but ids.
        {"tools|ticket.list": listing(party="first"), "tools|ticket.reply": REPLY},
        {
            "tools|ticket.list": listing(fields={"/hits/*": {"holds": "id", "party": "first"}}),
            "tools|ticket.reply": REPLY,
        },
        {
            "tools|ticket.list": listing(),
            "tools|chat.send": {
                **REPLY,
                "resource": "message",
                "arguments": {
                    "/ticket": {**TICKET_ID, "resource": "ticket"},
                    "/cc/*": {"kind": "email", "role": "recipient"},
                },
            },
        },
        {
            "tools|ticket.list": {**listing(), "resource": "\u7968"},
            "tools|ticket.reply": {**REPLY, "resource": "\u7968"},
        },
        messages(kind="id"),
        messages(pattern="/recipients/*", kind="id"),
        messages(pattern="/ticket_id", kind="id"),
        messages(pattern="/tickets/*"),
        messages(pattern="/to_ticket"),
        messages(pattern="/ticket", resource="support_ticket"),
        messages(pattern="/sellerId", field="/*/seller_id"),
        messages(pattern="/whom", resource="ticket", kind="text"),
    ],
    "results.rows_unset": [
        {"tools|mail.list|returns|rows": None},
        {"tools|note.search": {"effects": ["read"], "resource": "note", "returns": RETURNS}},
        {"tools|mail.list|returns|fields": {"/hits/*/id": {}}, "tools|mail.list|returns|rows": 0},
    ],
    "results.only_labelled": [
        {"tools|mail.list|returns|fields": {"/*/pay": {"label": "secret"}}},
        {"tools|mail.list|returns|fields": {"/*/a": {"label": "secret"}, "/*/b": {"label": "x"}}},
    ],
    "effects.unset": [tool(effects=[])],
    "effects.not_granted": [
        {f"{MANIFEST}|effects": ["read", "write", "spend"]},
        {"subjects|alice@acme.example|effects": ["spend", "write"]},
        {"intents|settle|effects": ["read", "spend"]},
        {"tools|note.write|effects": ["read", "delete"]},
    ],
    "effects.export_unnamed": [
        tool(effects=["read"], arguments={"/url": {"kind": "url", "role": "query"}}),
        tool(effects=["read"], arguments={"/x": {"kind": "email"}}),
        tool(effects=["write", "execute"], arguments={"/to/*": {"role": "recipient"}}),
    ],
    "effects.only_reads": [
        {"tools|mail.send|effects": ["read"]},
        {"tools|delete_note": {**TOOL, "effects": ["read"]}},
        {"tools|x.payBill": {**TOOL, "effects": ["read"]}},
    ],
    "effects.other_than_name": [
        {"tools|mail.send|effects": ["write"]},
        {"tools|x.delete": {**TOOL, "effects": ["write"]}},
    ],
    "effects.reversible_unknown": [
        {"tools|note.write|reversible": "unknown"},
        {"tools|money.pay|reversible": None},
    ],
    "intents.wider_than_words": [
        {"intents|settle|description": "Settle it"},
        {"intents|read|effects": ["read", "delete"]},
        {"intents|read|effects": ["read", "administer"]},
    ],
    "intents.every_effect": [{"intents|settle|effects": EVERY}],
    "intents.every_tool": [{"intents|settle|tools": [*linted.ORDINARY["tools"]]}],
    "intents.no_destination": [{"intents|settle|destinations": []}],
    "intents.anywhere_unbounded": [WIDE],
    "intents.bound_untrusted": [
        {"intents|settle|bounds": {"recipient": {"origins": ["prompt", grade]}}}
        for grade in ("third_party_text", "none")
    ],
    "intents.public_mail": [{"destinations|colleagues|domains": ["gmail.com"]}],
    "reach.effects_hidden": [
        {"tools|note.write|reaches": ["mail.send"]},
        {"tools|note.write|reaches": ["delete"]},
        {
            "tools|note.write|reaches": ["clock.now"],
            "tools|clock.now|reaches": ["mail.list"],
            "tools|mail.list|reaches": ["clock.now", "money.pay"],
        },
    ],
    "reach.unknown": [{"tools|note.write|reaches": ["printer"]}],
    "reach.cycle": [
        {"tools|note.write|reaches": ["note.write"]},
        {"tools|mail.list|reaches": ["clock.now"], "tools|clock.now|reaches": ["mail.list"]},
    ],
    "reach.too_far": [
        {f"tools|t{n}": {**TOOL, "reaches": [f"t{n + 1}"]} for n in range(10)},
        {
            **{f"tools|t{n}": TOOL for n in range(65)},
            "tools|clock.now|reaches": [f"t{n}" for n in range(65)],
        },
    ],
    "reach.read_only": [
        {f"{AGENT}|read_only": True},
        {**READER, f"{MANIFEST}|effects": ["read", "write"]},
        {**READER, "tools|clock.now|reaches": ["note.write"]},
        {**READER, "tools|clock.now|reaches": ["mail.list"], "tools|mail.list|reaches": ["delete"]},
        {
            **READER,
            "tools|clock.now|credential": "key",
            "credentials|key": {
                "kind": "static",
                "effects": ["write"],
                "reason": "x",
                "until": 1900000000,
            },
        },
        {
            **READER,
            f"{AGENT}|may_delegate_to": ["spiffe://acme.example/agent/b"],
            "agents|spiffe://acme.example/agent/b": {
                **linted.ORDINARY["agents"][SHARED],
                "manifest": {"tools": ["note.write"], "effects": ["write"]},
            },
        },
    ],
    "leases.missing": [
        {"settings|leases": ["write"]},
        {
            "settings|leases": ["export"],
            "tools|mail.send|credential": "key",
            "credentials|key": {
                "kind": "static",
                "effects": ["export"],
                "reason": "x",
                "until": 1900000000,
            },
        },
    ],
    "leases.not_demanded": [{"settings|leases": []}],
    "money.currency_unset": [{"tools|money.pay|currency": None}],
    "money.amount_unnamed": [{"tools|money.pay|arguments|/cents|role": "content"}],
    "money.budget_for_nothing": [
        {"intents|settle|budgets": {"money.EUR": 1, "money.USD": 1}},
        {"budgets": {"money.eur": 1}},
    ],
    "money.unbounded": [{"intents|settle|budgets": {"calls": 3}}],
    "memory.as_own": [
        {
            "tools|mail.list|memory": True,
            "tools|mail.list|returns": {"label": "public", "party": "first", "rows": 3},
        }
    ],
    "memory.unmarked": [
        {"tools|memory.keep": {**TOOL, "effects": ["write"]}},
        {"tools|recall": {**TOOL, "effects": ["read"]}},
    ],
    "labels.resource_unlabelled": [
        {"labels|resources|mail": None},
        {"tools|memory.keep": {**TOOL, "arguments": {"/at": {"role": "target", "resource": "x"}}}},
    ],
    "labels.prefix_lower": [{"labels|resources|mail|prefixes": {"news/": "public"}}],
    "holders.subject_unlimited": [
        {"subjects|alice@acme.example|effects": EVERY},
        {"groups|staff|effects": EVERY},
    ],
    "holders.agent_unlimited": [{f"{MANIFEST}|effects": EVERY}],
    "holders.subject_powerless": [
        {"groups|staff|effects": [], "subjects|alice@acme.example|effects": []},
        *({f"groups|staff|{needed}": []} for needed in ("tools", "tenants")),
        {"groups|staff|clearance": ""},
    ],
    "holders.agent_unnameable": [
        {f"agents|{name}": linted.ORDINARY["agents"][SHARED]}
        for name in ("assistant", "spiffe://acme.example", "spiffe://ACME.example/a", "acme/agent")
    ],
    "holders.owner_missing": [
        {f"{AGENT}|owner": None},
        {f"{AGENT}|owner": ""},
        {f"{AGENT}|owner": "bot", "subjects|bot": {"type": "workload"}},
        {f"{AGENT}|owner": "team", "groups|team": {}},
        {
            f"{AGENT}|owner": "team",
            "groups|team": {},
            "subjects|bot": {"type": "workload", "groups": ["team"]},
        },
    ],
    "holders.manifest_wider": [{"intents|read|tools": ["mail.list", "note.write"]}],
    "holders.approver_keyless": [{"approvers|alice|keys": {}}],
    "holders.approver_not_entitled": [
        {"groups|staff|may_approve": False},
        {"approvers|alice|subject": "bob@acme.example"},
    ],
    "holders.four_eyes_unset": [{"settings|four_eyes": []}],
    "peps.obligation_missing": [
        {"peps|p": {**PEP, "obligations": ["notify"]}},
        {"peps|p": PEP, "tools|mail.send|notify": "security@acme.example"},
        {"peps|p": PEP, "tools|mail.send|environment": "prod", "tools|mail.send|notify": "x"},
        {"peps|p": PEP, "tools|mail.send|returns|mask": ["iban"]},
    ],
    "unused.tool": [{"intents|read|tools": ["mail.list", "note.write"]}],
    "unused.intent": [{f"{MANIFEST}|tools": ["money.pay", "mail.send"]}],
    "unused.destination": [{"destinations|others": {"domains": ["partner.example"]}}],
    "unused.group": [{"groups|guests": {}}],
}
"""What makes a deployment have a finding, by its code."""

ABSENT = {
    "stores.apart": [
        {
            "tools|page.read": {"effects": ["read"], "resource": "page", "returns": OWN},
            "tools|page.add": {"effects": ["write"], "resource": "page", "returns": RETURNS},
        },
        {
            "tools|page.read": {
                "effects": ["read"],
                "resource": "page",
                "store": "wiki",
                "returns": OWN,
            },
            "tools|page.add": {"effects": ["write"], "resource": "wiki", "returns": RETURNS},
        },
        {
            "tools|page.read": {"effects": ["read"], "resource": "page", "returns": RETURNS},
            "tools|page.add": {"effects": ["write"], "resource": "wiki", "returns": RETURNS},
        },
        {
            "tools|page.read": {
                "effects": ["read"],
                "resource": "page",
                "returns": {**OWN, "fields": {"": {"party": "first", "writable": False}}},
            },
            "tools|page.add": {"effects": ["write"], "resource": "wiki", "returns": RETURNS},
        },
        {
            "tools|page.read": {"effects": ["read"], "resource": "page", "returns": OWN},
            "tools|page.run": {"effects": ["execute"], "resource": "wiki"},
            "tools|page.see": {"effects": ["read"], "resource": "wiki"},
            "tools|pages.add": {"effects": ["write"], "resource": "wiki"},
        },
        {
            "tools|read": {"effects": ["read"], "resource": "page", "returns": OWN},
            "tools|add": {"effects": ["write"], "resource": "wiki"},
        },
    ],
    "stores.history_as_own": [
        {"tools|search.history": {"effects": ["read"], "resource": "log", "returns": RETURNS}},
        {
            "tools|search.history": {
                "effects": ["read"],
                "resource": "log",
                "store": "index",
                "returns": OWN,
            }
        },
        {"tools|search.find": {"effects": ["read"], "resource": "log", "returns": OWN}},
    ],
    "stores.runs_from_unset": [
        {
            "tools|job.run": {**TOOL, "effects": ["execute"], "runs_from": ["mail"]},
            f"{MANIFEST}|tools": ["job.run", "mail.send"],
        },
        {
            "tools|job.run": {**TOOL, "effects": ["execute"], "runs_from": []},
            f"{MANIFEST}|tools": ["job.run", "mail.send"],
        },
        # Nothing else that the agent has can write.
        {
            "tools|job.run": {**TOOL, "effects": ["execute"]},
            f"{MANIFEST}|tools": ["job.run", "mail.list"],
        },
        {"tools|job.run": {**TOOL, "effects": ["execute"]}},
    ],
    "stores.runs_from_unknown": [
        {
            "tools|job.run": {
                **TOOL,
                "effects": ["execute"],
                "runs_from": ["disk", "mail", "*"],
                "store": "disk",
            }
        },
    ],
    "stores.stateless_acts": [
        tool(effects=["read"], stateless=True),
        tool(effects=["write"]),
        tool(effects=["read"], memory=True),
    ],
    "effects.not_granted": [
        # One agent, subject and intent that can call it are enough.
        {
            "intents|tell": {
                "effects": ["read"],
                "tools": ["mail.send"],
                "label": "internal",
                "resources": [],
            }
        },
        {"tools|note.write|effects": []},
        # Nobody has it at all, which is another finding.
        {"tools|x.do": {**TOOL, "effects": ["administer"]}, "groups|staff|tools": ["mail.list"]},
        {
            "tools|note.write|effects": ["write", "delete"],
            "tools|note.write|effects_by": {"argument": "/name", "values": {"a": ["write"]}},
        },
    ],
    "effects.export_unnamed": [
        tool(effects=[], arguments={"/url": {"kind": "url"}}),
        tool(effects=["read", "export"], arguments={"/url": {"kind": "url"}}),
        tool(effects=["spend"], arguments={"/iban": {"kind": "iban", "role": "recipient"}}),
        tool(effects=["read"], arguments={"/x": {"kind": "email", "role": "query"}}),
        tool(effects=["read"], arguments={"/path": {"kind": "path", "role": "target"}}),
    ],
    "arguments.absence_unstated": [
        *(optional(["export"], role="recipient", absent=absent) for absent in ("none", "any")),
        optional(["export"], role="recipient", required=True),
        *(optional(["export"], role=role) for role in ("content", "query", "none")),
        tool(arguments={"/x/*": {"role": "recipient"}}),
        *(optional(effects, role="target") for effects in ([], ["read"])),
        *(
            tool(effects=[effect], reversible="yes", arguments={"/x": {"role": "target"}})
            for effect in ("write", "delete")
        ),
    ],
    "steering.no_destination": [
        tool(arguments={"/to": {"role": "recipient"}}),
        tool(arguments={"/url": {"kind": "url", "role": "content"}}),
        tool(destinations=["colleagues"]),
        tool(effects=["write"]),
    ],
    "steering.delegate_unaddressed": [
        tool(effects=["delegate"], arguments={"/to": {"role": "recipient"}}),
        tool(effects=["delegate"], destinations=["colleagues"]),
        tool(effects=["delegate"], resource="peer"),
    ],
    "steering.address_without_role": [
        tool(effects=["read"], arguments={"/x": {"kind": "email"}}),
        tool(arguments={"/x": {"kind": "email", "role": "content"}}),
        tool(arguments={"/x": {"kind": "path"}}),
    ],
    "steering.role_unset": [
        *(
            tool(effects=["write"], reversible="yes", arguments={"/x": argument})
            for argument in (
                {"one_of": ["a"]},
                {"kind": "date"},
                *({"type": type_} for type_ in ("boolean", "integer", "number")),
            )
        ),
        *(
            tool(arguments={"/x": {"one_of": ["a"], "role": role}})
            for role in ("content", "query", "target")
        ),
        tool(arguments={"/x": {"kind": "email"}}),
        tool(arguments={"/x": {"nullable": True, "max_length": 0}}),
        tool(arguments={"/x": {"role": "content"}}),
        tool(effects=["read"], arguments={"/x": {}}),
        tool(effects=["read"], arguments={"/at": {"kind": "id", "role": "target"}, "/x": {}}),
        tool(effects=["read"], arguments={"/at": FOLDER, "/x": {"role": "query"}}),
    ],
    "steering.address_as_content": [
        tool(effects=["write"], arguments={"/x": {"kind": "email", "role": "content"}}),
        tool(arguments={"/x": {"kind": "email", "role": "target"}}),
    ],
    "steering.nothing_steers": [
        *(
            tool(effects=["delete"], arguments={"/x": {"role": role}})
            for role in ("recipient", "target", "amount", "code", "credential")
        ),
        tool(effects=["delete"], destinations=["colleagues"]),
        tool(effects=["read"]),
        tool(effects=["export"]),
    ],
    "steering.write_unsteered": [
        tool(effects=["write"], arguments={"/x": {"role": "target"}}),
        tool(effects=["read"]),
        tool(effects=["write", "delete"]),
    ],
    "steering.credential_required": [
        tool(arguments={"/pin": {"role": "credential"}}),
        tool(arguments={"/pin": {"role": "target", "required": True}}),
    ],
    "steering.code_unnamed": [
        tool(effects=["execute"], arguments={"/x": {"role": "code"}}),
        tool(effects=["write"], arguments={"/x": {"role": "target"}}),
    ],
    "results.label_unset": [tool(effects=[], returns={})],
    "results.outside_as_own": [
        tool(effects=["read"], returns={"party": "first", "fields": {"/x": {"party": "third"}}}),
        tool(effects=["export"], returns={"party": "first"}),
    ],
    "results.file_as_own": [
        {"tools|file.write": {"effects": ["write"], "resource": "x", "returns": {"party": "first"}}}
    ],
    "results.rows_unset": [
        {"tools|note.list": {**TOOL, "effects": ["read"], "returns": {"rows": 5}}},
        tool(effects=["read"], returns={"fields": {"/to/*": {}}}),
    ],
    "results.id_as_own": [
        {"tools|ticket.list": listing(fields={}), "tools|ticket.reply": REPLY},
        {
            "tools|ticket.list": listing(fields={"/*/id": {"holds": "id"}}),
            "tools|ticket.reply": REPLY,
        },
        # One record, one that the call made, and what a record holds.
        {
            "tools|ticket.list": listing(
                fields={"/*/notes/*/id": {"holds": "id", "party": "first"}}
            ),
            "tools|ticket.reply": REPLY,
        },
        {
            "tools|ticket.get": listing(fields={"/id": {"holds": "id", "party": "first"}}),
            "tools|ticket.reply": REPLY,
        },
        {
            "tools|ticket.add": listing(fields={"/*/id": {"holds": "new_id", "party": "first"}}),
            "tools|ticket.reply": REPLY,
        },
        # Nothing is stated of what the list returns, or of what the other tool does.
        {"tools|ticket.list": {"effects": ["read"], "resource": "ticket"}, "tools|x.do": REPLY},
        {
            "tools|ticket.list": listing(fields={"": {"holds": "id", "party": "first"}}),
            "tools|ticket.reply": REPLY,
        },
        {"tools|ticket.list": listing(), "tools|ticket.reply": {**REPLY, "effects": []}},
        {"tools|ticket.list": listing(), "tools|x.do": {"effects": [], "resource": "ticket"}},
        # An organization's own records.
        {
            "tools|ticket.list": listing(
                fields={
                    "/*/id": {"holds": "id", "party": "first"},
                    "/*/name": {"holds": "title", "party": "first"},
                }
            ),
            "tools|ticket.reply": REPLY,
        },
        # Nothing is sent, or an address or a fixed word chooses who receives it.
        {"tools|ticket.list": listing(), "tools|ticket.close": {**REPLY, "effects": ["write"]}},
        {"tools|ticket.list": listing(), "tools|ticket.reply": {**REPLY, "arguments": {}}},
        {
            "tools|ticket.list": listing(),
            "tools|ticket.reply": {
                **REPLY,
                "arguments": {
                    "/id": TICKET_ID,
                    "/to/*": {"kind": "email", "role": "recipient", "required": True},
                },
            },
        },
        {
            "tools|ticket.list": listing(),
            "tools|ticket.post": {
                **REPLY,
                "arguments": {"/state": {"role": "target", "one_of": ["open", "shut"]}},
            },
        },
        # An id of another type.
        {"tools|ticket.list": listing(), "tools|order.send": {**REPLY, "resource": "order"}},
        {
            "tools|ticket.list": {**listing(), "resource": "\u7968"},
            "tools|order.send": {**REPLY, "resource": "\u4eba"},
        },
        messages(),
        messages(pattern="/channel", kind="id"),
        messages(pattern="/ticket", kind="email"),
        messages(pattern="/ticket", field="/*/order_id"),
        messages(pattern="/ticket", resource="channel"),
    ],
    "results.only_labelled": [
        {"tools|mail.list|returns|fields": {"/*/pay": {"label": "secret"}, "/*/id": {}}},
        {"tools|mail.list|returns|fields": {}},
    ],
    "effects.unset": [tool()],
    "effects.only_reads": [
        {"tools|mail.settings": {**TOOL, "effects": ["read"]}},
        {"tools|mail.sent": {**TOOL, "effects": ["read"]}},
        {"tools|x.send": {**TOOL, "effects": []}},
    ],
    "effects.other_than_name": [
        {"tools|note.write|effects": ["delete"]},
        {"tools|send_money": {**TOOL, "effects": ["spend"]}},
    ],
    "effects.reversible_unknown": [
        {"tools|mail.send|reversible": "unknown"},
        {"tools|money.pay|reversible": "yes"},
    ],
    "intents.wider_than_words": [
        {"intents|settle|description": "paying invoices and answering mail"},
        {
            "intents|settle|description": "",
            "intents|settle|words": [
                {"resource": "account", "effects": ["spend"], "words": ["settle"]},
                {"resource": "mail", "effects": ["read"], "words": ["forward it"]},
            ],
        },
        {"intents|read|effects": ["read", "write"]},
    ],
    "intents.every_effect": [{"intents|settle|effects": EVERY[1:]}],
    "intents.every_tool": [
        {"intents|read|tools": [*linted.ORDINARY["tools"]], "intents|read|effects": ["read"]}
    ],
    "intents.no_destination": [{"intents|read|destinations": []}],
    "intents.anywhere_unbounded": [
        {**WIDE, "intents|settle|bounds": {"recipient": {"domains": ["acme.example"]}}}
    ],
    "intents.bound_untrusted": [
        {"intents|settle|bounds": {"recipient": {"origins": ["prompt", "first_party", "quoted"]}}},
        {"intents|settle|bounds": {"recipient": {"origins": ["quoted", "quoted_text"]}}},
    ],
    "intents.public_mail": [{"destinations|colleagues|addresses": ["a@gmail.com"]}],
    "reach.effects_hidden": [
        {"tools|note.write|reaches": ["mail.list", "note.write", "read"]},
        {"tools|money.pay|reaches": ["mail.send"], "tools|money.pay|effects": ["spend", "export"]},
    ],
    "reach.too_far": [
        {f"tools|t{n}": {**TOOL, "reaches": [f"t{n + 1}"] if n < 8 else []} for n in range(9)},
        {
            **{f"tools|t{n}": TOOL for n in range(64)},
            "tools|clock.now|reaches": [f"t{n}" for n in range(64)],
        },
        {"tools|mail.list|reaches": ["clock.now"], "tools|clock.now|reaches": ["mail.list"]},
    ],
    "reach.read_only": [
        READER,
        {"tools|clock.now|reaches": ["note.write"]},
        {**READER, "tools|clock.now|reaches": ["mail.list"], "tools|mail.list|reaches": ["read"]},
        {**READER, "tools|clock.now|credential": "key", "credentials|key": {"kind": "lease"}},
        {**READER, f"{AGENT}|may_delegate_to": [SHARED]},
    ],
    "leases.missing": [
        {"settings|leases": ["delete", "administer"]},
        {
            "settings|leases": ["export"],
            "tools|mail.send|credential": "key",
            "credentials|key": {"kind": "lease"},
        },
    ],
    "leases.not_demanded": [
        {"settings|leases": ["execute"]},
        {"settings|leases": [], "environments|prod|development": True},
    ],
    "reach.unknown": [{"tools|note.write|reaches": ["mail.list", "write"]}],
    "reach.cycle": [
        {
            "tools|note.write|reaches": ["mail.list", "clock.now"],
            "tools|mail.list|reaches": ["clock.now"],
        }
    ],
    "money.currency_unset": [{"tools|note.write|currency": ""}],
    "money.amount_unnamed": [{"tools|note.write|arguments": {}}],
    "money.budget_for_nothing": [{"intents|read|budgets": {"rows": 100, "money.EUR": 2}}],
    "money.unbounded": [
        {"intents|settle|budgets": {}, "budgets": {"money.EUR": 5}},
        {"intents|settle|budgets": {}, "intents|settle|bounds": {"amount": {"up_to": 5}}},
    ],
    "memory.as_own": [
        {"tools|mail.list|memory": True},
        {"tools|note.write|memory": True, "tools|note.write|returns|party": "first"},
    ],
    "memory.unmarked": [{"tools|memory.keep": {**TOOL, "memory": True}}],
    "labels.resource_unlabelled": [{"labels|resources|more": {"label": "public"}}],
    "labels.prefix_lower": [{"labels|resources|mail|prefixes": {"a/": "internal"}}],
    "holders.subject_unlimited": [
        {"groups|staff|effects": EVERY, "groups|staff|tools": ["mail.list"]},
        {"groups|guests": {"effects": EVERY}},
    ],
    "holders.agent_unlimited": [{f"{MANIFEST}|effects": EVERY, f"{MANIFEST}|tools": ["mail.list"]}],
    "holders.subject_powerless": [
        {"subjects|bob": {}},
        {"groups|staff|tools": [], "subjects|alice@acme.example|tools": ["*"]},
    ],
    "holders.agent_unnameable": [
        {"agents|spiffe://acme.example/agent/second": linted.ORDINARY["agents"][SHARED]}
    ],
    "holders.owner_missing": [
        {f"{AGENT}|owner": "staff"},
        {f"{AGENT}|owner": "bob", "subjects|bob": {}},
    ],
    "holders.manifest_wider": [{f"{MANIFEST}|tools": ["mail.list"]}],
    "holders.approver_keyless": [{}],
    "holders.approver_not_entitled": [
        {"groups|staff|may_approve": False, "subjects|alice@acme.example|may_approve": True}
    ],
    "holders.four_eyes_unset": [
        {"settings|four_eyes": [], "tools|money.pay|effects": ["export"]},
    ],
    "peps.obligation_missing": [
        {"peps|p": PEP},
        {"peps|p": PEP, "environments|test": {}, **OTHER_ENVIRONMENT},
    ],
    "unused.tool": [{}],
    "unused.intent": [{f"{MANIFEST}|tools": ["mail.list", "mail.send"]}],
    "unused.destination": [{"destinations|others": {}, "tools|mail.send|destinations": ["others"]}],
    "unused.group": [{"groups|guests": {}, "subjects|bob": {"groups": ["guests"]}}],
}
"""What comes close, and is not it."""


def cases(table):
    return [
        pytest.param(code, changes, id=f"{code}-{place}")
        for code, several in table.items()
        for place, changes in enumerate(several)
    ]


def test_an_ordinary_deployment_has_nothing_to_find(tmp_path):
    assert linted.found(tmp_path, {}) == []


@pytest.mark.parametrize(("code", "changes"), cases(PRESENT))
def test_it_is_found_with_its_place(tmp_path, code, changes):
    of_it = [one for one in linted.found(tmp_path, changes) if one.code == code]
    assert of_it
    for one in of_it:
        assert one.line > 0
        assert one.what
        assert one.why
        assert one.now


@pytest.mark.parametrize(("code", "changes"), cases(ABSENT))
def test_what_comes_close_is_not_it(tmp_path, code, changes):
    assert code not in {one.code for one in linted.found(tmp_path, changes)}


def test_every_check_is_tried_both_ways():
    of_comments = {"lint.comment_unfit", "lint.comment_idle"}
    codes = {each.code for each in CHECKS} - of_comments
    assert codes == PRESENT.keys() == ABSENT.keys()


def test_the_codes_are_unique_and_each_says_what_why_and_what_now():
    assert len({each.code for each in CHECKS}) == len(CHECKS)
    for each in CHECKS:
        assert each.title
        assert each.why.endswith(".")
        assert each.now.endswith(".")


def test_an_id_that_chooses_who_is_written_to_is_named_with_the_tools_that_list_and_take_it(
    tmp_path,
):
    changes = {
        "tools|ticket.list": listing(),
        "tools|ticket.reply": REPLY,
        "tools|ticket.close": REPLY,
    }
    of_it = [one for one in linted.found(tmp_path, changes) if one.code == "results.id_as_own"]
    said = (
        "`/*/id` of `ticket.list` is first-party data, and as `/id` it chooses who receives what"
        " `ticket.reply` sends"
    )
    assert [one.what for one in of_it] == [said]


def test_a_circle_is_told_once(tmp_path):
    changes = {
        "tools|mail.list|reaches": ["clock.now"],
        "tools|clock.now|reaches": ["mail.list"],
    }
    cycles = [one for one in linted.found(tmp_path, changes) if one.code == "reach.cycle"]
    assert ["`clock.now` and 1 more reach each other"] == [one.what for one in cycles]


def test_what_is_reached_over_others_is_told_with_the_tool_that_has_it(tmp_path):
    changes = {
        "tools|note.write|reaches": ["clock.now"],
        "tools|clock.now|reaches": ["mail.send"],
    }
    hidden = {
        one.what for one in linted.found(tmp_path, changes) if one.code == "reach.effects_hidden"
    }
    said = "`{}` reaches `export` through `mail.send`, which is not among its effects"
    assert hidden == {said.format("note.write"), said.format("clock.now")}


def test_one_finding_names_each_file_that_lacks_an_effect_of_a_tool(tmp_path):
    changes = {"tools|note.write|effects": ["write", "delete"]}
    said = [
        one.what for one in linted.found(tmp_path, changes) if one.code == "effects.not_granted"
    ]
    assert said == [
        (
            "the effects of `note.write` are not granted: agents.yaml lacks `delete`, "
            "subjects.yaml with groups.yaml lacks `delete`, intents.yaml lacks `delete`"
        )
    ]


def test_the_whole_chain_is_told(tmp_path):
    changes = {
        **READER,
        "tools|mail.list|reaches": ["clock.now"],
        "tools|clock.now|reaches": ["note.write", "delete"],
    }
    chains = {one.what for one in linted.found(tmp_path, changes) if one.code == "reach.read_only"}
    said = "an effect other than `read` is reached: "
    assert chains == {
        f"{said}{SHARED} → clock.now → note.write: write",
        f"{said}{SHARED} → clock.now: delete",
    }
