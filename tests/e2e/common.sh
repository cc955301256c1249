# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by run.sh and local.sh: a temporary home folder, the question, and functions that ask it headless and in tmux.
# The callers set `here`, `plenary` and PYTHON.

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

# find_plenary [PLENARY]: sets `plenary` to the binary, and builds it if none is given.
find_plenary() {
    command -v tmux >/dev/null || { echo "e2e: tmux is missing" >&2; return 1; }
    plenary=${1:-}
    if [ -z "$plenary" ]; then
        cargo build --locked --quiet --manifest-path "$here/../../Cargo.toml"
        plenary="${CARGO_TARGET_DIR:-$here/../../target}/debug/plenary"
    fi
    plenary=$(realpath "$plenary")
}

# Creates a temporary home folder, so that the configuration and the keys of the user are not used. Reads the
# configuration from standard input.
make_home() {
    mkdir -p "$scratch/config/plenary" "$scratch/work"
    cat >"$scratch/config/plenary/config.toml"
    local name
    for name in $(compgen -e | grep -E '_API_KEY$|^PLENARY_|^OLLAMA_HOST$|_BASE_URL$'); do unset "$name"; done
    export XDG_CONFIG_HOME="$scratch/config" XDG_DATA_HOME="$scratch/data" \
        XDG_STATE_HOME="$scratch/state" XDG_CACHE_HOME="$scratch/cache"
}

# headless [ARGUMENT...]: asks without the screen and checks the events; passes the arguments to plenary.
headless() {
    local code=0
    (cd "$scratch/work" && timeout "$patience" "$plenary" ask "$question" --format jsonl "$@") \
        >"$scratch/events.jsonl" 2>"$scratch/ask.err" </dev/null || code=$?
    cat "$scratch/ask.err" >&2
    "$PYTHON" "$here/check_ask.py" "$scratch/events.jsonl" "$code" "${personas[@]}"
}

pane() { tmux -L "$tmux_socket" capture-pane -p -t plenary; }

# wait_for SECONDS DESCRIPTION COMMAND...: waits until the command succeeds; after SECONDS, shows the screen and fails.
wait_for() {
    local seconds=$1 description=$2
    shift 2
    for _ in $(seq $((seconds * 2))); do
        ! "$@" || return 0
        sleep 0.5
    done
    echo "e2e: in tmux, not after $seconds s: $description" >&2
    pane >&2 || true
    return 1
}

first_screen() { pane 2>/dev/null | grep -q "ask everyone"; }

# The title of a pane has the persona and the ending of its run.
all_ended() {
    pane >"$scratch/screen"
    local name
    for name in "${names[@]}"; do
        grep -qE "${name}[^┐╮]*\b(done|cut)\b" "$scratch/screen" || return 1
    done
}

gone() { ! tmux -L "$tmux_socket" has-session -t plenary 2>/dev/null; }

# in_tmux [ARGUMENT...]: asks on the screen, waits until all runs have ended, then quits.
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
