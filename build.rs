//! What the program was built from, for the manifest of every run: git revision, compiler, versions of the libraries that matter.

use std::process::Command;

/// Libraries that carry the measurement or the models.
const LIBRARIES: [&str; 6] = [
    "goose",
    "hdrhistogram",
    "hyper",
    "jsonwebtoken",
    "redis",
    "tokio",
];

/// Says what is built where there is no checkout to ask, as in an image.
const REVISION: &str = "AUTHBENCH_GIT_REVISION";

fn main() {
    // Asked for, as they lie elsewhere in a linked work tree: a file that is not there is one that has changed, to cargo.
    for file in ["HEAD", "index"] {
        if let Some(path) = output("git", &["rev-parse", "--git-path", file]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=Cargo.lock");
    println!("cargo::rerun-if-env-changed={REVISION}");
    println!(
        "cargo::rustc-env={REVISION}={}",
        given_revision().or_else(git_revision).unwrap_or_default()
    );
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    println!(
        "cargo::rustc-env=AUTHBENCH_RUSTC={}",
        output(&rustc, &["--version"]).unwrap_or_default()
    );
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    let versions: Vec<String> = LIBRARIES
        .iter()
        .filter_map(|name| Some(format!("{name}={}", locked(&lock, name)?)))
        .collect();
    println!(
        "cargo::rustc-env=AUTHBENCH_LIBRARIES={}",
        versions.join(",")
    );
}

fn given_revision() -> Option<String> {
    std::env::var(REVISION)
        .ok()
        .filter(|revision| !revision.is_empty())
}

/// The commit, with `-dirty` when tracked files differ from it; `None` outside a checkout.
fn git_revision() -> Option<String> {
    let revision = output("git", &["rev-parse", "--short=12", "HEAD"])?;
    // Without the lock the index is left as it is; with it this would change what it is to be run again for.
    let status = [
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
    ];
    let changed = output("git", &status).is_some_and(|text| !text.is_empty());
    Some(if changed {
        format!("{revision}-dirty")
    } else {
        revision
    })
}

/// The version of the first package `name` in the lock file.
fn locked(lock: &str, name: &str) -> Option<String> {
    let wanted = format!("name = \"{name}\"");
    let version = lock.lines().skip_while(|line| *line != wanted).nth(1)?;
    Some(
        version
            .strip_prefix("version = \"")?
            .trim_end_matches('"')
            .to_owned(),
    )
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
