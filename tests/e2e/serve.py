#!/usr/bin/env python3
"""Serves a real model with llama.cpp, OpenAI-compatible, on the loopback interface only.

serve.py MODEL.gguf PORT [TOKENS_PER_SLOT]      prints "READY http://…" when it accepts requests

Four slots, for four personas at once; each has a context of TOKENS_PER_SLOT (default 8192) tokens. Runs until a
signal ends it. Needs the Python package xllamacpp (`serve.sh` installs it)."""

import os
import pathlib
import signal
import sys

SLOTS = 4


def main():
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    model, port = sys.argv[1], int(sys.argv[2])
    per_slot = int(sys.argv[3]) if len(sys.argv) == 4 else 8192
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {pathlib.Path(model).stem}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = SLOTS
    params.n_ctx = per_slot * SLOTS  # the slots share it
    params.warmup = False
    # The threads of the server wait for each other by spinning: with one thread per core, any other busy process makes
    # the server several times slower.
    threads = max(1, (os.cpu_count() or 2) - 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)
    print("READY", server.listening_address, flush=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pause()


if __name__ == "__main__":
    main()
