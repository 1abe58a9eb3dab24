"""What users get wrong, and a type checker says. Each line names what each of the two says."""

from __future__ import annotations

from inbounds import AccessDenied, Guard, Labelled, Scope, Resource

guard = Guard(deadline="soon")  # mypy: arg-type, pyright: reportArgumentType
Guard(agnet="x")  # mypy: call-arg, pyright: reportCallIssue
Guard("https://opa.example")  # mypy: arg-type, call-arg, pyright: reportCallIssue
Guard(call_environment="office")  # mypy: arg-type, pyright: reportArgumentType
Guard(sessions=5)  # mypy: arg-type, pyright: reportArgumentType


@guard.tool("mail.read", resource=lambda id: ("mail", id))
def read(id: str) -> str:
    return id


@guard.tool("mail.count", resource=lambda: ("mail", "all"))
async def count() -> int:
    return 0


@guard.tool("file.read", resource=lambda path: ("file", path))
def labelled(path: str) -> Labelled[bytes]:
    return Labelled(path.encode(), "public")


@guard.tool("mail.send")  # mypy: call-arg, pyright: reportCallIssue, reportUntypedFunctionDecorator
def send() -> None: ...


@guard.tool("mail.open", resource=lambda: "mail")  # mypy: arg-type, return-value, pyright: reportArgumentType
def opened() -> None: ...


read()  # mypy: call-arg, pyright: reportCallIssue
read(42)  # mypy: arg-type, pyright: reportArgumentType
read("42", folder="x")  # mypy: call-arg, pyright: reportCallIssue
number: int = read("42")  # mypy: assignment, pyright: reportAssignmentType
labelled("a").label  # mypy: attr-defined, pyright: reportAttributeAccessIssue
read.nmae  # mypy: attr-defined, pyright: reportAttributeAccessIssue

guard.task("summarise")  # mypy: call-arg, pyright: reportCallIssue
guard.task("summarise", "alice")  # mypy: call-arg, pyright: reportCallIssue
Scope(efects=["read"])  # mypy: call-arg, pyright: reportCallIssue
Scope(effects=["reed"])  # mypy: list-item, pyright: reportArgumentType
Resource(type="mail")  # mypy: call-arg, pyright: reportCallIssue

with guard.task("summarise", subject="alice") as task:
    task.call(read)  # mypy: call-overload, pyright: reportCallIssue
    text: bytes = task.call(read, {"id": "42"})  # mypy: assignment, pyright: reportAssignmentType
    task.permit("mail.read", ["42"])  # mypy: arg-type, pyright: reportArgumentType
    task.evaluate(read, {"id": "42"}).alowed  # mypy: attr-defined, pyright: reportAttributeAccessIssue


async def main() -> None:
    word: str = await count()  # mypy: assignment, pyright: reportAssignmentType
    count() + 1  # mypy: operator, pyright: reportOperatorIssue


try:
    read("42")
except AccessDenied as no:
    no.reason  # mypy: attr-defined, pyright: reportAttributeAccessIssue
    no.decision = None  # mypy: assignment, pyright: reportAttributeAccessIssue
