//! What must be on the machine to count.

use std::env;
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// What is missing, and how to get it.
pub(crate) fn missing() -> Option<String> {
    // Cargo's own test mode would count every operation, in minutes.
    if env::args().any(|argument| argument == "--test") {
        return Some("the test mode only looks whether they are built".to_owned());
    }
    if !runs("valgrind".into()) {
        return Some("valgrind is not installed".to_owned());
    }
    let runner = env::var_os("GUNGRAUN_RUNNER").unwrap_or_else(|| "gungraun-runner".into());
    (!runs(runner)).then(|| {
        "gungraun-runner is not on PATH: cargo install gungraun-runner, of the version of gungraun in Cargo.lock".to_owned()
    })
}

fn runs(program: OsString) -> bool {
    let mut command = Command::new(program);
    command.arg("--version");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}
