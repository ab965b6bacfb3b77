//! Users who are listed in a file beside the target file.

use std::collections::BTreeMap;
use std::fs;

use crate::target::TargetFile;

/// The target of a file beside a `users.csv` with these rows.
fn load(users: &str, csv: &str) -> Result<TargetFile, String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("users.csv"), csv).expect("a file");
    let text = format!(
        r#"schema = "authbench.target/1"
name = "t"
model = "t"
[users]
{users}
[[login]]
request = "POST http://127.0.0.1/login"
form = {{ n = "${{user.name}}", p = "${{user.password}}", t = "${{user.tenant}}" }}
expect = 200
[[point]]
name = "api"
request = "GET http://127.0.0.1/"
accept = {{ status = 200 }}
refuse = {{ status = 401 }}
"#
    );
    let path = folder.path().join("t.toml");
    fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("a path");
    let shortened = format!("{}/", folder.path().display());
    TargetFile::load(path, &BTreeMap::new())
        .map_err(|error| error.to_string().replace(&shortened, ""))
}

const ROWS: &str = "tenant, name,password\nt1,ann,\"first, secret\"\nt2,bob,second-secret\n";

#[test]
fn every_column_is_known_of_a_user() {
    let file = load("csv = \"users.csv\"", ROWS).expect("a target");
    let users = file.about.users.as_ref().expect("users");
    let bob = users.account(1);
    assert_eq!((users.count, bob.number, bob.name.as_str()), (2, 1, "bob"));
    assert_eq!(bob.secrets["tenant"], "t2");
    assert_eq!(users.account(0).secrets["password"], "first, secret");
    assert_eq!(users.account(2).name, "ann", "numbers wrap around");
    let shown = format!("{file:?} {bob:?} {}", file.as_written());
    assert!(
        !shown.contains("first, secret") && !shown.contains("second-secret"),
        "{shown}"
    );
    let fewer = load("csv = \"users.csv\"\ncount = 1", ROWS).expect("a target");
    assert_eq!(fewer.about.users.as_ref().expect("users").count, 1);
}

#[test]
fn mistakes() {
    const CSV: &str = "csv = \"users.csv\"";
    let cases = [
        (
            "csv = \"users.csv\"\ncount = 3",
            ROWS,
            "t.toml:6: users.count: 3 is more than the 2 rows of the csv file (allowed: 1 to 2)",
        ),
        (
            "csv = \"users.csv\"\nname = \"x\"",
            ROWS,
            "t.toml:6: users.name: comes from the csv file (allowed: a column of the file of that name)",
        ),
        (
            CSV,
            "name,password,tenant\n",
            "t.toml:5: users.csv: users.csv: has no row (allowed: a row for each user)",
        ),
        (
            CSV,
            "user,password,tenant\na,b,c\n",
            "t.toml:5: users.csv: users.csv: no column is called name (allowed: a header line with name among its columns)",
        ),
        (
            CSV,
            "name,pass word\na,b\n",
            "t.toml:5: users.csv: users.csv: field 2 of the first line cannot name a column (allowed: letters, digits, _ and -, each name once, and not number)",
        ),
        (
            CSV,
            "name,password,tenant\nann,hunter2\n",
            "t.toml:5: users.csv: users.csv: line 2 has 2 columns where the header has 3",
        ),
        (
            CSV,
            "name,password\nann,p1\n",
            "t.toml:8: login[0].form.t: unknown ${user.tenant} (allowed: ${env.…}, ${pkce.challenge}, ${pkce.verifier}, ${user.name}, ${user.number}, ${user.password}, ${uuid})",
        ),
        (
            "count = 1\nname = \"x\"",
            ROWS,
            "t.toml:5: users: is not complete (allowed: count, name and password, all three; or csv = \"FILE\")",
        ),
    ];
    for (users, csv, expected) in cases {
        let error = load(users, csv).map(drop).expect_err(expected);
        assert_eq!(error, expected);
    }
    let missing = load("csv = \"nobody.csv\"", ROWS)
        .map(drop)
        .expect_err("no such file");
    assert!(
        missing.starts_with("t.toml:5: users.csv: nobody.csv: "),
        "{missing}"
    );
}
