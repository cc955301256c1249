"""What the measuring scripts share: the fake provider, a home of its own, a terminal.

`Fake` is the streaming server (fakellm): its model names say which text, at what rate. `Terminal`
runs a program in a pty. Linux only: it reads the clock of another process."""

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

# Who is asked, and which text of the corpus each of them gets.
FIVE = {"infra": "infra", "edge": "edge", "devops": "devops", "gitops": "gitops", "ai-lead": "ai"}
QUERIES = {b"\x1b[c": b"\x1b[?62;22c", b"\x1b[6n": b"\x1b[1;1R", b"\x1b[5n": b"\x1b[0n"}
ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")


def wait_until(holds, seconds, what):
    """Waits for `holds()`; leaves the program with `what` when it takes too long."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > end:
            raise SystemExit(f"not after {seconds} s: {what}")
        time.sleep(0.02)
    return found


class Fake:
    """fakellm on a free port, and the configuration that makes plenary ask it."""

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
        own = {name: str(self.work / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PLENARY_")}
        self.env |= own | {"FAKE_KEY": "x", "TERM": "xterm-256color"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def configure(self, models):
        """Every persona of `models` asks its own model, the panel is the full one."""
        path = pathlib.Path(self.env["XDG_CONFIG_HOME"]) / "plenary/config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ['model = "fake:infra-fast"', 'panel = "full"', "[providers.fake]", 'kind = "openai"']
        lines += [f'base_url = "{self.url}"', 'key_env = "FAKE_KEY"']
        for persona, model in models.items():
            lines += [f"[persona.{persona}]", f'model = "fake:{model}"']
        path.write_text("\n".join(lines) + "\n")

    def events(self, kind, since=0):
        """The lines of the server's log of one kind from byte `since` on."""
        if not self.log.exists():
            return []
        with open(self.log) as log:
            log.seek(since)
            whole = [line for line in log.read().splitlines(keepends=True) if line.endswith("\n")]
        return [event for event in map(json.loads, whole) if event["ev"] == kind]

    def mark(self):
        """Where the log ends now, for `events`."""
        return self.log.stat().st_size if self.log.exists() else 0


class Terminal:
    """A program in a pty. Reads all it writes and answers the questions that a terminal answers."""

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
        """Until `text` was written; only what stands together on the screen is found."""
        try:
            wait_until(lambda: text.encode() in ESCAPE.sub(b"", bytes(self.output)), seconds, f"{text!r} on the screen")
        except SystemExit as late:
            tail = ESCAPE.sub(b"", bytes(self.output))[-400:].decode(errors="replace")
            raise SystemExit(f"{late}; the last of what was written:\n{tail}")

    def type(self, text):
        """Sends keys one by one, as a person does."""
        for key in text:
            os.write(self.master, key.encode())
            time.sleep(0.02)

    def cpu_ms(self):
        """Processor time of the process, threads that have ended included."""
        clock = (~self.process.pid << 3) | 2  # what clock_getcpuclockid(3) makes of a process id
        return time.clock_gettime_ns(clock) / 1e6
