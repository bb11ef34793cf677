"""The schema as an append-only list of migrations.

A released step never changes. Each step and its entry in `migrations` are one transaction, so that
a store is at exactly one version even after a crash.
"""

import sqlite3
import time

APPLICATION_ID = 0x6F616C6F  # marks the file as ours: "oalo"

_FIRST = (
    """
    CREATE TABLE assistants (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        settings TEXT NOT NULL,
        deleted_at BIGINT
    )
    """,
    "CREATE INDEX assistants_order ON assistants (created_at, seq) WHERE deleted_at IS NULL",
    """
    CREATE TABLE threads (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        tool_resources TEXT NOT NULL,
        metadata TEXT NOT NULL,
        deleted_at BIGINT
    )
    """,
    """
    CREATE TABLE runs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        thread_id TEXT NOT NULL REFERENCES threads (id),
        assistant_id TEXT NOT NULL,
        status TEXT NOT NULL,
        model TEXT NOT NULL,
        settings TEXT NOT NULL,
        metadata TEXT NOT NULL,
        required_action TEXT,
        last_error TEXT,
        incomplete_details TEXT,
        usage TEXT,
        expires_at BIGINT,
        started_at BIGINT,
        cancelled_at BIGINT,
        failed_at BIGINT,
        completed_at BIGINT,
        owner TEXT,
        heartbeat_at BIGINT
    )
    """,
    "CREATE INDEX runs_order ON runs (thread_id, created_at, seq)",
    """
    CREATE UNIQUE INDEX runs_one_active ON runs (thread_id)
        WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling')
    """,
    """
    CREATE INDEX runs_active ON runs (expires_at)
        WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling')
    """,
    """
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        thread_id TEXT NOT NULL REFERENCES threads (id),
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        content TEXT NOT NULL,
        attachments TEXT NOT NULL,
        metadata TEXT NOT NULL,
        assistant_id TEXT,
        run_id TEXT REFERENCES runs (id),
        incomplete_reason TEXT,
        completed_at BIGINT,
        incomplete_at BIGINT,
        deleted_at BIGINT
    )
    """,
    """
    CREATE INDEX messages_order ON messages (thread_id, created_at, seq)
        WHERE deleted_at IS NULL
    """,
    "CREATE INDEX messages_of_run ON messages (run_id, created_at, seq) WHERE run_id IS NOT NULL",
    """
    CREATE TABLE steps (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        thread_id TEXT NOT NULL REFERENCES threads (id),
        run_id TEXT NOT NULL REFERENCES runs (id),
        assistant_id TEXT NOT NULL,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        details TEXT NOT NULL,
        last_error TEXT,
        usage TEXT,
        metadata TEXT NOT NULL,
        kept TEXT NOT NULL,
        expires_at BIGINT,
        expired_at BIGINT,
        cancelled_at BIGINT,
        failed_at BIGINT,
        completed_at BIGINT
    )
    """,
    "CREATE INDEX steps_order ON steps (run_id, created_at, seq)",
    """
    CREATE TABLE first_answers (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        fingerprint TEXT NOT NULL,
        answer TEXT,
        run_id TEXT
    )
    """,
    "CREATE INDEX first_answers_age ON first_answers (created_at)",
    """
    INSERT INTO assistants (id, created_at, settings) VALUES (
        'asst_demo', :now,
        '{"model":"echo","name":"Demo","description":"Repeats the last user message, offline."}'
    )
    """,
)

# An imported message may name a run that was not imported, so `run_id` is no longer a reference.
_SECOND = (
    """
    CREATE TABLE messages_2 (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        thread_id TEXT NOT NULL REFERENCES threads (id),
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        content TEXT NOT NULL,
        attachments TEXT NOT NULL,
        metadata TEXT NOT NULL,
        assistant_id TEXT,
        run_id TEXT,
        incomplete_reason TEXT,
        completed_at BIGINT,
        incomplete_at BIGINT,
        deleted_at BIGINT
    )
    """,
    """
    INSERT INTO messages_2 (
        seq, id, created_at, thread_id, role, status, content, attachments, metadata,
        assistant_id, run_id, incomplete_reason, completed_at, incomplete_at, deleted_at
    )
    SELECT
        seq, id, created_at, thread_id, role, status, content, attachments, metadata,
        assistant_id, run_id, incomplete_reason, completed_at, incomplete_at, deleted_at
    FROM messages
    """,
    "DROP TABLE messages",
    "ALTER TABLE messages_2 RENAME TO messages",
    """
    CREATE INDEX messages_order ON messages (thread_id, created_at, seq)
        WHERE deleted_at IS NULL
    """,
    "CREATE INDEX messages_of_run ON messages (run_id, created_at, seq) WHERE run_id IS NOT NULL",
)

# For `Messages.with_files`, which each run calls at its start. The condition must be the same.
_THIRD = (
    """
    CREATE INDEX messages_with_files ON messages (thread_id, created_at, seq)
        WHERE deleted_at IS NULL
        AND (replace(content, 'image_', '') <> content OR length(attachments) > 2)
    """,
)

STEPS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND, _THIRD)


def version(connection: sqlite3.Connection) -> int:
    """Number of migrations applied; 0 for an empty file, -1 for another program's."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return 0
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    if mark != APPLICATION_ID or "migrations" not in tables:
        return -1
    (done,) = connection.execute("SELECT MAX(step) FROM migrations").fetchone()
    return int(done or 0)


def apply_step(connection: sqlite3.Connection, step: int) -> None:
    """Migrate the store from version `step - 1` to `step`, inside the caller's transaction."""
    now = int(time.time())
    if step == 1:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("CREATE TABLE migrations (step INTEGER NOT NULL, applied_at BIGINT)")
    for statement in STEPS[step - 1]:
        connection.execute(statement, {"now": now} if ":now" in statement else {})
    connection.execute("INSERT INTO migrations (step, applied_at) VALUES (?, ?)", (step, now))
