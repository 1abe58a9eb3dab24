"""What a statement does, where that is certain; anything else has no verbs."""

from __future__ import annotations

import logging
import re
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbounds.canonical.sql import sql_verbs, statements
from inbounds.errors import ConfigurationError
from inbounds.model.question import EffectsBy

READS = [
    "SELECT 1",
    "select a, b from t where c = 'x'",
    "SELECT count(*) AS n FROM t JOIN u ON t.id = u.id WHERE a LIKE 'x%' GROUP BY a HAVING n > 1",
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x UNION ALL SELECT 2 ORDER BY a LIMIT 10 OFFSET 5;",
    "SELECT lower(name), sum(x) FROM s.users u WHERE id = $1 AND n = 'it''s; DROP TABLE t -- /* x'",
    "SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END, a::date, CAST(b AS int) FROM t",
    "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t LEFT JOIN u USING (id)",
    'SELECT "a b", "delete" FROM "T" WHERE a = \'Müller\'',
    "SELECT DISTINCT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u) OR a BETWEEN 1 AND 2",
    "SELECT start, comment, status FROM t WHERE d > current_date - interval '1 day'",
]
WRITES = {
    "INSERT INTO t (a) VALUES ('x')": ["insert"],
    "INSERT INTO t SELECT a FROM u": ["insert", "select"],
    "UPDATE t SET a = 1 WHERE b = 2": ["update"],
    "DELETE FROM t": ["delete"],
    "DELETE FROM t WHERE a IN (SELECT a FROM u)": ["delete", "select"],
    "UPDATE t SET a = 1 RETURNING a": ["select", "update"],
    "WITH x AS (SELECT 1 AS a) DELETE FROM t": ["delete", "select"],
}
ACTS = [
    "DELETE FROM t",
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DROP TABLE t",
    "TRUNCATE t",
    "ALTER TABLE t ADD COLUMN a int",
    "CREATE TABLE t (a int)",
    "GRANT ALL ON t TO eve",
    "CALL f()",
    "EXEC f",
    "COPY t TO '/tmp/x'",
    "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE",
    "REPLACE INTO t VALUES (1)",
    "SELECT f(1)",
    "SELECT pg_terminate_backend(1)",
    "SELECT nextval('s')",
    "SELECT a INTO u FROM t",
    "SELECT a FROM t FOR UPDATE",
    "SELECT load_extension('x')",
    "VACUUM",
    "SET ROLE admin",
    "DO 'x'",
    "SHUTDOWN",
]
NOT_CERTAIN = [
    "",
    " ",
    ";",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN ANALYZE DELETE FROM t",
    "WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x",
    "SELECT 1; DELETE FROM t",
    "SELECT 1;;",
    # Transact-SQL needs nothing between two statements.
    "SELECT 1 DELETE FROM t",
    "SELECT a FROM t DELETE",
    "SELECT 1 SHUTDOWN",
    "SELECT 1 EXEC",
    "SELECT a FROM t COMMIT",
    # Strings that end elsewhere in another dialect.
    r"SELECT '\'; DELETE FROM t; -- '",
    "SELECT q'[a]' FROM t",
    "SELECT q', ' , ' DELETE '",
    "SELECT '''a''' FROM t",
    "SELECT $$a$$",
    "SELECT $1$ FROM t",
    "SELECT `a` FROM t",
    "SELECT [a] FROM t",
    "SELECT e'a'",
    "SELECT 'a\u02bc; DELETE FROM t; -- '",
    "SELECT 'a\x00'",
    # What one dialect takes for a comment is read by another.
    "SELECT 1 /*! DELETE FROM t */",
    "SELECT 1 --\nDELETE FROM t",
    "SELECT 1 # DELETE",
    "SELECT 1 /*+ x */",
    # Clauses that write or lock, functions and sequences.
    "SELECT a FROM t INTO OUTFILE '/tmp/x'",
    "SELECT a INTO DUMPFILE '/tmp/x' FROM t",
    "SELECT a FROM t LOCK IN SHARE MODE",
    "SELECT a FROM t FOR SHARE",
    "SELECT s.nextval FROM dual",
    "SELECT NEXT VALUE FOR s",
    'SELECT "f"(1)',
    "SELECT a.f(1) FROM t",
    "SELECT * FROM dblink('x')",
    "SELECT * FROM read_csv('x')",
    "SELECT @x := 1",
    "INSERT OVERWRITE TABLE t SELECT 1",
    "INSERT OR REPLACE INTO t VALUES (1)",
    "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
    "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1",
    "DELETE t FROM t JOIN u",
    "SELECT 'x'::regclass",
    "SELECT * FROM t TABLESAMPLE BERNOULLI (1)",
    "select (",
    "SELECT ((((((((((((((((((1))))))))))))))))))",
    "SELECT 1" + " " * 10_000,
    "\u017felect 1",
    "SELECT\u00a01",
    "SELECT 1\r\n",
]


