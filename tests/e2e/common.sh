# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by run.sh and local.sh: a home of its own, the question, and how it is asked headless and in tmux.
# They set `here`, `plenary` and PYTHON; `config` is what they write into the home.

export LC_ALL=C.UTF-8 # the screen is not ASCII
personas=(infra edge devops ai-lead)
names=("Kael Voss · infra" "Kai Lennox · edge" "DevOps Engineer · devops" "Aether · ai-lead")
question="Should we run our queue in three regions or one? We have two operators."
patience=400 # seconds for four answers

scratch=$(mktemp -d)
server=
tmux_socket="plenary-e2e-$$"
finish() {
    tmux -L "$tmux_socket" kill-server 2>/dev/null || true
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

# find_plenary [PLENARY]: the binary, built when none is named.
find_plenary() {
    command -v tmux >/dev/null || { echo "e2e: tmux is missing" >&2; return 1; }
    plenary=${1:-}
    if [ -z "$plenary" ]; then
        cargo build --locked --quiet --manifest-path "$here/../../Cargo.toml"
        plenary="${CARGO_TARGET_DIR:-$here/../../target}/debug/plenary"
    fi
    plenary=$(realpath "$plenary")
}

# A home of its own, so that neither the person's configuration nor their keys play a part. The configuration
# comes from standard input.
make_home() {
    mkdir -p "$scratch/config/plenary" "$scratch/work"
    cat >"$scratch/config/plenary/config.toml"
    local name
    for name in $(compgen -e | grep -E '_API_KEY$|^PLENARY_|^OLLAMA_HOST$|_BASE_URL$'); do unset "$name"; done
    export XDG_CONFIG_HOME="$scratch/config" XDG_DATA_HOME="$scratch/data" \
        XDG_STATE_HOME="$scratch/state" XDG_CACHE_HOME="$scratch/cache"
}

# headless [ARGUMENT...]: asks, checks what comes; the arguments are plenary's.
headless() {
    local code=0
    (cd "$scratch/work" && timeout "$patience" "$plenary" ask "$question" --format jsonl "$@") \
        >"$scratch/events.jsonl" 2>"$scratch/ask.err" </dev/null || code=$?
    cat "$scratch/ask.err" >&2
    "$PYTHON" "$here/check_ask.py" "$scratch/events.jsonl" "$code" "${personas[@]}"
}

pane() { tmux -L "$tmux_socket" capture-pane -p -t plenary; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; then shows the screen and fails.
wait_for() {
    local seconds=$1 what=$2
    shift 2
    for _ in $(seq $((seconds * 2))); do
        ! "$@" || return 0
        sleep 0.5
    done
    echo "e2e: in tmux, not after $seconds s: $what" >&2
    pane >&2 || true
    return 1
}

first_screen() { pane 2>/dev/null | grep -q "ask everyone"; }

# The panes' titles say who, and how it ended.
all_ended() {
    pane >"$scratch/screen"
    local name
    for name in "${names[@]}"; do
        grep -qE "${name}[^┐╮]*\b(done|cut)\b" "$scratch/screen" || return 1
    done
}

gone() { ! tmux -L "$tmux_socket" has-session -t plenary 2>/dev/null; }

# in_tmux [ARGUMENT...]: asks on the screen until all have ended, then leaves.
in_tmux() {
    tmux -u -L "$tmux_socket" -f /dev/null new-session -d -s plenary -x 160 -y 45 -c "$scratch/work" "$plenary" "$@"
    wait_for 20 "the first screen" first_screen
    tmux -L "$tmux_socket" send-keys -t plenary -l "$question"
    tmux -L "$tmux_socket" send-keys -t plenary Enter
    wait_for "$patience" "all four panes done or cut" all_ended
    echo
    cat "$scratch/screen"
    tmux -L "$tmux_socket" send-keys -t plenary Escape
    sleep 0.2
    tmux -L "$tmux_socket" send-keys -t plenary q
    wait_for 10 "q ends the program" gone
    echo "in tmux: four panes ended, the program ended"
}
