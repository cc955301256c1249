"""Shared by the measuring scripts: a fake provider with a temporary home folder, and a terminal.

`Fake` runs the streaming server fakellm, whose model names select a text and a rate. `Terminal` runs a program in a pty.
Linux only: it reads the clock of another process."""

import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

# Personas, and the text of the corpus that each of them gets.
FIVE = {"infra": "infra", "edge": "edge", "devops": "devops", "gitops": "gitops", "ai-lead": "ai"}
QUERIES = {b"\x1b[c": b"\x1b[?62;22c", b"\x1b[6n": b"\x1b[1;1R", b"\x1b[5n": b"\x1b[0n"}
ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")


def wait_until(condition, seconds, description):
    """Waits until `condition()` is true and returns its value; exits with `description` after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"not after {seconds} s: {description}")
        time.sleep(0.02)
    return value


class Fake:
    """fakellm on a free port, and a configuration that makes plenary use it."""

    def __init__(self, fakellm, corpus, work):
        self.work = pathlib.Path(work).absolute()
        self.work.mkdir(parents=True, exist_ok=True)
        self.log, port = self.work / "requests.jsonl", self.work / "port"
        for old in (self.log, port):
            old.unlink(missing_ok=True)
        command = [fakellm, "--port", "0", "--port-file", port, "--corpus", corpus, "--log", self.log]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = wait_until(lambda: port.exists() and port.read_text().strip(), 10, "fakellm listens")
        self.url = f"http://127.0.0.1:{self.port}/v1"
        folders = {name: str(self.work / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PLENARY_")}
        self.env |= folders | {"FAKE_KEY": "x", "TERM": "xterm-256color"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def configure(self, models):
        """Writes a configuration with the full panel and the model of each persona in `models`."""
        path = pathlib.Path(self.env["XDG_CONFIG_HOME"]) / "plenary/config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ['model = "fake:infra-fast"', 'panel = "full"', "[providers.fake]", 'kind = "openai"']
        lines += [f'base_url = "{self.url}"', 'key_env = "FAKE_KEY"']
        for persona, model in models.items():
            lines += [f"[persona.{persona}]", f'model = "fake:{model}"']
        path.write_text("\n".join(lines) + "\n")

    def events(self, kind, since=0):
        """Returns the events of one kind in the log of the server, from byte `since` on."""
        if not self.log.exists():
            return []
        with open(self.log) as log:
            log.seek(since)
            complete = [line for line in log.read().splitlines(keepends=True) if line.endswith("\n")]
        return [event for event in map(json.loads, complete) if event["ev"] == kind]

    def mark(self):
        """Returns the current size of the log, for `events`."""
        return self.log.stat().st_size if self.log.exists() else 0


class Terminal:
    """A program in a pty. Collects its output and answers terminal queries."""

    def __init__(self, argv, env, size=(250, 50), cwd=None):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            list(map(str, argv)), stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd, preexec_fn=own_terminal
        )
        os.close(slave)
        self.master, self.output = master, bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                chunk = os.read(self.master, 1 << 16)
            except OSError:
                return
            if not chunk:
                return
            self.output += chunk
            for query, answer in QUERIES.items():
                if query in chunk:
                    os.write(self.master, answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self.master)

    def wait_for(self, text, seconds):
        """Waits until `text` was written in one piece, apart from escape sequences."""
        try:
            wait_until(lambda: text.encode() in ESCAPE.sub(b"", bytes(self.output)), seconds, f"{text!r} on the screen")
        except SystemExit as late:
            tail = ESCAPE.sub(b"", bytes(self.output))[-400:].decode(errors="replace")
            raise SystemExit(f"{late}; end of the output:\n{tail}")

    def type(self, text):
        """Sends the keys one by one, at typing speed."""
        for key in text:
            os.write(self.master, key.encode())
            time.sleep(0.02)

    def cpu_ms(self):
        """Returns the processor time of the process in ms, including threads that have ended."""
        clock = (~self.process.pid << 3) | 2  # the clock id that clock_getcpuclockid(3) returns for a process
        return time.clock_gettime_ns(clock) / 1e6
