-- The order in which sessions were last changed: a higher number is a later change. Times cannot say that, because a
-- clock may be wrong: a session with a time in the future would stay the newest one for good.
ALTER TABLE session ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
UPDATE session SET changed = place FROM
    (SELECT seq AS number, row_number() OVER (ORDER BY updated_at, seq) AS place FROM session)
 WHERE seq = number;
DROP INDEX session_newest;
CREATE INDEX session_newest ON session (changed DESC, seq DESC);

-- Whatever sets the time of the last change, even to the same time, makes the session the newest one.
CREATE TRIGGER session_ordered AFTER INSERT ON session BEGIN
    UPDATE session SET changed = (SELECT max(changed) FROM session) + 1 WHERE seq = new.seq;
END;
CREATE TRIGGER session_reordered AFTER UPDATE OF updated_at ON session BEGIN
    UPDATE session SET changed = (SELECT max(changed) FROM session) + 1
     WHERE seq = new.seq AND changed < (SELECT max(changed) FROM session);
END;
