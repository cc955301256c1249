-- Session > turn > run. Ids are 32 lower-case hex digits, times are milliseconds since 1970 UTC.
-- The counters of a session are kept by triggers, so that listing 100,000 sessions reads no other table.

CREATE TABLE session (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    title      TEXT NOT NULL,
    panel      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    turns      INTEGER NOT NULL DEFAULT 0,
    runs       INTEGER NOT NULL DEFAULT 0,
    answered   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX session_newest ON session (updated_at DESC, seq DESC);

CREATE TABLE turn (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    session  INTEGER NOT NULL REFERENCES session (seq),
    question TEXT NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX turn_of_session ON turn (session, seq);

-- An instance is one process that writes. While it lives it holds a lock on its file (locked = 1); where
-- files cannot be locked, process id and start time must do.
CREATE TABLE instance (
    id      TEXT PRIMARY KEY,
    pid     INTEGER NOT NULL,
    started INTEGER NOT NULL,
    locked  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- While a run streams its text is in chunk and owner names the instance that writes it; when it ends the
-- chunks are folded into text and reasoning.
CREATE TABLE run (
    seq              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    turn             INTEGER NOT NULL REFERENCES turn (seq),
    persona          TEXT NOT NULL,
    persona_name     TEXT NOT NULL,
    view             TEXT NOT NULL,
    model            TEXT NOT NULL,
    served_model     TEXT,
    notes            TEXT NOT NULL DEFAULT '[]',
    state            TEXT NOT NULL DEFAULT 'streaming',
    reason           TEXT,
    text             TEXT NOT NULL DEFAULT '',
    reasoning        TEXT NOT NULL DEFAULT '',
    input_tokens     INTEGER,
    output_tokens    INTEGER,
    cached_tokens    INTEGER,
    reasoning_tokens INTEGER,
    started_at       INTEGER NOT NULL,
    elapsed_ms       INTEGER,
    owner            TEXT
) STRICT;
CREATE INDEX run_of_turn ON run (turn, seq);
CREATE INDEX run_live ON run (owner) WHERE owner IS NOT NULL;

CREATE TABLE chunk (
    seq       INTEGER PRIMARY KEY,
    run       INTEGER NOT NULL REFERENCES run (seq),
    at        INTEGER NOT NULL,
    text      TEXT NOT NULL,
    reasoning TEXT NOT NULL
) STRICT;
CREATE INDEX chunk_of_run ON chunk (run, seq);

CREATE TRIGGER turn_added AFTER INSERT ON turn BEGIN
    UPDATE session SET turns = turns + 1 WHERE seq = new.session;
END;
-- A retry adds a run to the same turn and persona. Counted are the pairs, not the tries: runs says how many
-- pairs were asked, answered how many of them have a last run that is done.
CREATE TRIGGER run_added AFTER INSERT ON run BEGIN
    UPDATE session SET
        runs = runs + NOT EXISTS (SELECT 1 FROM run AS prior
            WHERE prior.turn = new.turn AND prior.persona = new.persona AND prior.seq < new.seq),
        answered = answered - coalesce((SELECT prior.state = 'done' FROM run AS prior
            WHERE prior.turn = new.turn AND prior.persona = new.persona AND prior.seq < new.seq
            ORDER BY prior.seq DESC LIMIT 1), 0)
     WHERE seq = (SELECT session FROM turn WHERE seq = new.turn);
END;
CREATE TRIGGER run_answered AFTER UPDATE OF state ON run
WHEN (old.state = 'done') <> (new.state = 'done') AND NOT EXISTS (SELECT 1 FROM run AS later
    WHERE later.turn = new.turn AND later.persona = new.persona AND later.seq > new.seq)
BEGIN
    UPDATE session SET answered = answered + iif(new.state = 'done', 1, -1)
     WHERE seq = (SELECT session FROM turn WHERE seq = new.turn);
END;
