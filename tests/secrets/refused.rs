//! Files and secrets that are wrong just where a credential stands.

use crate::canary::Canary;
use crate::evidence::Evidence;
use crate::foreign::toml_text;
use crate::program::{Workspace, stderr};

/// The least that a target file needs, with these lines before its point.
fn target(lines: &str) -> String {
    format!(
        "schema = \"authbench.target/1\"\nname = \"mine\"\nmodel = \"mine\"\n{lines}\n[[point]]\nname = \"api\"\n\
         request = \"GET http://127.0.0.1:1/\"\naccept = {{ status = 200 }}\nrefuse = {{ status = 401 }}\n"
    )
}

#[test]
fn a_mistake_in_a_target_file_does_not_quote_the_credential_beside_it() {
    let (secret, number) = (
        Canary::password("a literal in the file"),
        Canary::number("a number in the file"),
    );
    let (text, digits) = (toml_text(&secret.text), &number.text);
    let raw = &secret.text;
    let login = |rest: &str| {
        format!("[[login]]\nrequest = \"POST http://127.0.0.1:1/\"\nexpect = 200\n{rest}")
    };
    let users =
        |password: &str| format!("[users]\ncount = 1\nname = \"u\"\npassword = {password}\n");
    let cases = [
        // Not TOML, not a text, not a key.
        format!("[vars]\npassword = {raw}\n"),
        format!("[vars]\npassword = {text} oops\n"),
        format!("[vars]\npassword = {digits}\n"),
        format!("[vars]\npassword = [{text}]\n"),
        format!("[vars]\npassword = {{ is = {text} }}\n"),
        format!("password = {text}\n"),
        format!("passwords = {digits}\n"),
        users(digits),
        users(&format!("[{digits}]")),
        format!("[user]\npassword = {text}\n"),
        // A text that is no template.
        format!("[vars]\npassword = {}\n", toml_text(&format!("${{{raw}"))),
        format!("[vars]\npassword = {}\n", toml_text(&format!("${{{raw}}}"))),
        users(&toml_text(&format!("{raw}${{nothing}}"))),
        // Requests.
        login(&format!("form = {{ pin = {digits} }}\n")),
        login(&format!("form = {text}\n")),
        login(&format!("headers = {{ authorization = {digits} }}\n")),
        login(&format!("headers = {{ cookie = {text} }}\n")),
        login(&format!("client = {{ basic = [\"me\", {digits}] }}\n")),
        login(&format!("client = {{ basic = [\"me\", {text}, 1] }}\n")),
        login(&format!("client = {{ post = {text} }}\n")),
        login(&format!(
            "basic = {{ username = \"me\", password = {text} }}\n"
        )),
        login(&format!("body = {digits}\n")),
        login(&format!("body = {text}\nform = {{ a = {text} }}\n")),
        format!("[[login]]\ncommand = [\"true\"]\nstdin = {digits}\n"),
        format!("[[login]]\ncommand = [\"true\"]\nenv = {{ KEY = {digits} }}\n"),
        login(&format!(
            "capture = {{ token = {{ json = {text} }} }}\nbodyy = 1\n"
        )),
        format!(
            "[[login]]\nrequest = {}\nexpect = 200\n",
            toml_text(&format!("POSTT http://127.0.0.1:1/?key={raw}"))
        ),
        format!(
            "[[login]]\nrequest = {}\nexpect = 200\n",
            toml_text(&format!("POST http://me:{raw}@127.0.0.1:1/"))
        ),
        format!(
            "[[login]]\nrequest = {}\nexpect = 200\n",
            toml_text(&format!("POST http://[{raw}/"))
        ),
        // Processes.
        format!(
            "[[process]]\nname = \"p\"\nrole = \"other\"\ncommand = [\"true\"]\nstdin = {text}\n"
        ),
        format!("[[process]]\nname = \"p\"\nrole = \"other\"\ncommand = [\"true\", {digits}]\n"),
    ];
    let evidence = Evidence::of_each(&cases, |case, evidence| {
        let workspace = Workspace::new();
        let file = workspace.write("mine.toml", &target(case));
        let arguments = ["run", "--scenario", "steady", "--target", &file];
        let output = evidence.run(&workspace, &arguments, &[]);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{case}\n{told}");
        assert!(told.contains("mine.toml"), "{case}\n{told}");
    });
    evidence.assert_silent(&[secret, number]);
}

