#!/usr/bin/env python3
"""Measures plenary while idle: bytes written to the terminal and processor time in ten seconds.

idle.py PLENARY FAKELLM CORPUS WORK [SECONDS]

Measures twice: on the first screen, and with five finished answers. At most 0 bytes and 5 ms; exits 1 above."""

import os
import sys
import time

from lab import FIVE, Fake, Terminal, wait_until


def measure_idle(terminal, seconds):
    """Returns the bytes written and the milliseconds of processor time, after the screen has settled."""
    time.sleep(2)
    written, cpu = len(terminal.output), terminal.cpu_ms()
    time.sleep(seconds)
    return len(terminal.output) - written, terminal.cpu_ms() - cpu


def main():
    if len(sys.argv) not in (5, 6):
        raise SystemExit(__doc__)
    plenary, fakellm, corpus, work = [os.path.abspath(a) for a in sys.argv[1:5]]
    seconds = int(sys.argv[5]) if len(sys.argv) == 6 else 10
    found = {}
    with Fake(fakellm, corpus, work) as fake:
        fake.configure({persona: f"{text}-fast" for persona, text in FIVE.items()})
        with Terminal([plenary], fake.env, cwd=fake.work) as terminal:
            terminal.wait_for("ask", 10)
            found["first screen"] = measure_idle(terminal, seconds)
            terminal.type("hello\r")
            wait_until(lambda: len(fake.events("end")) == len(FIVE), 30, "five answers sent")
            found["five answers"] = measure_idle(terminal, seconds)
    for where, (written, cpu) in found.items():
        print(f"idle for {seconds} s, {where}: {written} bytes (at most 0), {cpu:.2f} ms of processor time (at most 5)")
    sys.exit(any(written > 0 or cpu > 5 for written, cpu in found.values()))


if __name__ == "__main__":
    main()
