#!/usr/bin/env python3
"""Measures the cost of the fan-out: `plenary ask` with five personas against five parallel `curl -N`.

ask_vs_curl.py PLENARY FAKELLM CORPUS WORK [ROUNDS]

Both get the same five answers at 1,000 tokens per second, in alternating rounds. Prints the medians, their ratio (at
most 1.02) and the time between plenary's first and last request (at most 10 ms); exits 1 above these limits."""

import json
import os
import statistics
import subprocess
import sys
import time

from lab import FIVE, Fake

MODELS = {persona: f"{text}-t1000" for persona, text in FIVE.items()}


def ask(plenary, fake):
    """Returns the seconds of one `plenary ask`, and the milliseconds between its first and its last request."""
    since, began = fake.mark(), time.monotonic()
    command = [plenary, "ask", "hello", "--panel", "full", "--format", "jsonl"]
    done = subprocess.run(command, env=fake.env, cwd=fake.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    took = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"plenary ask ended with exit code {done.returncode}")
    ends = [event for event in map(json.loads, done.stdout.splitlines()) if event["type"] == "end"]
    if len(ends) != len(MODELS) or any("ENDMARK" not in end["text"] for end in ends):
        raise SystemExit("plenary ask: not all five answers are whole")
    sent = [event["t"] for event in fake.events("req", since)]
    return took, (max(sent) - min(sent)) / 1e6


def curl(fake):
    """Returns the seconds until the last of five parallel curls has ended."""
    began, running = time.monotonic(), []
    for model in MODELS.values():
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}]}
        command = ["curl", "-sN", "-H", "content-type: application/json", "-d", json.dumps(body)]
        running.append(subprocess.Popen([*command, f"{fake.url}/chat/completions"], stdout=subprocess.DEVNULL))
    if any(process.wait() for process in running):
        raise SystemExit("a curl failed")
    return time.monotonic() - began


def main():
    if len(sys.argv) not in (5, 6):
        raise SystemExit(__doc__)
    plenary, fakellm, corpus, work = [os.path.abspath(a) for a in sys.argv[1:5]]
    rounds = int(sys.argv[5]) if len(sys.argv) == 6 else 7
    ours, theirs = [], []
    with Fake(fakellm, corpus, work) as fake:
        fake.configure(MODELS)
        ask(plenary, fake), curl(fake)  # warm-up: the first of each fills caches
        for n in range(rounds):
            for mine in (True, False) if n % 2 else (False, True):
                ours.append(ask(plenary, fake)) if mine else theirs.append(curl(fake))
    ask_s, curl_s = statistics.median(s for s, _ in ours), statistics.median(theirs)
    spread = statistics.median(ms for _, ms in ours)
    print(f"plenary ask {ask_s * 1000:.0f} ms, five curl {curl_s * 1000:.0f} ms (medians of {rounds}): "
          f"ratio {ask_s / curl_s:.3f} (at most 1.02); requests out within {spread:.1f} ms (at most 10)")
    sys.exit(ask_s / curl_s > 1.02 or spread > 10)


if __name__ == "__main__":
    main()
