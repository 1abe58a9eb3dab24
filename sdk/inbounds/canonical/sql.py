"""What an SQL statement does, where that is certain.

A statement is run by a database whose dialect is not known here. So it is read only where all
dialects find the same words and the same strings in it, and where each part of it is one of a
few that are known to have no effect of their own. Anything else has no verbs, which the policy
takes for all that the tool may do.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import Any, Final, Literal

from inbounds.errors import ConfigurationError
from inbounds.model.question import EffectsBy

SqlVerb = Literal["select", "insert", "update", "delete"]

_LONGEST = 10_000
_DEEPEST = 16

# No backslash, comment, dollar quote, bracket or backtick: on these, dialects disagree. A letter
# right before a quote changes how the string ends (Oracle's `q'[…]'`), and so do three quotes.
_IN_QUOTES = r"[ !#-&(-\[\]-~\u00c0-\u024f\u0370-\u04ff\u3040-\u9fff\uac00-\ud7a3]*"
_SIGN = (
    r"[A-Za-z0-9_ \n\t,.()=<>+%?]|-(?!-)|/(?!\*)|\*(?!/)|\|\||!=|::|:[A-Za-z_]|\$[0-9]+(?![$\w])"
)
_STATEMENT = re.compile(
    rf"""[ \n\t]*(?:select|with|insert|update|delete)\b"""
    rf"""(?:{_SIGN}|(?<![A-Za-z0-9_'])(?:'{_IN_QUOTES}')+"""
    rf"""|(?<![A-Za-z0-9_"])(?:"{_IN_QUOTES}")+)*;?[ \n\t]*""",
    re.IGNORECASE | re.ASCII,
)
_TRIPLED = re.compile(r"'''|\"\"\"")

_VERBS: Final[dict[str, SqlVerb]] = {
    "Select": "select",
    "Union": "select",
    "Intersect": "select",
    "Except": "select",
    "Insert": "insert",
    "Update": "update",
    "Delete": "delete",
}
_PARTS: Final = {
    # What has a clause beyond these may lock, write elsewhere or replace.
    "Select": "expressions from from_ where joins group having order limit offset distinct with"
    " with_ windows",
    "Insert": "this expression with with_ returning",
    "Update": "this expressions from from_ where returning with with_",
    "Delete": "this where returning with with_",
    "Table": "this db catalog alias joins",
}
_HARMLESS_NODES = """
    Select Union Intersect Except Insert Update Delete Values Schema Tuple Returning
    With CTE Subquery From Table TableAlias Alias Join Where Group Having Order Ordered Limit Offset
    Distinct Star Column Identifier Literal Boolean Null Placeholder Parameter Paren Window
    WindowSpec DataType DataTypeParam Interval Var
    And Or Not EQ NEQ GT GTE LT LTE Is In Between Like ILike Exists Any All Case If
    Add Sub Mul Div Mod Neg DPipe
    Count Sum Avg Min Max Coalesce Nullif Lower Upper Length Trim Substring Concat Round Abs Ceil
    Floor Cast TryCast Extract CurrentDate CurrentTimestamp CurrentTime RowNumber Rank DenseRank Lag
    Lead
"""
# Transact-SQL puts nothing between two statements: the verb of the second reads as a name. The
# rest are clauses that a parser may take for one. In quotes, each is a name like any other.
_NO_NAME_WORDS = """
    alter backup begin break bulk call checkpoint close commit continue copy create dbcc deallocate
    declare delete deny disable drop dumpfile enable end exec execute fetch for get go goto grant if
    insert into kill load lock merge move open outfile print procedure raiserror readtext receive
    reconfigure replace restore return revert revoke rollback save send set setuser share shutdown
    throw truncate update updatetext use waitfor while writetext
    analyze attach detach discard do pragma refresh reindex reset unlock vacuum
"""
# A name of a table that may be a path or an address is one to several databases, in either quotes.
_TABLE = re.compile(r"[\w $-]+")
_NAME_PARTS = ("this", "db", "catalog")
_FORMAT_NAMES = """
    arrow avro binaryfile csv db delta duckdb feather gz html json jsonl ndjson orc parquet psv
    sqlite text tsv txt xls xlsx xml yaml yml zip zst
"""
"""`SELECT * FROM keys.csv` reads a file in some databases, `SELECT * FROM json.keys` in others."""
_UNIT_WORDS = "year quarter month week day hour minute second dow doy epoch"
_HARMLESS = frozenset(_HARMLESS_NODES.split())
_FORMATS = frozenset(_FORMAT_NAMES.split())
_NO_NAME = frozenset(_NO_NAME_WORDS.split())
_UNITS = frozenset(_UNIT_WORDS.split())
_ADVANCES = frozenset({"nextval", "currval"})


def statements(by: EffectsBy, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a question says of the statement that a tool's effects depend on, if of any.

    Args:
        by: What the effects of the tool depend on.
        arguments: The canonical arguments of the call.

    Raises:
        ConfigurationError: The parser is not installed.
    """
    if by.kind != "sql" or not by.argument:
        return {}
    value: Any = arguments
    for step in by.argument.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value.get(key) if isinstance(value, dict) else None
    verbs = sql_verbs(value) if isinstance(value, str) else []
    return {"statements": {by.argument: verbs}}


class _Silence(logging.Filter):
    """Keeps the parser from logging a statement, which is an argument; others may log theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.now = threading.local()

    def filter(self, _record: logging.LogRecord) -> bool:
        return not getattr(self.now, "on", False)


_SILENCE = _Silence()
logging.getLogger("sqlglot").addFilter(_SILENCE)


def sql_verbs(text: str) -> list[SqlVerb]:
    """Return what a statement does, sorted; empty where that is not certain.

    Args:
        text: The text that the database gets.

    Raises:
        ConfigurationError: The parser is not installed.
    """
    try:
        import sqlglot
    except ImportError:
        raise ConfigurationError(
            "an argument of the kind `sql` needs the package sqlglot, which is not installed",
            code="sql.parser_missing",
            hint="install `inbounds[sql]`",
        ) from None
    if len(text) > _LONGEST or _TRIPLED.search(text) or not _STATEMENT.fullmatch(text):
        return []
    if _depth(text) > _DEEPEST:
        return []
    _SILENCE.now.on = True
    try:
        statements = sqlglot.parse(text)
    except Exception:  # noqa: BLE001 -- whatever it cannot read is not certain
        return []
    finally:
        _SILENCE.now.on = False
    return _verbs(statements[0]) if len(statements) == 1 and statements[0] is not None else []


def _depth(text: str) -> int:
    """How deep the parentheses are nested at most: the parser takes long for deep ones."""
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def _verbs(statement: Any) -> list[SqlVerb]:
    found: set[SqlVerb] = set()
    for node in statement.walk():
        name = type(node).__name__
        if not _is_harmless(name, node):
            return []
        verb = _VERBS.get(name)
        if verb is not None:
            if verb != "select" and node is not statement:
                return []  # a statement that writes, within one that may only seem to read
            found.add(verb)
        elif name == "Returning":
            found.add("select")
    return sorted(found) if type(statement).__name__ in _VERBS else []


def _is_harmless(name: str, node: Any) -> bool:
    if name not in _HARMLESS:
        return False
    parts = _PARTS.get(name)
    if parts is not None and not all(
        part in parts.split() for part, value in node.args.items() if value
    ):
        return False
    if name == "Table":
        # A call of a function whose name is also a word of the grammar is parsed as columns.
        names = [value for part in _NAME_PARTS if (value := node.args.get(part)) is not None]
        alias = node.args.get("alias")
        return (
            all(
                type(each).__name__ == "Identifier" and _TABLE.fullmatch(each.name)
                for each in names
            )
            and not {each.name.lower() for each in names[:1] + names[-1:]} & _FORMATS
            and not (alias is not None and alias.columns)
        )
    if name == "Identifier":
        word = node.name.lower()
        return word not in _ADVANCES and (bool(node.args.get("quoted")) or word not in _NO_NAME)
    if name == "Var":
        return node.name.lower() in _UNITS
    if name == "DataType":
        return "USERDEFINED" not in str(node.this)
    return True
