"""AWS STS on this machine, as far as `AssumeRoleWithWebIdentity` goes, with any answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from tests.leased import SECRET
from tests.provider import Answer, Asked, FakeProvider

SPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
KEY_ID = "ASIAIOSFODNN7EXAMPLE"


class FakeSts(FakeProvider):
    """Begins sessions as they are asked for, unless it was told otherwise.

    Attributes:
        changed: What the answer says instead, by the name of an element; None leaves it out.
        edit: Does what it likes to the text of the answer.
        fault: A status and a code to answer with instead.
    """

    def __init__(self, tls: Any = None) -> None:
        self.changed: dict[str, Any] = {}
        self.edit: Callable[[str], str] = str
        self.fault: tuple[int, str] | None = None
        super().__init__(tls)

    def reset(self) -> None:
        """Answer as AWS does."""
        super().reset()
        self.changed, self.edit, self.fault = {}, str, None
        self.answers = {"/": self._answer}

    @property
    def forms(self) -> list[dict[str, str]]:
        """The parameters of each request; each may be there once."""
        forms = [parse_qsl(asked.body.decode(), strict_parsing=True) for asked in self.asked]
        assert all(len(dict(form)) == len(form) for form in forms)
        return [dict(form) for form in forms]

    def _answer(self, asked: Asked) -> Answer:
        headers = {"Content-Type": "text/xml"}
        if self.fault is not None:
            status, code = self.fault
            body = (
                f'<ErrorResponse xmlns="{SPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
                f"<Message>{SECRET}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
            )
            return Answer(self.edit(body).encode(), status, headers)
        form = dict(parse_qsl(asked.body.decode()))
        found = re.fullmatch(r"arn:(.+):iam::(\d+):role/(?:.*/)?(.+)", form["RoleArn"])
        assert found is not None
        ends = time.time() + int(form["DurationSeconds"])
        said = {
            "Arn": f"arn:{found[1]}:sts::{found[2]}:assumed-role/{found[3]}/"
            + form["RoleSessionName"],
            "PackedPolicySize": "7",
            "SessionTokenUtilization": "7",
            "AccessKeyId": KEY_ID,
            "SecretAccessKey": f"{SECRET}/key",
            "SessionToken": f"{SECRET}//token==",
            "Expiration": instant(ends),
            **self.changed,
        }
        part = {name: _element(name, text) for name, text in said.items()}
        body = (
            f'<AssumeRoleWithWebIdentityResponse xmlns="{SPACE}">'
            "<AssumeRoleWithWebIdentityResult>"
            "<SubjectFromWebIdentityToken>of-the-agent</SubjectFromWebIdentityToken>"
            f"<AssumedRoleUser>{part['Arn']}<AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>"
            f"<Credentials>{part['SessionToken']}{part['SecretAccessKey']}{part['Expiration']}"
            f"{part['AccessKeyId']}</Credentials>{part['PackedPolicySize']}"
            f"{part['SessionTokenUtilization']}"
            "</AssumeRoleWithWebIdentityResult>"
            "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
            "</AssumeRoleWithWebIdentityResponse>"
        )
        return Answer(self.edit(body).encode(), 200, headers)


def instant(seconds: float) -> str:
    """A time, as AWS writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _element(name: str, text: Any) -> str:
    return "" if text is None else f"<{name}>{escape(str(text))}</{name}>"
