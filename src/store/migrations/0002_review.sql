-- Triage, challenges and briefs, tags, costs, full-text search.

-- Tags are a JSON array of words. proposed and decided are counted by the writer: how many rows of triage there
-- are, and how many of them are decided. Sessions that were there before may have left text in free pages of the
-- file (unwiped = 1); deleting one of them packs the file.
ALTER TABLE session ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE session ADD COLUMN proposed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN decided INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN unwiped INTEGER NOT NULL DEFAULT 0;
UPDATE session SET unwiped = 1;

-- A turn that is no question is an aside: a challenge to the recommendation, or a brief of the turn, whose id
-- stands in about.
ALTER TABLE turn ADD COLUMN kind TEXT NOT NULL DEFAULT 'question';
ALTER TABLE turn ADD COLUMN about TEXT NOT NULL DEFAULT '';
CREATE INDEX turn_of_kind ON turn (session, kind, seq);

-- lifted = 1: it was searched for recommendations.
ALTER TABLE run ADD COLUMN lifted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN cost_microusd INTEGER;
-- All that counting needs of a run: its row may hold megabytes of text in front of lifted.
CREATE INDEX run_of_persona ON run (turn, persona, lifted);

-- The span is in bytes of the neutralised answer. What stands behind severity is the user's.
CREATE TABLE recommendation (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    run        INTEGER NOT NULL REFERENCES run (seq),
    facet      TEXT NOT NULL,
    title      TEXT NOT NULL,
    span_start INTEGER NOT NULL,
    span_end   INTEGER NOT NULL,
    origin     TEXT NOT NULL,
    severity   TEXT,
    decision   TEXT,
    comment    TEXT NOT NULL DEFAULT '',
    owner      TEXT NOT NULL DEFAULT '',
    own_title  TEXT,
    same_as    TEXT,
    dropped    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX recommendation_of_run ON recommendation (run, span_start, span_end, seq);

-- A step of triage; place is the order in which the steps were last done or undone.
CREATE TABLE edit (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    session INTEGER NOT NULL REFERENCES session (seq),
    what    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    steps   TEXT NOT NULL,
    undone  INTEGER NOT NULL DEFAULT 0,
    place   INTEGER NOT NULL
) STRICT;
CREATE INDEX edit_of_session ON edit (session, place);

-- The counters of a session, as 0001 has them, but for asides, which count nowhere.
DROP TRIGGER turn_added;
DROP TRIGGER run_added;
DROP TRIGGER run_answered;
CREATE TRIGGER turn_added AFTER INSERT ON turn WHEN new.kind = 'question' BEGIN
    UPDATE session SET turns = turns + 1 WHERE seq = new.session;
END;
CREATE TRIGGER run_added AFTER INSERT ON run BEGIN
    UPDATE session SET
        runs = runs + NOT EXISTS (SELECT 1 FROM run AS prior
            WHERE prior.turn = new.turn AND prior.persona = new.persona AND prior.seq < new.seq),
        answered = answered - coalesce((SELECT prior.state = 'done' FROM run AS prior
            WHERE prior.turn = new.turn AND prior.persona = new.persona AND prior.seq < new.seq
            ORDER BY prior.seq DESC LIMIT 1), 0)
     WHERE seq = (SELECT session FROM turn WHERE seq = new.turn AND kind = 'question');
END;
CREATE TRIGGER run_answered AFTER UPDATE OF state ON run
WHEN (old.state = 'done') <> (new.state = 'done') AND NOT EXISTS (SELECT 1 FROM run AS later
    WHERE later.turn = new.turn AND later.persona = new.persona AND later.seq > new.seq)
BEGIN
    UPDATE session SET answered = answered + iif(new.state = 'done', 1, -1)
     WHERE seq = (SELECT session FROM turn WHERE seq = new.turn AND kind = 'question');
END;

-- Full-text search. A document is a title with its tags, a question, or an answer. Its number tells its session
-- without a look at any other table: session << 32, then the turn, or 0x80000000 and the run, or nothing for the title.
-- What is asked in an aside is made of other texts and is not searched; what is answered is.
CREATE VIEW document (seq, text) AS
    SELECT seq << 32, title || char(10) || tags FROM session
    UNION ALL
    SELECT (session << 32) | seq, question FROM turn WHERE kind = 'question'
    UNION ALL
    SELECT (turn.session << 32) | 0x80000000 | run.seq, run.text FROM run JOIN turn ON turn.seq = run.turn;
CREATE VIRTUAL TABLE words USING fts5 (text, content = 'document', content_rowid = 'seq', columnsize = 0,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

-- Chinese, Japanese, Korean, Thai and others write words without blanks, so that words cannot find them. Documents
-- in which such a script stands are indexed by three characters too. Two line ends behind the text make its last
-- characters the beginning of such a piece. (Looking for the scripts is slow: not where all is ASCII.)
CREATE VIEW dense (pattern) AS SELECT '*[' || char(0x0E00, 45, 0x109F, 0x1780, 45, 0x17FF, 0x2E80, 45, 0xA4CF,
    0xAC00, 45, 0xD7FF, 0xF900, 45, 0xFAFF, 0xFF66, 45, 0xFF9F, 0x20000, 45, 0x3FFFF) || ']*';
CREATE VIEW dense_session (seq, text) AS
    SELECT seq, title || char(10) || tags || char(10, 10) FROM session
     WHERE title || tags GLOB (SELECT pattern FROM dense);
CREATE VIEW dense_turn (seq, session, text) AS
    SELECT seq, session, question || char(10, 10) FROM turn
     WHERE kind = 'question'
       AND iif(length(question) < octet_length(question), question GLOB (SELECT pattern FROM dense), 0);
CREATE VIEW dense_run (seq, turn, session, text) AS
    SELECT run.seq, run.turn, turn.session, run.text || char(10, 10) FROM turn JOIN run ON run.turn = turn.seq
     WHERE iif(length(text) < octet_length(text), text GLOB (SELECT pattern FROM dense), 0);
CREATE VIEW dense_document (seq, text) AS
    SELECT seq << 32, text FROM dense_session
    UNION ALL
    SELECT (session << 32) | seq, text FROM dense_turn
    UNION ALL
    SELECT (session << 32) | 0x80000000 | seq, text FROM dense_run;
CREATE VIRTUAL TABLE pieces USING fts5 (text, content = 'dense_document', content_rowid = 'seq', columnsize = 0,
    tokenize = 'trigram');
INSERT INTO pieces (pieces, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE pieces_terms USING fts5vocab ('pieces', 'row');

CREATE TRIGGER session_indexed AFTER INSERT ON session BEGIN
    INSERT INTO words (rowid, text) VALUES (new.seq << 32, new.title || char(10) || new.tags);
    INSERT INTO pieces (rowid, text) SELECT seq << 32, text FROM dense_session WHERE seq = new.seq;
END;
CREATE TRIGGER session_unindexed AFTER DELETE ON session BEGIN
    INSERT INTO words (words, rowid, text)
        VALUES ('delete', old.seq << 32, old.title || char(10) || old.tags);
    INSERT INTO pieces (pieces, rowid, text)
        SELECT 'delete', old.seq << 32, old.title || char(10) || old.tags || char(10, 10)
         WHERE old.title || old.tags GLOB (SELECT pattern FROM dense);
END;
CREATE TRIGGER session_reindexed AFTER UPDATE OF title, tags ON session BEGIN
    INSERT INTO words (words, rowid, text)
        VALUES ('delete', old.seq << 32, old.title || char(10) || old.tags);
    INSERT INTO pieces (pieces, rowid, text)
        SELECT 'delete', old.seq << 32, old.title || char(10) || old.tags || char(10, 10)
         WHERE old.title || old.tags GLOB (SELECT pattern FROM dense);
    INSERT INTO words (rowid, text) VALUES (new.seq << 32, new.title || char(10) || new.tags);
    INSERT INTO pieces (rowid, text) SELECT seq << 32, text FROM dense_session WHERE seq = new.seq;
END;

CREATE TRIGGER turn_indexed AFTER INSERT ON turn WHEN new.kind = 'question' BEGIN
    INSERT INTO words (rowid, text) VALUES ((new.session << 32) | new.seq, new.question);
    INSERT INTO pieces (rowid, text)
        SELECT (session << 32) | seq, text FROM dense_turn WHERE seq = new.seq;
END;
CREATE TRIGGER turn_unindexed AFTER DELETE ON turn WHEN old.kind = 'question' BEGIN
    INSERT INTO words (words, rowid, text)
        VALUES ('delete', (old.session << 32) | old.seq, old.question);
    INSERT INTO pieces (pieces, rowid, text)
        SELECT 'delete', (old.session << 32) | old.seq, old.question || char(10, 10)
         WHERE iif(length(old.question) < octet_length(old.question), old.question GLOB (SELECT pattern FROM dense), 0);
END;

-- An answer gets its text when it has ended; until then text is empty.
CREATE TRIGGER run_indexed AFTER INSERT ON run WHEN new.text <> '' BEGIN
    INSERT INTO words (rowid, text)
        SELECT (session << 32) | 0x80000000 | new.seq, new.text FROM turn WHERE seq = new.turn;
    INSERT INTO pieces (rowid, text)
        SELECT (session << 32) | 0x80000000 | seq, text FROM dense_run WHERE seq = new.seq;
END;
CREATE TRIGGER run_unindexed AFTER DELETE ON run WHEN old.text <> '' BEGIN
    INSERT INTO words (words, rowid, text)
        SELECT 'delete', (session << 32) | 0x80000000 | old.seq, old.text FROM turn WHERE seq = old.turn;
    INSERT INTO pieces (pieces, rowid, text)
        SELECT 'delete', (session << 32) | 0x80000000 | old.seq, old.text || char(10, 10) FROM turn
         WHERE seq = old.turn
           AND iif(length(old.text) < octet_length(old.text), old.text GLOB (SELECT pattern FROM dense), 0);
END;
CREATE TRIGGER run_reindexed AFTER UPDATE OF text ON run WHEN old.text <> new.text BEGIN
    INSERT INTO words (words, rowid, text)
        SELECT 'delete', (session << 32) | 0x80000000 | old.seq, old.text FROM turn
         WHERE seq = old.turn AND old.text <> '';
    INSERT INTO pieces (pieces, rowid, text)
        SELECT 'delete', (session << 32) | 0x80000000 | old.seq, old.text || char(10, 10) FROM turn
         WHERE seq = old.turn
           AND iif(length(old.text) < octet_length(old.text), old.text GLOB (SELECT pattern FROM dense), 0);
    INSERT INTO words (rowid, text)
        SELECT (session << 32) | 0x80000000 | new.seq, new.text FROM turn
         WHERE seq = new.turn AND new.text <> '';
    INSERT INTO pieces (rowid, text)
        SELECT (session << 32) | 0x80000000 | seq, text FROM dense_run WHERE seq = new.seq;
END;

-- What was there before, in ascending order and with much at a time: else the index would be written piecemeal.
INSERT INTO words (words, rank) VALUES ('hashsize', 16777216);
INSERT INTO pieces (pieces, rank) VALUES ('hashsize', 16777216);
INSERT INTO words (rowid, text) SELECT seq << 32, title || char(10) || tags FROM session ORDER BY seq;
INSERT INTO words (rowid, text) SELECT (session << 32) | seq, question FROM turn ORDER BY session, seq;
INSERT INTO words (rowid, text) SELECT (turn.session << 32) | 0x80000000 | run.seq, run.text
    FROM turn JOIN run ON run.turn = turn.seq WHERE run.text <> '' ORDER BY turn.session, turn.seq, run.seq;
INSERT INTO pieces (rowid, text) SELECT seq << 32, text FROM dense_session ORDER BY seq;
INSERT INTO pieces (rowid, text) SELECT (session << 32) | seq, text FROM dense_turn ORDER BY session, seq;
INSERT INTO pieces (rowid, text) SELECT (session << 32) | 0x80000000 | seq, text FROM dense_run
    ORDER BY session, turn, seq;
INSERT INTO words (words, rank) VALUES ('hashsize', 1048576);
INSERT INTO pieces (pieces, rank) VALUES ('hashsize', 1048576);
