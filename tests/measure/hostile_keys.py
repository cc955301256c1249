#!/usr/bin/env python3
"""Measures how long keys wait while hostile answers stream, and while keys that read big answers work.

hostile_keys.py --base OLD --new NEW [--work FOLDER] [--case WORD] [--rounds N]

Runs two programs beside each other, case by case. In a *stream* case hostile texts stream into panes while characters are
typed: the time from a key to its character on the screen. In an *action* case big answers are there, and a key that reads
them is pressed: how long the next keys wait (`keys wait`), when its result is shown (`result`), how long SIGTERM takes
right after it (`SIGTERM`). Times are in ms, memory is the peak in MB. `-` means that it did not happen within the time limit.

Starts its own streaming server (a process of this script). Linux only, Python's standard library only."""

import argparse
import http.server
import json
import multiprocessing
import os
import pathlib
import shutil
import signal
import socketserver
import statistics
import threading
import time

from lab import ESCAPE, Terminal, wait_until

# Characters that no text of this file has, so that a typed one is recognised on the screen.
ALPHABET = "бвгдежзийклмнпстуфцчшщъыьэюяБГДЖЗИЛПФЦЧШЩЪЫЬЭЮЯ"
F1 = b"\x1bOP"
LIMIT = 60
SECONDS = 8  # how long a stream takes

CALM = "A calm answer of a few words.\n\n" * 20
# A character of the texts by which a result is recognised: words may be sent in pieces.
MARK = "◈"
RECOMMENDS = f"## Recommendation\n\nUse one primary, about 40 ms away {MARK}.\n\n"


