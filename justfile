# List the recipes
default:
    @just --list

# Install the tools, and a Git hook that checks formatting before each commit
setup:
    cargo install --locked cargo-nextest cargo-insta cargo-deny
    printf '#!/bin/sh\nexec cargo fmt --check\n' > "$(git rev-parse --git-path hooks)/pre-commit"
    chmod +x "$(git rev-parse --git-path hooks)/pre-commit"

# Check formatting, lints, documentation and dependency rules
check:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --locked
    if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: skipped"; fi

# Apply automatic fixes, then format
fix:
    cargo clippy --all-targets --locked --fix --allow-dirty --allow-staged
    cargo fmt

# Run the tests; `just test store` runs those with "store" in their name
test *filter:
    cargo nextest run --locked {{filter}}

# Review changed screens one by one, to accept or reject
snap:
    cargo insta test --test-runner nextest --review

# Ask a real model a real question, headless and in tmux: tiny (two minutes) or default (better answers)
e2e model="tiny":
    bash tests/e2e/run.sh {{model}}

# Compare fan-out with curl, measure idle cost and text lost to kill -9; TOOLS contains fakellm, CORPUS its texts
measure tools corpus work:
    cargo build --release --locked
    python3 tests/measure/ask_vs_curl.py target/release/plenary {{tools}}/fakellm {{corpus}} {{work}}
    python3 tests/measure/idle.py target/release/plenary {{tools}}/fakellm {{corpus}} {{work}}
    python3 tests/measure/kill9.py target/release/plenary {{tools}}/fakellm {{corpus}} {{work}}

# Measure how long keys wait beside hostile answers, next to the program BASE of before a change
measure-hostile base:
    cargo build --release --locked
    python3 tests/measure/hostile_keys.py --base {{base}} --new target/release/plenary

# Run everything that must pass before a merge
ci:
    bash .ci/run
