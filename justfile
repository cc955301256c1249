# `just` lists these.
default:
    @just --list

# What a contributor needs once: the tools, and a hook that formats before each commit
setup:
    cargo install --locked cargo-nextest cargo-insta cargo-deny
    printf '#!/bin/sh\nexec cargo fmt --check\n' > "$(git rev-parse --git-path hooks)/pre-commit"
    chmod +x "$(git rev-parse --git-path hooks)/pre-commit"

# What the lints, the documentation and the dependency rules say
check:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --locked
    if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: skipped"; fi

# Mend what can be mended without thinking
fix:
    cargo clippy --all-targets --locked --fix --allow-dirty --allow-staged
    cargo fmt

# The tests; `just test store` runs those with that in their name
test *filter:
    cargo nextest run --locked {{filter}}

# Look at changed screens one by one and accept or reject them
snap:
    cargo insta test --test-runner nextest --review

# A real question to a real model, headless and in tmux: tiny (two minutes) or default (better answers)
e2e model="tiny":
    bash tests/e2e/run.sh {{model}}

# Fan-out beside curl, cost of idling, text lost by kill -9; TOOLS holds fakellm, CORPUS its texts
measure tools corpus work:
    cargo build --release --locked
    python3 tests/measure/ask_vs_curl.py target/release/plenary {{tools}}/fakellm {{corpus}} {{work}}
    python3 tests/measure/idle.py target/release/plenary {{tools}}/fakellm {{corpus}} {{work}}
    python3 tests/measure/kill9.py target/release/plenary {{tools}}/fakellm {{corpus}} {{work}}

# Everything that must hold before a change is merged
ci:
    bash .ci/run
