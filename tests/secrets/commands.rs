//! Steps that are commands: what they are handed, what they print, and what they say when they fail.

use crate::canary::Canary;
use crate::evidence::Evidence;
use crate::foreign::{revocation, steady};
use crate::program::{Workspace, stderr};
use crate::server::Server;

/// What a command is handed: in its environment, on standard input, and of a login that is over.
const TARGET: &str = r#"
schema = "authbench.target/1"
name = "commanded"
model = "mine"
[users]
count = 50
name = "user-${number:03}"
password = "${env.CANARY_PASSWORD}"
[[login]]
command = ["sh", "mint.sh", "${user.name}"]
env = { SIGNING_KEY = "${env.CANARY_KEY}" }
stdin = "${user.password}\n"
capture = { access_token = { json = "/token" } }
[[point]]
name = "api"
request = "GET URL/api"
headers = { authorization = "Bearer ${access_token}" }
accept = { status = 200 }
refuse = { status = 401 }
[[event]]
name = "logout"
[[event.step]]
command = ["sh", "revoke.sh"]
env = { TOKEN = "${access_token}" }
[[event]]
name = "account_disabled"
[[event.step]]
command = ["sh", "revoke.sh"]
env = { TOKEN = "${access_token}" }
"#;

/// Prints everything it was handed where a person would look for mistakes; keeps it too, so that the test knows it was handed over.
const TELLS: &str = "read -r password\necho \"$password $SIGNING_KEY $TOKEN\" | tee -a heard >&2\n";

struct Planted {
    password: Canary,
    key: Canary,
    token: Canary,
}

impl Planted {
    fn new() -> Self {
        Self {
            password: Canary::token("a password on a command's standard input"),
            key: Canary::password("a key in a command's environment"),
            token: Canary::token("a token that a command printed"),
        }
    }

    fn canaries(&self) -> Vec<Canary> {
        [&self.password, &self.key, &self.token]
            .map(Clone::clone)
            .to_vec()
    }

    fn variables(&self) -> [(&'static str, &str); 2] {
        [
            ("CANARY_PASSWORD", &self.password.text),
            ("CANARY_KEY", &self.key.text),
        ]
    }

    /// The target and its commands; `end` is the last line of the one that logs in, after it told everything.
    fn write(&self, workspace: &Workspace, server: &Server, end: &str) -> String {
        workspace.write(
            "mint.sh",
            &format!("{TELLS}{}\n", end.replace("TOKEN", &self.token.text)),
        );
        workspace.write("revoke.sh", TELLS);
        workspace.write("commanded.toml", &TARGET.replace("URL", &server.url))
    }
}

/// Prints a token of its own for each call.
const MINTS: &str = "printf '{\"token\":\"TOKEN%s\"}' $$";

#[test]
fn commands_that_go_well_leave_no_credential() {
    let (workspace, server, planted) = (Workspace::new(), Server::start(), Planted::new());
    let file = planted.write(&workspace, &server, MINTS);
    let scenarios = [
        workspace.write("stream.toml", &steady()),
        workspace.write("ends.toml", &revocation()),
    ];
    let mut evidence = Evidence::default();
    let fixed = [
        "run",
        "--allow-commands",
        "--target",
        &file,
        "--goose-report",
        "--out",
        "run",
    ];
    let named = scenarios.iter().flat_map(|path| ["--scenario", path]);
    let arguments: Vec<&str> = fixed.into_iter().chain(named).collect();
    let output = evidence.run(&workspace, &arguments, &planted.variables());
    let told = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{told}");
    let check = ["check", "--allow-commands", "--target", &file];
    let checked = evidence.run(&workspace, &check, &planted.variables());
    // The server takes any token, and that is found; nothing else is.
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(said.contains("(1 wrong, "), "{said}");
    evidence.folder(&workspace.path("run"));
    assert!(evidence.has("\"api\"") && evidence.has("user-0"), "{told}");
    were_handed_over(&workspace, &planted.canaries());
    assert_eq!(
        server.was_sent(std::slice::from_ref(&planted.token)).len(),
        1,
        "{told}"
    );
    evidence.assert_silent(&planted.canaries());
}

#[test]
fn a_command_that_fails_is_quoted_without_what_it_was_handed() {
    let (server, planted) = (Server::start(), Planted::new());
    // It gives up; it prints no JSON; its token is not where it is looked for.
    let ends = ["exit 3", "echo TOKEN", "echo '{\"tokens\":[\"TOKEN\"]}'"];
    let evidence = Evidence::of_each(&ends, |end, evidence| {
        let workspace = Workspace::new();
        let file = planted.write(&workspace, &server, end);
        let scenario = workspace.write("stream.toml", &steady());
        let run = [
            "run",
            "--allow-commands",
            "--target",
            &file,
            "--scenario",
            &scenario,
            "--out",
            "run",
        ];
        let ran = evidence.run(&workspace, &run, &planted.variables());
        assert_ne!(ran.status.code(), Some(0), "{end}: {}", stderr(&ran));
        let check = ["check", "--allow-commands", "--target", &file];
        let checked = evidence.run(&workspace, &check, &planted.variables());
        assert_eq!(
            checked.status.code(),
            Some(1),
            "{end}: {}",
            stderr(&checked)
        );
        if workspace.path("run").exists() {
            evidence.folder(&workspace.path("run"));
        }
        were_handed_over(&workspace, &[planted.password.clone(), planted.key.clone()]);
    });
    assert!(evidence.has("mint.sh"), "nobody says what failed");
    evidence.assert_silent(&planted.canaries());
}

/// The commands had them.
fn were_handed_over(workspace: &Workspace, canaries: &[Canary]) {
    let heard = std::fs::read_to_string(workspace.path("heard")).expect("a command ran");
    for canary in canaries {
        assert!(
            heard.contains(&canary.text),
            "{} was not handed over",
            canary.place
        );
    }
}
