"""Compares the local model with llama.cpp: tokens per second and per core, alone and four at once, and memory.

    python3 tests/measure/local_vs_llamacpp.py PLENARY GGUF ID [THREADS]

Needs the wheel `xllamacpp` (tests/e2e/prepare.sh installs it into a venv). ID is the id of the same model file in plenary.
Both read a prompt of about 300 tokens and write 64 tokens, alternating for three rounds. Prints the medians.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

PROMPT, ANSWER, ROUNDS = 300, 64, 3


def measure_plenary(plenary, model):
    out = subprocess.run([plenary, "model", "bench", model, "--format", "json"], check=True, stdout=subprocess.PIPE)
    report = json.loads(out.stdout)
    alone, four = report["runs"]
    return {
        "read per core": alone["read_per_core"],
        "write per core": alone["write_per_core"],
        "write": alone["write"],
        "four write": four["write"],
        "four write per core": four["write_per_core"],
        "MB": report["resident"] / 1e6,
    }


LLAMACPP_SERVER = r"""
import json, os, sys, xllamacpp as x
p = x.CommonParams()
p.model.path, p.hostnames, p.port = sys.argv[1], ["127.0.0.1"], int(sys.argv[2])
p.n_parallel, p.n_ctx, p.warmup = 4, 8192, False
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = int(sys.argv[3])
s = x.Server(p)
print("READY", s.listening_address, flush=True)
sys.stdin.read()
os._exit(0)
"""


class LlamaCpp:
    def __init__(self, gguf, threads):
        port = 20000 + os.getpid() % 20000
        self.process = subprocess.Popen(
            [sys.executable, "-c", LLAMACPP_SERVER, gguf, str(port), str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for line in self.process.stdout:
            if line.startswith("READY"):
                self.address = line.split()[1]
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def complete(self, prompt, tokens):
        body = {"prompt": prompt, "n_predict": tokens, "cache_prompt": False, "ignore_eos": True}
        request = urllib.request.Request(
            self.address + "/completion", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        return json.load(urllib.request.urlopen(request))

    def measure(self):
        stamp = f"{time.time_ns()} "
        words = "queue region replica disk the of primary shop".split()
        self.complete(stamp, 1)
        before = self.cpu()
        read = self.complete(stamp + " ".join(words[n % 8] for n in range(PROMPT)), 1)["timings"]["prompt_n"]
        reading = self.cpu() - before
        before, began = self.cpu(), time.monotonic()
        self.complete(stamp, ANSWER)
        alone, alone_wall = self.cpu() - before, time.monotonic() - began
        before, began = self.cpu(), time.monotonic()
        four = [threading.Thread(target=self.complete, args=(f"{n} {stamp}", ANSWER)) for n in range(4)]
        for thread in four:
            thread.start()
        for thread in four:
            thread.join()
        together, wall = self.cpu() - before, time.monotonic() - began
        status = open(f"/proc/{self.process.pid}/status").read()
        kib = int(status.split("VmRSS:")[1].split()[0])
        return {
            "read per core": read / reading,
            "write per core": ANSWER / alone,
            "write": ANSWER / alone_wall,
            "four write": 4 * ANSWER / wall,
            "four write per core": 4 * ANSWER / together,
            "MB": kib * 1024 / 1e6,
        }


def main():
    plenary, gguf, model = sys.argv[1:4]
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else os.cpu_count()
    rounds = []
    for _ in range(ROUNDS):
        llamacpp = LlamaCpp(gguf, threads)
        try:
            reference = llamacpp.measure()
        finally:
            llamacpp.process.stdin.close()
            llamacpp.process.wait(10)
        rounds.append((measure_plenary(plenary, model), reference))
    print(f"{'':22}{'plenary':>10}{'llama.cpp':>11}{'ratio':>8}")
    for name in rounds[0][0]:
        a = statistics.median(ours[name] for ours, _ in rounds)
        b = statistics.median(reference[name] for _, reference in rounds)
        print(f"{name:22}{a:10.1f}{b:11.1f}{a / b:8.2f}")


main()