def repeat(text, size):
    return text * (size // len(text) + 1)


def prose(size, word="region"):
    return RECOMMENDS + repeat(f"The {word} keeps 40 shops {MARK} and costs $6,500 a month. We assume 3 ms {MARK}. Words follow here.\n\n", size)


def lines(size, word):
    """Lines that are all different, and different for another word."""
    return "".join(f"{word} line {n} has {n * 7 % 1000} words {MARK}\n" for n in range(size // 40))


def table(columns, size, mark=""):
    row = mark + "|" + " cell |" * columns + "\n"
    return mark + "|" + " head |" * columns + "\n" + mark + "|" + "---|" * columns + "\n" + repeat(row, size)


BRIEF = "## Agreement\n\n" + f"- [p0, p1] They agree {MARK}: \"and costs $6,500 a month\".\n" * 40


class Case:
    """`answers` are the texts of the panes, for each question; `action` are the keys that are measured, or none to stream."""

    def __init__(self, name, *answers, action=None, seconds=SECONDS):
        self.name, self.answers, self.action, self.seconds = name, answers, action, seconds


def cases():
    """The cases; texts are made when a case runs."""
    unclosed = lambda: RECOMMENDS + "](" * 400_000
    yield Case("stream: quoted table of 0.4 MB", lambda: [table(6, 400_000, "> "), CALM])
    yield Case("stream: eight panes of 2 MB", lambda: [prose(2_000_000)] * 8)
    yield Case("stream: eight panes of 2 MB, at once", lambda: [prose(2_000_000)] * 8, seconds=2)
    item = "- an item of the list\n"
    yield Case("stream: eight lists of 2 MB", lambda: [repeat(item, 2_000_000)] * 8)
    yield Case("stream: one line of 8 MB", lambda: ["word " * 1_600_000, CALM])
    yield Case("stream: table of 500 columns", lambda: [table(500, 400_000), CALM])
    yield Case("stream: quotes 10,000 deep", lambda: [repeat("> " * 10_000 + "deep\n", 400_000), CALM])
    yield Case("stream: 5,000 code blocks", lambda: [repeat("```rust\nfn main() { let x = 1; }\n```\n\n", 5_000 * 38), CALM])
    yield Case("stream: `](` without `)`, 0.8 MB", lambda: [unclosed(), CALM])
    yield Case("stream: 1,000,000 lines", lambda: ["a\n" * 1_000_000, CALM])
    yield Case("stream: list of 100,000 items", lambda: [repeat(item, 2_200_000), CALM])
    yield Case("stream: code of 2 MB", lambda: ["```rust\n" + repeat("let x = call(1, 2);\n", 2_000_000), CALM])
    ledger, brief, change, adr = [b"#"], [b"B"], [b"c"], [b"S", b"\r"]
    yield Case("#: `](` without `)`, 0.8 MB", lambda: [unclosed(), CALM], action=ledger)
    yield Case("#: two answers of 1 MB", lambda: [prose(1_000_000), prose(1_000_000)], action=ledger)
    yield Case("B: two answers of 1 MB", lambda: [prose(1_000_000), prose(1_000_000, "shop")], action=brief)
    yield Case("B: two lines of 1 MB", lambda: [repeat("keeps 40 shops and ", 1_000_000)] * 2, action=brief)
    yield Case("c: two answers of 1 MB", lambda: [prose(1_000_000), CALM], lambda: [prose(1_000_000, "shop"), CALM], action=change)
    yield Case("c: all lines differ, 1 MB", lambda: [lines(1_000_000, "old"), CALM], lambda: [lines(1_000_000, "new"), CALM], action=change)
    yield Case("c: short lines, 1 MB", lambda: ["a\n" * 500_000, CALM], lambda: [RECOMMENDS + (MARK + "\na\n") * 250_000, CALM], action=change)
    yield Case("S: decision record of 8 MB", lambda: [prose(8_000_000), CALM], action=adr)


class Server:
    """Streams the texts of a case: model `pN` answers question n with its text, `brief` with a brief."""

    def __init__(self):
        self.texts, self.queue = multiprocessing.Queue(), multiprocessing.Queue()
        self.ended = multiprocessing.Value("i", 0)
        self.process = multiprocessing.Process(target=self._serve, daemon=True)
        self.process.start()
        self.port = self.queue.get()

    def script(self, answers, seconds):
        """Sets the texts of the next questions, and how long each takes."""
        self.ended.value = 0
        self.texts.put((answers, seconds))
        self.queue.get()

    def wait_for_ends(self, count, limit=LIMIT):
        """Waits until as many answers were sent whole, or left by the program."""
        end = time.monotonic() + limit
        while self.ended.value < count and time.monotonic() < end:
            time.sleep(0.05)

    def _serve(self):
        state = {"answers": [], "seconds": 0, "asked": {}}
        ended = self.ended

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                model = body["model"]
                if model == "script":
                    return
                asked = state["asked"].get(model, 0)
                state["asked"][model] = asked + 1
                if model.startswith("p"):
                    of_question = state["answers"][min(asked, len(state["answers"]) - 1)]
                    text, seconds = of_question[int(model[1:])], state["seconds"]
                else:
                    text, seconds = BRIEF, 0
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                step = max(64, int(len(text) / max(seconds, 0.2) * 0.01))
                began = time.monotonic()
                try:
                    for n, at in enumerate(range(0, len(text), step)):
                        self.send({"choices": [{"index": 0, "delta": {"content": text[at : at + step]}}]})
                        time.sleep(max(0, began + (n + 1) * 0.01 - time.monotonic()))
                    self.send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    pass
                with ended.get_lock():
                    ended.value += 1

            def send(self, event):
                self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")

        class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        server = Threads(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.queue.put(server.server_port)
        while True:
            answers, seconds = self.texts.get()
            state.update(answers=answers, seconds=seconds, asked={})
            self.queue.put(None)


class Lab:
    """A program in a terminal, with as many personas as the case has texts."""

    def __init__(self, binary, work, port, panes):
        shutil.rmtree(work, ignore_errors=True)
        config = work / "config/plenary"
        (config / "personas").mkdir(parents=True)
        out = ["[providers.fake]", 'kind = "openai"', f'base_url = "http://127.0.0.1:{port}/v1"', 'key_env = "FAKE_KEY"']
        names = [f"p{n}" for n in range(panes)]
        for name in names:
            text = f"---\nid: {name}\nname: Person {name}\n---\nAnswer the question.\n"
            (config / "personas" / f"{name}.md").write_text(text)
            out += [f"[persona.{name}]", f'model = "fake:{name}"']
        top = ['model = "fake:brief"', 'panel = "measured"']
        out += ["[panels.measured]", f"personas = {json.dumps(names)}"]
        (config / "config.toml").write_text("\n".join(top + out) + "\n")
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLENARY_")}
        env |= {f"XDG_{n.upper()}_HOME": str(work / n) for n in ("config", "data", "state")}
        env |= {"FAKE_KEY": "x", "TERM": "xterm-256color"}
        self.work = work
        self.terminal = Terminal([binary], env, size=(220, 50), cwd=work)
        self.typed = 0
        self.terminal.wait_for("ask", 10)

    def write(self, keys):
        os.write(self.terminal.master, keys)

    def written_since(self, mark):
        return ESCAPE.sub(b"", bytes(self.terminal.output[mark:])).decode(errors="replace")

    def wait_since(self, mark, text, limit=LIMIT):
        """Returns the ms until `text` is written after `mark`; none after `limit` seconds."""
        began = time.monotonic()
        while time.monotonic() - began < limit:
            if text in self.written_since(mark):
                return (time.monotonic() - began) * 1000
            if self.terminal.process.poll() is not None:
                return None
            time.sleep(0.0005)
        return None

    def wait_for_file(self, pattern, limit=LIMIT):
        """Returns the ms until there is a file with such a name in the working folder; none after `limit` seconds."""
        began = time.monotonic()
        while not any(self.work.glob(pattern)):
            if time.monotonic() - began > limit:
                return None
            time.sleep(0.002)
        return (time.monotonic() - began) * 1000

    def probe(self, before=b""):
        """Types a character, after the keys `before`; returns the ms until it is on the screen, if it comes."""
        char = ALPHABET[self.typed % len(ALPHABET)]
        if self.typed and self.typed % 40 == 0:
            self.write(b"\x15")  # Ctrl+U clears the line
            time.sleep(0.05)
        self.typed += 1
        mark = len(self.terminal.output)
        self.write(before + char.encode())
        return self.wait_since(mark, char)

    def ask(self):
        self.terminal.type("go")
        self.write(b"\r")

    def peak_mb(self):
        status = pathlib.Path(f"/proc/{self.terminal.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def is_busy(self):
        """True while the program uses more than a tenth of a processor."""
        before = self.terminal.cpu_ms()
        time.sleep(0.3)
        return self.terminal.cpu_ms() - before > 30

    def settle(self, limit=LIMIT):
        time.sleep(0.5)
        end = time.monotonic() + limit
        while self.is_busy() and time.monotonic() < end:
            pass


def stream(lab, case):
    lab.ask()
    time.sleep(0.3)
    lab.write(b"i")
    lab.wait_since(0, "\0", 0.2)
    took, end = [], time.monotonic() + case.seconds
    while time.monotonic() < end:
        ms = lab.probe()
        if ms is None:
            return {"key p50": None, "key p95": None, "key max": None, "MB": lab.peak_mb()}
        took.append(ms)
        time.sleep(0.04 + 0.03 * (len(took) % 3))
    took.sort()
    return {
        "key p50": statistics.median(took),
        "key p95": took[min(len(took) - 1, int(len(took) * 0.95))],
        "key max": took[-1],
        "MB": lab.peak_mb(),
    }


def act(lab, case, answers, server):
    """Asks until all answers are there, then presses the keys of the action."""
    for n, _ in enumerate(answers):
        if n:
            lab.write(F1 + b"i")
            time.sleep(0.3)
        lab.ask()
        server.wait_for_ends((n + 1) * len(answers[0]))
        lab.settle()
    lab.write(F1)
    time.sleep(0.3)
    *first, last = case.action

    def press():
        for key in first:
            lab.write(key)
            time.sleep(0.3)
        lab.write(last)

    press()
    found = {"keys wait": lab.probe(F1 + b"i")}
    lab.settle()
    lab.write(b"\x15" + F1)
    time.sleep(0.3)
    mark = len(lab.terminal.output)
    press()
    found["result"] = lab.wait_since(mark, MARK) if case.name[0] != "S" else lab.wait_for_file("*-adr-2.md")
    found["MB"] = lab.peak_mb()
    lab.settle()
    lab.write(F1)
    time.sleep(0.3)
    press()
    time.sleep(0.1)  # the key is read before the signal comes
    began = time.monotonic()
    lab.terminal.process.send_signal(signal.SIGTERM)
    try:
        lab.terminal.process.wait(LIMIT)
        found["SIGTERM"] = (time.monotonic() - began) * 1000
    except Exception:
        found["SIGTERM"] = None
    return found


def measure(binary, case, server, work):
    answers = [make() for make in case.answers]
    server.script(answers, 0 if case.action else case.seconds)
    lab = Lab(binary, work, server.port, len(answers[0]))
    with lab.terminal:
        return act(lab, case, answers, server) if case.action else stream(lab, case)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="the program to compare with")
    parser.add_argument("--new", required=True, help="the program to measure")
    parser.add_argument("--work", default="/tmp/hostile-keys", help="folder for temporary files")
    parser.add_argument("--case", default="", help="only cases whose name contains this")
    parser.add_argument("--rounds", type=int, default=1, help="rounds of each case; the median is printed")
    options = parser.parse_args()
    binaries = [("base", options.base)] if options.base else []
    binaries = [(name, os.path.abspath(path)) for name, path in [*binaries, ("new", options.new)]]
    work, server = pathlib.Path(options.work).absolute(), Server()
    for case in cases():
        if options.case not in case.name:
            continue
        results = {name: [] for name, _ in binaries}
        for n in range(options.rounds):
            for name, binary in binaries if n % 2 == 0 else binaries[::-1]:
                results[name].append(measure(binary, case, server, work / name))
        print(case.name)
        for value in results["new"][0]:
            row = {}
            for name, found in results.items():
                known = [f[value] for f in found if f.get(value) is not None]
                row[name] = statistics.median(known) if known else None
            shown = "".join(f"{name} {'-' if v is None else format(v, '.0f'):>7}   " for name, v in row.items())
            both = [row.get("base"), row.get("new")]
            ratio = f"ratio {both[1] / both[0]:.3f}" if None not in both and both[0] else ""
            print(f"    {value:10} {shown}{ratio}", flush=True)


if __name__ == "__main__":
    main()