@pytest.mark.parametrize("statement", READS)
def test_what_only_reads(statement):
    assert sql_verbs(statement) == ["select"]


@pytest.mark.parametrize(("statement", "verbs"), WRITES.items())
def test_what_writes_says_all_that_it_does(statement, verbs):
    assert sql_verbs(statement) == verbs


def words():
    """Every word of the parser's grammar, of which any may be the name of a function."""
    from sqlglot.parser import Parser
    from sqlglot.tokens import Tokenizer, TokenType

    known = {*Tokenizer.KEYWORDS, *Parser.FUNCTIONS, *Parser.FUNCTION_PARSERS}
    known |= {str(token.value) for token in TokenType}
    return sorted({word.lower() for word in known if re.fullmatch(r"[A-Za-z_]+", word)})


@pytest.mark.parametrize(
    "place",
    [
        "select * from {}('/etc/x')",
        "select * from t, {}('a', 'b') x",
        "select * from t join {}(1) on 1 = 1",
        "select * from s.{}('a')",
        "select * from c.s.{}('a')",
        "select * from '{}'('a')",
        "select * from \"{}\"('a')",
        "insert into t select * from {}('a')",
        "select * from t where a in (select b from {} (a))",
        "select * from {}('a') as x(b)",
        "select * from s.{}() tablesample (1)",
    ],
)
def test_no_word_of_the_grammar_hides_a_function_in_the_place_of_a_table(place):
    grammar = {"select", "from", "values", "where", "having", "join", "straight_join", "like"}

    found = [word for word in words() if sql_verbs(place.format(word))]

    assert len(words()) > 500
    assert {*found} <= grammar, "a clause, or a list of values"


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize(
    "name",
    ["http://evil.example/x.csv?d=1", "/etc/passwd", "x.parquet", "s3://b/k", "a*", "a?b", "~/k"],
)
@pytest.mark.parametrize(
    "place", ["select * from {}", "select 1 from t join {} on 1 = 1", "insert into {} values (1)"]
)
def test_a_table_that_may_be_a_file_or_an_address_is_not_certain(quote, name, place):
    assert [] == sql_verbs(place.format(f"{quote}{name}{quote}"))
    assert [] != sql_verbs(place.format(f"{quote}my table-1{quote}"))


@pytest.mark.parametrize("statement", NOT_CERTAIN)
def test_what_is_not_certain_has_no_verbs(statement):
    assert sql_verbs(statement) == []


def _in_case(how, text):
    return {"upper": text.upper(), "lower": text.lower(), "as it is": text}[how]


