#!/usr/bin/env python3
"""Renders the chat templates in tests/fixtures/local/*.jinja with Python's jinja2, configured as by `transformers`.

make_renderings.py > tests/fixtures/local/renderings.json       needs the Python package jinja2

If a template refuses a conversation, the error message is recorded instead of the text."""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.sandbox

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "local"
# Special tokens of the model files, which the templates use.
MARKERS = {
    "smollm2": ("<|im_start|>", "<|im_end|>"),
    "qwen2.5": ("<|endoftext|>", "<|im_end|>"),
    "qwen3": ("<|endoftext|>", "<|im_end|>"),
    "llama-3.2": ("<|begin_of_text|>", "<|eot_id|>"),
    "gemma-2": ("<bos>", "<eos>"),
    "tinyllama": ("<s>", "</s>"),
}
NOW = datetime.datetime(2026, 11, 21, 14, 10, 50)

SYSTEM = {"role": "system", "content": "You are Kael Voss.\nBe brief."}
ASK = {"role": "user", "content": "How do we survive the loss of a zone? 🤔"}
ANSWER = {"role": "assistant", "content": "Spread them.\n\n- three zones\n- quorum"}
MORE = {"role": "user", "content": "  And the cost?\n\n```yaml\nreplicas: 3\n```\n"}
CONVERSATIONS = [
    [ASK],
    [SYSTEM, ASK],
    [ASK, ANSWER, MORE],
    [SYSTEM, ASK, ANSWER, MORE],
    [SYSTEM, ASK, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nYes."}, MORE],
]


class Raised(Exception):
    pass


def raise_exception(message):
    raise Raised(message)


def main():
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = NOW.strftime
    rows = []
    for name, (bos, eos) in MARKERS.items():
        template = environment.from_string((FOLDER / f"{name}.jinja").read_bytes().decode())
        for messages in CONVERSATIONS:
            row = {"template": name, "bos": bos, "eos": eos, "messages": messages}
            try:
                row["text"] = template.render(
                    messages=messages, bos_token=bos, eos_token=eos,
                    add_generation_prompt=True, tools=None, documents=None,
                )
            except Raised as raised:
                row["raises"] = str(raised)
            rows.append(json.dumps(row))
    print("[\n" + ",\n".join(rows) + "\n]")


if __name__ == "__main__":
    main()