#[test]
fn a_mistake_in_the_users_file_does_not_quote_the_password_beside_it() {
    let secret = Canary::password("a password in the users' file");
    let raw = &secret.text;
    let quoted = format!("\"{}\"", raw.replace('"', "\"\""));
    let mut evidence = Evidence::default();
    for rows in [
        // No header line, a field too many, too few, a name too many.
        format!("alice,{quoted}\nbob,{quoted}\n"),
        format!("name,password\nalice,{quoted},{quoted}\n"),
        format!("name,password,factor\nalice,{quoted}\n"),
        format!("name,password,{quoted}\nalice,a,b\n"),
    ] {
        let workspace = Workspace::new();
        workspace.write("users.csv", &rows);
        let file = workspace.write("mine.toml", &target("[users]\ncsv = \"users.csv\"\n"));
        let arguments = ["run", "--scenario", "steady", "--target", &file];
        let output = evidence.run(&workspace, &arguments, &[]);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{rows}\n{told}");
        assert!(told.contains("users.csv"), "{rows}\n{told}");
    }
    evidence.assert_silent(&[secret]);
}

#[test]
fn a_secret_that_cannot_be_sent_is_not_quoted() {
    // A line break would end the header and begin another.
    let secret = Canary::token("a header with a line break");
    let (first, second) = secret.text.split_at(16);
    let broken = format!("{first}{first}\r\n{second}{second}");
    let canaries = [
        Canary::known("before the line break", &first.repeat(2)),
        Canary::known("after it", &second.repeat(2)),
    ];
    let workspace = Workspace::new();
    let lines = "[[login]]\nrequest = \"POST http://127.0.0.1:1/\"\nexpect = 200\nheaders = { x-key = \"${env.CANARY}\" }\n";
    let file = workspace.write("mine.toml", &target(lines));
    let mut evidence = Evidence::default();
    let arguments = ["run", "--scenario", "steady", "--target", &file];
    let output = evidence.run(&workspace, &arguments, &[("CANARY", &broken)]);
    assert_ne!(output.status.code(), Some(0), "{}", stderr(&output));
    evidence.assert_silent(&canaries);
}

#[test]
fn servers_do_not_quote_the_secrets_they_cannot_use() {
    let (text, number) = (
        Canary::password("a secret that is no key"),
        Canary::number("a number"),
    );
    let workspace = Workspace::new();
    let mut evidence = Evidence::default();
    let serve = ["serve", "authorization-server", "--model", "hybrid"];
    let names = [
        "ADMIN_SECRET",
        "POPULATION_PASSWORD",
        "SERVICE_SECRET",
        "INTROSPECTION_SECRET",
        "SIGNING_SECRET",
        "ROTATION_KEY",
    ]
    .map(|name| format!("AUTHBENCH_{name}"));
    let url = format!("redis://:{}@127.0.0.1:1/0", number.text);
    let mut variables: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), text.text.as_str()))
        .collect();
    variables.push(("AUTHBENCH_STORE_URL", &url));
    for alg in ["RS256", "HS256"] {
        let output = evidence.run(
            &workspace,
            &[&serve[..], &["--alg", alg]].concat(),
            &variables,
        );
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
    // One that is missing, and one that no variable is meant for.
    variables.truncate(3);
    variables.push(("AUTHBENCH_STORE_URLS", &text.text));
    let output = evidence.run(&workspace, &serve, &variables);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    evidence.assert_silent(&[text, number]);
}
