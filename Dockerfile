# One image for every part: the reference servers, the load, the reports.
#
#   docker build --build-arg REVISION="$(git rev-parse --short=12 HEAD)" -t authbench .
#   docker run --rm authbench --help
FROM rust:1.95.0-bookworm AS build
# The compiler of the image itself, rather than another download of what rust-toolchain.toml names.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
# Stands in every run file; .git is not part of the build's context.
ARG REVISION=
RUN AUTHBENCH_GIT_REVISION="$REVISION" cargo build --locked --release

FROM debian:bookworm-slim
ARG REVISION=
LABEL org.opencontainers.image.title="authbench" \
      org.opencontainers.image.description="Measures what each way of authenticating requests costs, and how long it keeps accepting a caller who should be out" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.revision="$REVISION"
# Certificates for targets that speak TLS; the two folders are where runs and secrets are mounted.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 authbench \
 && useradd --system --uid 10001 --gid authbench --home-dir /work --no-create-home --shell /usr/sbin/nologin authbench \
 && install -d -o authbench -g authbench /work /run/authbench
COPY --from=build /src/target/release/authbench /usr/local/bin/authbench
USER authbench
WORKDIR /work
ENTRYPOINT ["authbench"]
CMD ["--help"]
