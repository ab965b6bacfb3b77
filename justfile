# `ci` is what decides whether a change lands; `lint` and `test` are parts of it.

# List the recipes
default:
    @just --list

# Everything that decides whether a change lands
ci:
    .ci/run

# Formatting and lints, as in CI
lint:
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- -D warnings

# All tests; those that need a real Redis fail instead of being skipped
test:
    AUTHBENCH_REQUIRE_REDIS=1 cargo test --locked

# The main job
run *args:
    cargo run --locked --release -- run {{args}}

# What no_auth costs beside a bare hyper server
floor:
    cargo bench --locked --bench server_floor

# What a request costs the generator, beside wrk and oha
engine:
    cargo bench --locked --bench load_engine

# The documentation of the code
doc:
    cargo doc --locked --workspace --no-deps --open

# Licences, advisories and sources of the dependencies
deny:
    cargo deny check

# The program with the C library linked in, as releases have it: it runs on any Linux of this processor family
static:
    cargo rustc --locked --release --bin authbench -- -C target-feature=+crt-static -C strip=debuginfo
