#!/usr/bin/env python3
"""Measures what a crash loses: kill -9 while four panes stream, then compares the stored answers.

kill9.py PLENARY FAKELLM CORPUS WORK [SECONDS]

Four personas stream 50 tokens per second for SECONDS (default 4). Prints how many milliseconds of text each run misses
(at most 250) and its state (must be cut); exits 1 otherwise."""

import json
import os
import subprocess
import sys
import time
import urllib.request

from lab import FIVE, Fake, Terminal, wait_until

RATE = 50
ASKED = {persona: text for persona, text in FIVE.items() if persona != "gitops"}


def request_tokens(fake, text):
    """Returns the tokens of a text of the corpus, as the server sends them."""
    body = {"model": f"{text}-fast", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    request = urllib.request.Request(
        f"{fake.url}/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    found = []
    with urllib.request.urlopen(request) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                choices = json.loads(line[6:]).get("choices") or [{}]
                if piece := choices[0].get("delta", {}).get("content"):
                    found.append(piece)
    return found


def count_stored_tokens(pieces, text):
    """Returns the number of complete tokens in the stored text; none if the text is not a prefix of the answer."""
    if not "".join(pieces).startswith(text):
        return None
    length = 0
    for n, piece in enumerate(pieces):
        length += len(piece)
        if length > len(text):
            return n
    return len(pieces)


def main():
    if len(sys.argv) not in (5, 6):
        raise SystemExit(__doc__)
    plenary, fakellm, corpus, work = [os.path.abspath(a) for a in sys.argv[1:5]]
    seconds = float(sys.argv[5]) if len(sys.argv) == 6 else 4
    with Fake(fakellm, corpus, work) as fake:
        pieces = {persona: request_tokens(fake, text) for persona, text in ASKED.items()}
        fake.configure({persona: f"{text}-t{RATE}" for persona, text in ASKED.items()})
        wait_until(lambda: len(fake.events("end")) == len(ASKED), 10, "the answers for comparison")
        since = fake.mark()
        with Terminal([plenary, "--panel", "design-review"], fake.env, cwd=fake.work) as terminal:
            terminal.wait_for("ask", 10)
            terminal.type("hello\r")
            wait_until(lambda: len(fake.events("req", since)) == len(ASKED), 10, "four requests")
            time.sleep(seconds)
            killed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            terminal.process.kill()
            terminal.process.wait()
        ends = wait_until(
            lambda: (lines := fake.events("end", since)) and len(lines) == len(ASKED) and lines, 10, "four closed streams"
        )
        models = {line["id"]: line["model"] for line in fake.events("req", since)}
        sent = {models[end["id"]]: end for end in ends}
        command = [plenary, "sessions", "show", "last", "--format", "json"]
        shown = subprocess.run(command, env=fake.env, cwd=fake.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if shown.returncode:
        raise SystemExit(f"sessions show ended with exit code {shown.returncode}")
    runs = {run["persona"]: run for run in json.loads(shown.stdout)["turns"][-1]["runs"]}
    has_failed = False
    for persona, text in ASKED.items():
        run, end = runs.get(persona), sent[f"{text}-t{RATE}"]
        kept = count_stored_tokens(pieces[persona], run["text"]) if run else None
        if kept is None:
            print(f"{persona}: FAILED: the store has {'other text' if run else 'no run'}")
            has_failed = True
            continue
        # Time at which the server sent the first missing token.
        left = end["first_token"] + kept * 1_000_000_000 // RATE
        missing = 0 if kept >= end["tokens"] else max(0, killed - left) / 1e6
        has_failed |= missing > 250 or run["state"] != "cut"
        print(f"{persona}: {run['state']}, {kept} of {end['tokens']} tokens, {missing:.0f} ms missing (at most 250)")
    sys.exit(has_failed)


if __name__ == "__main__":
    main()
