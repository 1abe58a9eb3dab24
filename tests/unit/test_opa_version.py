"""The range of OPA's versions, and what is read as one."""

from __future__ import annotations

import pytest

from inbounds.pdp import opa_version


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("1.22.2", (1, 22, 2)),
        ("v1.22.2", (1, 22, 2)),
        ("1.22", (1, 22)),
        ("2", (2,)),
        ("10.200.3000", (10, 200, 3000)),
        ("1.22.2-rc1", (1, 22, 2)),
        ("1.22.2+build.5", (1, 22, 2)),
        ("1.22.", (1, 22)),
        *((said, ()) for said in ("", "dev", "vv1", "x1.22.2", "-1", " 1.22.2", ".1", "V1.22.2")),
    ],
)
def test_what_is_read_as_a_version(said: str, numbers: tuple[int, ...]) -> None:
    assert opa_version.parse(said) == numbers


@pytest.mark.parametrize(
    ("version", "supported"),
    [
        ((), False),
        ((0, 99, 99), False),
        ((1,), False),
        ((1, 20, 9), False),
        ((1, 21), False),
        ((1, 21, 2), False),
        ((1, 21, 3), True),
        ((1, 21, 4), True),
        ((1, 22), True),
        ((1, 99, 99), True),
        ((2,), False),
        ((2, 0, 0), False),
        ((3, 0, 0), False),
    ],
)
def test_which_versions_are_taken(version: tuple[int, ...], *, supported: bool) -> None:
    assert opa_version.supported(version) is supported


def test_what_people_are_told() -> None:
    assert opa_version.described() == "≥ 1.21.3, < 2"
