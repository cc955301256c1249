#!/usr/bin/env python3
"""Records greedy decoding (always the likeliest token) by llama.cpp, for tests/fixtures/local/greedy-*.json.

make_greedy.py MODEL.gguf PORT > tests/fixtures/local/greedy-NAME.json

Needs the Python package xllamacpp (in a venv, as serve.sh does it). The prompts are rendered by the template in the
model file. For each generated token, the likeliest candidates are recorded with the natural logarithms of their
probabilities, which show how close the decision was."""

import hashlib
import importlib.metadata
import json
import os
import pathlib
import sys
import urllib.request

TOKENS = 32
LIKELIEST = 5

# (system, question)
PROMPTS = [
    ("You are a helpful engineer.", "Should we run our queue in three regions or one?"),
    ("You are Kael Voss, Principal Infrastructure Engineer. Be brief.", "What is a load balancer?"),
    ("You write code and nothing else.", "Write a Python function that adds two numbers."),
]


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    path = pathlib.Path(sys.argv[1])
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[2])
    params.n_ctx, params.n_parallel, params.warmup = 2048, 1, False
    server = xllamacpp.Server(params)

    def post(route, body):
        request = urllib.request.Request(
            server.listening_address + route,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        return json.load(urllib.request.urlopen(request))

    cases = []
    for system, question in PROMPTS:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        text = post("/apply-template", {"messages": messages})["prompt"]
        prompt = post("/tokenize", {"content": text, "parse_special": True, "add_special": False})["tokens"]
        written = post(
            "/completion",
            {
                "prompt": prompt,
                "n_predict": TOKENS,
                "temperature": 0,
                "top_k": 1,
                "cache_prompt": False,
                "return_tokens": True,
                "n_probs": LIKELIEST,
            },
        )
        likeliest = [
            [[top["id"], round(top["logprob"], 4)] for top in step["top_logprobs"]]
            for step in written["completion_probabilities"]
        ]
        cases.append(
            {
                "system": system,
                "question": question,
                "prompt": prompt,
                "tokens": [step["id"] for step in written["completion_probabilities"]],
                "text": written["content"],
                "likeliest": likeliest,
            }
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    wheel = "xllamacpp " + importlib.metadata.version("xllamacpp")
    rows = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    print(f'{{"model": {json.dumps(path.name)}, "sha256": "{digest}", "from": "{wheel}", "cases": [\n{rows}\n]}}')
    sys.stdout.flush()
    # The threads of the server never end.
    os._exit(0)


if __name__ == "__main__":
    main()
