# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by serve.sh, run.sh and local.sh: `make_venv` sets PYTHON, which has pip; `prepare MODEL` installs xllamacpp
# into it and sets GGUF (the model file).
# All files are in one cache folder, which may be deleted at any time.
# Returns 75 if the package index cannot be reached: then nothing can be tested.

cache="${XDG_CACHE_HOME:-$HOME/.cache}/plenary-e2e"
xllamacpp=xllamacpp==2026.10.11549
no_index=75

make_venv() {
    PYTHON="$cache/venv/bin/python"
    mkdir -p "$cache"
    if ! "$PYTHON" -c 'import pip' 2>/dev/null; then
        rm -rf "$cache/venv"
        python3 -m venv "$cache/venv" || {
            echo "e2e: python3 makes no venv (on Debian: apt-get install python3-venv)" >&2
            return 1
        }
    fi
}

prepare() {
    make_venv || return
    if ! "$PYTHON" -m pip show --quiet "${xllamacpp%%==*}" 2>/dev/null; then
        "$PYTHON" -m pip install --quiet --retries 2 --timeout 60 --only-binary :all: "$xllamacpp" </dev/null || {
            echo "e2e: pip does not get $xllamacpp" >&2
            return "$no_index"
        }
    fi
    GGUF=$("$PYTHON" "$here/fetch_model.py" "$1" "$cache/models")
}
