"""The tables of an evidence log."""

from __future__ import annotations

APPLICATION = 0x49424556  # "IBEV"
VERSION = 3

TRIGGERS = {
    "records_unchanged": """
        BEFORE UPDATE ON records
        BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END
    """,
    "records_kept": """
        BEFORE DELETE ON records
        BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END
    """,
    # A replacing insert deletes without asking the trigger above.
    "records_in_order": """
        BEFORE INSERT ON records
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM records)
        BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END
    """,
    "head_kept": """
        BEFORE DELETE ON head
        BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END
    """,
    "head_grows": """
        BEFORE UPDATE ON head
        WHEN NEW.one IS NOT 1 OR NEW.log IS NOT OLD.log OR NEW.count IS NOT OLD.count + 1
        BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END
    """,
    "tasks_kept": """
        BEFORE DELETE ON tasks
        BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END
    """,
    "tasks_grow": """
        BEFORE UPDATE ON tasks
        WHEN NEW.task IS NOT OLD.task OR NEW.count IS NOT OLD.count + 1
        BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END
    """,
}
"""What keeps an honest program from changing a record. `verify` finds one that is not honest."""

SCHEMA = (
    """
    CREATE TABLE records (
        seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, decision_id TEXT NOT NULL,
        task TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL, mac TEXT NOT NULL
    )
    """,
    "CREATE INDEX records_by_task ON records (task) WHERE task <> ''",
    # One index for both: what was decided is so once, what became of it may be said again.
    """
    CREATE UNIQUE INDEX records_by_decision
    ON records (decision_id, CASE kind WHEN 'decided.v1' THEN 0 ELSE seq END)
    """,
    """
    CREATE TABLE head (
        one INTEGER PRIMARY KEY CHECK (one = 1), log TEXT NOT NULL, key TEXT NOT NULL,
        count INTEGER NOT NULL, hash TEXT NOT NULL, mac TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE tasks (
        task TEXT PRIMARY KEY, count INTEGER NOT NULL, hash TEXT NOT NULL, mac TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    *(f"CREATE TRIGGER {name} {text}" for name, text in TRIGGERS.items()),
)
