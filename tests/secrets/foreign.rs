//! Runs against somebody else's server that go well.

use crate::canary::Canary;
use crate::evidence::Evidence;
use crate::program::{Workspace, stderr};
use crate::server::Server;

/// Every place in a target file where a credential can be.
pub(crate) struct Planted {
    pub(crate) password: Canary,
    pub(crate) admin: Canary,
    pub(crate) client: Canary,
    pub(crate) header: Canary,
    pub(crate) query: Canary,
    pub(crate) cookie: Canary,
    pub(crate) form: Canary,
    pub(crate) literal: Canary,
}

impl Planted {
    pub(crate) fn new() -> Self {
        Self {
            password: Canary::password("the users' password"),
            admin: Canary::token("the administrator's token"),
            client: Canary::password("the client's secret"),
            header: Canary::token("a key in a header"),
            query: Canary::token("a key in a query"),
            cookie: Canary::token("a secret in a cookie"),
            form: Canary::password("a secret in a form"),
            literal: Canary::password("a literal in the file"),
        }
    }

    pub(crate) fn canaries(&self) -> Vec<Canary> {
        let all = [
            &self.password,
            &self.admin,
            &self.client,
            &self.header,
            &self.query,
            &self.cookie,
            &self.form,
            &self.literal,
        ];
        all.map(Clone::clone).to_vec()
    }

    /// The environment that the target file refers to.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("CANARY_PASSWORD", &self.password.text),
            ("CANARY_ADMIN", &self.admin.text),
            ("CANARY_CLIENT", &self.client.text),
            ("CANARY_HEADER", &self.header.text),
            ("CANARY_QUERY", &self.query.text),
            ("CANARY_COOKIE", &self.cookie.text),
            ("CANARY_FORM", &self.form.text),
        ]
    }

    /// A target file. `login`, `renewal` and `logout` are the paths asked for.
    pub(crate) fn target(&self, server: &Server, [login, renewal, logout]: [&str; 3]) -> String {
        let users = "count = 50\nname = \"user-${number:03}\"\npassword = \"${vars.password}\"";
        self.target_with(server, [login, renewal, logout], users)
    }

    /// The same with other users.
    pub(crate) fn target_with(
        &self,
        server: &Server,
        [login, renewal, logout]: [&str; 3],
        users: &str,
    ) -> String {
        let url = &server.url;
        let literal = toml_text(&self.literal.text);
        format!(
            r#"
schema = "authbench.target/1"
name = "theirs"
model = "mine"
settings = {{ kind = "canaries" }}
[vars]
password = "${{env.CANARY_PASSWORD}}"
admin = "${{env.CANARY_ADMIN}}"
written = {literal}
[users]
{users}
[limits]
requests_per_s = 1000
logins_per_s = 100
[[login]]
request = "POST {url}{login}?key=${{env.CANARY_QUERY}}"
client = {{ basic = ["client", "${{env.CANARY_CLIENT}}"] }}
headers = {{ x-key = "${{env.CANARY_HEADER}}" }}
form = {{ username = "${{user.name}}", password = "${{user.password}}", pin = "${{env.CANARY_FORM}}", also = "${{vars.written}}" }}
expect = 200
capture = {{ access_token = {{ json = "/access_token" }}, refresh_token = {{ json = "/refresh_token" }} }}
[[refresh]]
request = "POST {url}{renewal}"
form = {{ refresh_token = "${{refresh_token}}" }}
expect = 200
capture = {{ access_token = {{ json = "/access_token" }}, refresh_token = {{ json = "/refresh_token" }} }}
[[logout]]
request = "POST {url}{logout}"
headers = {{ authorization = "Bearer ${{access_token}}" }}
expect = 204
[[point]]
name = "api"
request = "GET {url}/api?key=${{env.CANARY_QUERY}}"
headers = {{ authorization = "Bearer ${{access_token}}" }}
cookies = {{ also = "${{env.CANARY_COOKIE}}" }}
accept = {{ status = 200 }}
refuse = {{ status = 401 }}
[[event]]
name = "logout"
bound = {{ api = "0s" }}
refresh_after = "refused"
[[event.step]]
request = "POST {url}{logout}"
headers = {{ authorization = "Bearer ${{access_token}}" }}
expect = 204
[[event]]
name = "account_disabled"
bound = {{ api = "0s" }}
[[event.step]]
request = "POST {url}/admin"
headers = {{ x-admin = "${{vars.admin}}" }}
form = {{ token = "${{access_token}}" }}
expect = 204
"#
        )
    }
}