WRAPPED = [
    "{}",
    "SELECT 1; {}",
    "{}; SELECT 1",
    "SELECT 1 {}",
    "SELECT 1\n{}",
    "SELECT 1 AS a {}",
    "SELECT a FROM t {}",
    "SELECT a FROM t WHERE b = 1 {}",
    "WITH x AS ({}) SELECT 1",
    "WITH x AS ({} RETURNING a) SELECT a FROM x",
    "SELECT ({})",
    "SELECT a FROM ({}) AS x",
    "SELECT a FROM t WHERE b IN ({})",
    "SELECT 1 UNION {}",
    "SELECT 1 /* x */ {}",
    "SELECT 1 -- x\n{}",
    "/* SELECT 1 */ {}",
    "EXPLAIN {}",
    "BEGIN; {}; COMMIT",
    "({})",
    "SELECT '\\'; {} -- '",
    "SELECT CASE WHEN 1 = 1 THEN ({}) END",
]


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(ACTS),
    st.sampled_from(WRAPPED),
    st.sampled_from(["upper", "lower", "as it is"]),
    st.sampled_from(
        [" ", "\n", "\t", "  ", "/**/", " /* x */ ", "\r\n", "\u00a0", "\x0b", "\u2028"]
    ),
)
def test_nothing_that_acts_is_taken_for_a_read(act, wrapped, case, blank):
    statement = _in_case(case, wrapped.format(act)).replace(" ", blank)
    assert sql_verbs(statement) != ["select"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(READS), st.text(max_size=3), st.data())
def test_whatever_is_put_into_a_statement_gives_no_other_verb(statement, text, data):
    place = data.draw(st.integers(0, len(statement)))
    verbs = sql_verbs(statement[:place] + text + statement[place:])
    assert verbs in ([], ["select"])


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=200), st.sampled_from(ACTS)))
def test_any_text_is_read_in_silence(logged, text):
    sql_verbs(text)
    sql_verbs(f"SELECT {text}")
    sql_verbs(f"WITH x AS ({text}) SELECT a FROM x")
    assert logged.records == []


@pytest.fixture(scope="module")
def logged():
    """What anything logs: the parser must not log a statement, which is an argument."""

    class Records(logging.Handler):
        def __init__(self):
            super().__init__()
            self.records = []

        def emit(self, record):
            self.records.append(record)

    handler = Records()
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.setLevel(level)
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT " + "(" * 5_000,
        "SELECT " + "a," * 4_900 + "a",
        "SELECT " + "- " * 4_900 + "a",
        "SELECT a FROM t WHERE " + "NOT " * 2_400 + "a",
        "SELECT " + "CASE " * 1_900,
        "SELECT " + "'a'" * 3_000,
        "SELECT '" + "''" * 4_900,
        "SELECT " + "a.b AS c FROM t JOIN " * 400,
    ],
)
def test_no_statement_takes_long(statement):
    sql_verbs("SELECT 1")  # the parser is loaded
    began = time.process_time()
    sql_verbs(statement)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("arguments", "verbs"),
    [
        ({"run": {"a/b": "SELECT 1"}}, ["select"]),
        ({"run": {"a/b": "SELECT f(1)"}}, []),
        ({"run": {"a/b": 7}}, []),
        ({"run": ["SELECT 1"]}, []),
        ({}, []),
    ],
)
def test_a_question_says_what_the_statement_does(arguments, verbs):
    by = EffectsBy(argument="/run/a~1b", kind="sql", values={"select": ["read"]})
    assert statements(by, arguments) == {"statements": {"/run/a~1b": verbs}}
    assert statements(by.model_copy(update={"kind": "text"}), arguments) == {}
    assert statements(EffectsBy(), arguments) == {}


def test_without_the_parser_nothing_is_judged(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(ConfigurationError) as refused:
        sql_verbs("SELECT 1")
    assert refused.value.code == "sql.parser_missing"
    assert "SELECT" not in str(refused.value)


@pytest.mark.parametrize("ending", ["csv", "CSV", "parquet", "json", "db", "xlsx", "txt", "gz"])
@pytest.mark.parametrize(
    "table", ["keys.{}", 'keys."{}"', "a.keys.{}", '"my keys".{}', "{}.keys", "{}.a.keys"]
)
def test_a_table_that_may_be_a_file_is_judged_as_anything(table, ending):
    """
    DuckDB reads `keys.csv` from its folder, and Spark what stands behind the name of a format.
    """
    assert not sql_verbs(f"SELECT * FROM {table.format(ending)}")
    assert sql_verbs(f"SELECT {ending} FROM keys") == ["select"]
    assert sql_verbs(f"SELECT * FROM keys_{ending}") == ["select"]
