//! `authbench serve truth` as a process: what it refuses to start with.

use crate::program::{Workspace, stderr};

#[test]
fn what_cannot_be_done_is_told_before_anything_listens() {
    let workspace = Workspace::new();
    for (options, told) in [
        (&["--store-round-trips", "1"][..], "AUTHBENCH_STORE_URL"),
        (&["--credential-life", "500ms"], "at least 1s"),
        (
            &["--revocation-lag", "1ms", "--lagging-instance", "2"],
            "there are 1",
        ),
        (
            &["--listen", "127.0.0.1:65535", "--instances", "2"],
            "use port 0",
        ),
        (
            &["--bimodal", "1ms,20ms"],
            "the share of slow answers is missing",
        ),
    ] {
        let arguments = [&["serve", "truth"], options].concat();
        let mut command = workspace.authbench(&arguments);
        let output = command.env_remove("AUTHBENCH_STORE_URL").output();
        let output = output.expect("the program starts");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {text}");
        assert_eq!(text.matches("error: ").count(), 1, "{text}");
        assert!(text.contains(told), "{options:?}: {text}");
        assert!(output.stdout.is_empty(), "a ready line");
    }
}
