"""The assistant's tools: functions that really read, write, send and delete, each guarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbounds import Resource
from inbounds.model.question import ResourceProperties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds import Guard
    from inbounds.pep.tool import GuardedTool

    from .world.house import House

USER = "alice@acme.example"
"""Whose mailbox it is, and on whose authority the assistant works."""


def furnish(guard: Guard, house: House) -> Mapping[str, GuardedTool[..., Any]]:
    """Guard every tool of the house and return them by name."""
    _mail(guard, house)
    _documents(guard, house)
    _machine(guard, house)
    return guard.tools


def _mail(guard: Guard, house: House) -> None:
    mailbox, outside = house.mailbox, house.outside

    def message(id: str) -> Resource:  # noqa: A002 -- the argument's name
        found = mailbox.find(int(id)) if id.isdecimal() else None
        # Whose a message is, the row says; of one that is not there, nobody does.
        return Resource(
            type="mail",
            id=id,
            properties=ResourceProperties(tenant=found.tenant if found else ""),
        )

    @guard.tool("mail.list", resource=lambda folder: ("mailbox", f"alice/{folder}"))
    def list_mail(folder: str) -> list[dict[str, Any]]:
        return [
            {"id": str(m.id), "from": m.sender, "subject": m.subject, "read": bool(m.read)}
            for m in mailbox.messages(folder, "acme")
        ]

    @guard.tool("mail.read", resource=message)
    def read_mail(id: str) -> dict[str, str]:  # noqa: A002 -- the argument's name
        found = mailbox.find(int(id))
        if found is None:
            raise LookupError("there is no such message")
        mailbox.mark_read(found.id)
        return {"from": found.sender, "subject": found.subject, "body": found.body}

    @guard.tool("mail.send", resource=lambda to, subject, body: ("mailbox", "alice/outbox"))  # noqa: ARG005
    def send_mail(to: list[str], subject: str, body: str) -> str:
        outside.mail(USER, to, subject, body)
        return "sent"

    @guard.tool("mail.forward", resource=lambda id, to: message(id))  # noqa: A006, ARG005
    def forward_mail(id: str, to: list[str]) -> str:  # noqa: A002 -- the argument's name
        found = mailbox.find(int(id))
        if found is None:
            raise LookupError("there is no such message")
        outside.mail(USER, to, f"Fwd: {found.subject}", found.body)
        return "sent"

    @guard.tool("mail.delete", resource=message)
    def delete_mail(id: str) -> str:  # noqa: A002 -- the argument's name
        mailbox.delete(int(id))
        return "deleted"

    @guard.tool("contacts.add", resource=lambda address: ("contacts", "alice"))  # noqa: ARG005
    def add_contact(address: str) -> str:
        mailbox.add_contact(address)
        return "added"


def _documents(guard: Guard, house: House) -> None:
    documents, outside = house.documents, house.outside

    @guard.tool("document.list", resource=lambda folder: ("document", f"{folder}/"))
    def list_documents(folder: str) -> list[str]:
        return documents.paths(folder)

    @guard.tool("document.read", resource=lambda path: ("document", path))
    def read_document(path: str) -> str:
        return documents.read(path)

    @guard.tool("document.write", resource=lambda path, text: ("document", path))  # noqa: ARG005
    def write_document(path: str, text: str) -> str:
        documents.write(path, text)
        return "written"

    @guard.tool("document.send", resource=lambda path, to: ("document", path))  # noqa: ARG005
    def send_document(path: str, to: list[str]) -> str:
        outside.mail(USER, to, path, "As attached.", attached=(path, documents.read(path)))
        return "sent"

    @guard.tool("document.export", resource=lambda path, url: ("document", path))  # noqa: ARG005
    def export_document(path: str, url: str) -> str:
        return outside.request("POST", url, documents.read(path))

    @guard.tool("document.delete", resource=lambda path: ("document", path))
    def delete_document(path: str) -> str:
        documents.delete(path)
        return "deleted"


def _machine(guard: Guard, house: House) -> None:
    @guard.tool("file.read", resource=lambda path: ("file", path))
    def read_file(path: str) -> str:
        return house.files.read(path)

    @guard.tool("file.write", resource=lambda path, text: ("file", path))  # noqa: ARG005
    def write_file(path: str, text: str) -> str:
        house.files.write(path, text)
        return "written"

    @guard.tool("web.get", resource=lambda url: ("page", url))
    def get(url: str) -> str:
        return house.outside.request("GET", url)

    @guard.tool("web.post", resource=lambda url, body: ("page", url))  # noqa: ARG005
    def post(url: str, body: str) -> str:
        return house.outside.request("POST", url, body)

    @guard.tool("settings.write", resource=lambda name, text: ("settings", name))  # noqa: ARG005
    def write_setting(name: str, text: str) -> str:
        house.settings.write(name, text)
        return "written"

    # Nobody has registered this one.
    @guard.tool("jobs.submit", resource=lambda command: ("job", "queue"))  # noqa: ARG005
    def submit(command: str) -> str:
        house.submit(command)
        return "submitted"
