#!/usr/bin/env bash
# run.sh [tiny|default] [PLENARY]: asks the default panel a real question with the real binary and a real model,
# headless and in tmux. Builds plenary if no binary is given.
#
# Exit codes: 0 passed, 75 skipped because the package index cannot be reached, else failed.
# "tiny" (SmolLM2 135M) takes one to two minutes on two free cores. Its context is set to 3,072 tokens, so that two
# personas are asked with full prompts and two with short prompts. "default" (Qwen2.5 Coder 1.5B) has 2,048 tokens, so
# that all but the shortest prompt are short: reading four full prompts would take many minutes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=prepare.sh
source "$here/prepare.sh"
# shellcheck source=common.sh
source "$here/common.sh"

model=${1:-tiny}
case $model in
tiny) context=3072 max_tokens=120 ;;
default) context=2048 max_tokens=320 ;;
*) echo "usage: run.sh [tiny|default] [PLENARY]" >&2; exit 2 ;;
esac

start_server() {
    port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$PYTHON" "$here/serve.py" "$GGUF" "$port" >"$scratch/server.log" 2>&1 </dev/null &
    server=$!
    for _ in $(seq 120); do
        ! grep -q '^READY' "$scratch/server.log" || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    echo "e2e: the model's server did not start:" >&2
    tail -n 20 "$scratch/server.log" >&2
    return 1
}

print_config() {
    sed -e "s#127.0.0.1:8080#127.0.0.1:$port#" -e "s/^context = .*/context = $context/" \
        -e "s/^max_tokens = .*/max_tokens = $max_tokens/" "$here/local.toml"
}

find_plenary "${2:-}"
prepare "$model"
start_server
make_home < <(print_config)
headless
in_tmux
