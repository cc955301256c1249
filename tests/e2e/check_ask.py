#!/usr/bin/env python3
"""Checks the output of `plenary ask --format jsonl`: check_ask.py EVENTS EXIT_CODE PERSONA...

Every run must have ended once, done or cut by the length limit, with a text that is not empty and is equal to its joined
deltas; the counts of the summary and the exit code must match. Prints the answers."""

import json
import sys


def main():
    path, code, personas = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    with open(path, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    errors = []

    def expect(condition, message):
        if not condition:
            errors.append(message)

    events_of = lambda kind: [event for event in events if event["type"] == kind]
    ends = {event["persona"]: event for event in events_of("end")}
    expect(events and events[0]["type"] == "turn", "the first event is not a turn")
    expect(events and events[-1]["type"] == "summary", "the last event is not the summary")
    expect(len(events_of("end")) == len(personas), f"{len(events_of('end'))} end events, not {len(personas)}")
    for persona in personas:
        end = ends.get(persona)
        if end is None:
            errors.append(f"{persona}: no end event")
            continue
        expect(end["state"] in ("done", "cut"), f"{persona}: {end['state']}: {end.get('reason')}")
        expect(end["text"].strip(), f"{persona}: an empty answer")
        joined = "".join(event["text"] for event in events_of("delta") if event["persona"] == persona)
        expect(joined == end["text"], f"{persona}: its deltas are not its text")
        expect((end.get("usage") or {}).get("output"), f"{persona}: no tokens counted")
        print(f"\n### {persona}: {end['state']} after {end['ms'] / 1000:.1f} s, {end.get('usage')}\n{end['text'].strip()}")
    for summary in events_of("summary"):
        answered = sum(end["state"] == "done" for end in ends.values())
        expected = 0 if answered == len(personas) else 1 if answered else 3
        expect(summary["asked"] == len(personas), f"the summary says {summary['asked']} were asked")
        expect(summary["answered"] == answered, f"the summary says {summary['answered']} answered, {answered} are done")
        expect(code == expected, f"exit code {code}, not {expected}, with {answered} done")
    if errors:
        raise SystemExit("\nheadless: FAILED\n  " + "\n  ".join(errors))
    print(f"\nheadless: all {len(personas)} runs are as expected")


if __name__ == "__main__":
    main()