/// A TOML text.
pub(crate) fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A scenario of this kind, as short as can be.
pub(crate) fn scenario(name: &str, measured: &str, profile: &str) -> String {
    let profiles: String = ["quick", "standard", "full"]
        .iter()
        .map(|name| format!("[profile.{name}]\nwarm_up = \"100ms\"\n{profile}\n"))
        .collect();
    format!(
        "schema = \"authbench.scenario/1\"\nname = \"{name}\"\nquestion = \"Does a canary sing?\"\ntargets = [\"no_auth\"]\n{measured}\n\
         [load]\nrate_per_s = 50\nconnections_per_target = 2\ncredentials_per_target = 5\n{profiles}"
    )
}

pub(crate) fn steady() -> String {
    let profile = "rounds = 2\nround = \"500ms\"";
    scenario("stream", "kind = \"steady\"", profile)
}

/// Its credentials live for decades: nobody waits for them to grow old.
pub(crate) fn revocation() -> String {
    let mut text = scenario("ends", "kind = \"revocation\"", "revocations = 3");
    text.push_str(
        "[revocation]\nevents = [\"logout\", \"account_disabled\"]\nprobe_every = \"10ms\"\ntail = \"50ms\"\nslots_per_target = 2\nobserve = \"500ms\"\n",
    );
    text
}

const WELL: [&str; 3] = ["/login", "/login", "/logout"];

#[test]
fn a_run_that_goes_well_leaves_no_credential() {
    let (workspace, server, planted) = (Workspace::new(), Server::start(), Planted::new());
    let target = planted.target(&server, WELL);
    let scenarios = [steady(), revocation()];
    let canaries = planted.canaries();
    runs_silently(&workspace, &server, &target, &scenarios, canaries, &planted);
}

#[test]
fn users_from_a_file_leave_no_credential() {
    let (workspace, server, planted) = (Workspace::new(), Server::start(), Planted::new());
    let passwords: Vec<Canary> = (0..60)
        .map(|number| Canary::password(&format!("password in row {number}")))
        .collect();
    let factors: Vec<Canary> = (0..60)
        .map(|number| Canary::token(&format!("second factor in row {number}")))
        .collect();
    let rows: String = (passwords.iter().zip(&factors).enumerate())
        .map(|(number, (password, factor))| {
            let quoted = password.text.replace('"', "\"\"");
            format!("user-{number:03},\"{quoted}\",{}\n", factor.text)
        })
        .collect();
    workspace.write("users.csv", &format!("name,password,factor\n{rows}"));
    let target = planted
        .target_with(&server, WELL, "csv = \"users.csv\"")
        .replace("pin = \"", "factor = \"${user.factor}\", pin = \"");
    let canaries = [planted.canaries(), passwords, factors].concat();
    runs_silently(
        &workspace,
        &server,
        &target,
        &[steady()],
        canaries,
        &planted,
    );
}

/// Runs the scenarios with everything that is written and printed, and listens.
fn runs_silently(
    workspace: &Workspace,
    server: &Server,
    target: &str,
    scenarios: &[String],
    canaries: Vec<Canary>,
    planted: &Planted,
) {
    let target = workspace.write("theirs.toml", target);
    let files: Vec<String> = (scenarios.iter().enumerate())
        .map(|(number, text)| workspace.write(&format!("scenario-{number}.toml"), text))
        .collect();
    let mut evidence = Evidence::default();
    let fixed = ["run", "--target", &target, "--goose-report", "--out", "run"];
    let named = files.iter().flat_map(|file| ["--scenario", file]);
    let arguments: Vec<&str> = fixed.into_iter().chain(named).collect();
    let output = evidence.run(workspace, &arguments, &planted.variables());
    let told = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{told}");
    evidence.run(
        workspace,
        &["check", "--target", &target],
        &planted.variables(),
    );
    for format in ["text", "md", "json", "html"] {
        evidence.run(workspace, &["report", "run", "--format", format], &[]);
    }
    evidence.folder(&workspace.path("run"));
    // What is to be silent was there: it was measured, and goose had its say.
    assert!(evidence.has("\"api\""), "{told}");
    let goose = std::fs::read_dir(workspace.path("run")).expect("a folder");
    let goose = goose
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("goose"));
    assert!(goose.count() > 0, "no report by goose");
    evidence.assert_silent(&[canaries, server.issued.canaries()].concat());
}
