//! What a browser would keep, send, replace and drop.

use super::*;

fn origin(address: &str) -> Origin {
    let address: std::net::SocketAddr = address.parse().expect("an address");
    Origin::from(address)
}

fn local() -> Origin {
    origin("127.0.0.1:8080")
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn jar(headers: &[&str]) -> Jar {
    let mut jar = Jar::default();
    for header in headers {
        jar.receive(header, &local(), "/login", at(1_000))
            .expect(header);
    }
    jar
}

#[test]
fn cookies_go_where_path_host_and_time_allow() {
    let cases: [(&str, &str, u64, bool); 12] = [
        ("s=1; Path=/", "/resource", 1_000, true),
        ("s=1; Path=/token", "/token", 1_000, true),
        ("s=1; Path=/token", "/token/x", 1_000, true),
        ("s=1; Path=/token", "/tokens", 1_000, false),
        ("s=1; Path=/token", "/resource", 1_000, false),
        ("s=1; Path=/token/", "/token", 1_000, false),
        ("s=1", "/resource", 1_000, true),
        ("s=1; Path=relative", "/resource", 1_000, true),
        ("s=1; Path=/; Max-Age=10", "/", 1_009, true),
        ("s=1; Path=/; Max-Age=10", "/", 1_010, false),
        (
            "s=1; Path=/; Expires=Thu, 01 Jan 1970 00:30:00 GMT",
            "/",
            1_799,
            true,
        ),
        (
            "s=1; Path=/; Expires=Thu, 01 Jan 1970 00:30:00 GMT; Max-Age=9000",
            "/",
            1_801,
            true,
        ),
    ];
    for (header, path, now, sent) in cases {
        let cookies = jar(&[header]).header(&local(), path, at(now));
        assert_eq!(
            cookies.as_deref(),
            sent.then_some("s=1"),
            "{header} at {path}, {now}"
        );
    }
}

#[test]
fn the_default_path_is_the_directory_of_the_request() {
    let mut jar = Jar::default();
    jar.receive("s=1", &local(), "/auth/login", at(0))
        .expect("a cookie");
    assert_eq!(
        jar.header(&local(), "/auth/logout", at(0)).as_deref(),
        Some("s=1")
    );
    assert_eq!(jar.header(&local(), "/resource", at(0)), None);
}

#[test]
fn ports_do_not_separate_hosts_do() {
    let jar = jar(&["s=1; Path=/; Secure"]);
    assert_eq!(
        jar.header(&origin("127.0.0.1:9"), "/", at(1_000))
            .as_deref(),
        Some("s=1")
    );
    assert_eq!(jar.header(&origin("127.0.0.2:8080"), "/", at(1_000)), None);
}

#[test]
fn over_https_a_secure_cookie_comes_and_goes_anywhere() {
    let secured = Origin {
        is_trustworthy: true,
        ..origin("10.0.0.1:443")
    };
    let plain = origin("10.0.0.1:80");
    let mut jar = Jar::default();
    jar.receive("__Host-s=1; Secure; Path=/", &secured, "/", at(0))
        .expect("a cookie");
    assert_eq!(
        jar.header(&secured, "/", at(0)).as_deref(),
        Some("__Host-s=1")
    );
    assert_eq!(jar.header(&plain, "/", at(0)), None);
}

#[test]
fn plain_http_from_elsewhere_cannot_replace_a_secure_cookie() {
    let secured = Origin {
        is_trustworthy: true,
        ..origin("10.0.0.1:443")
    };
    let plain = origin("10.0.0.1:80");
    let mut jar = Jar::default();
    jar.receive("s=1; Secure; Path=/a; Max-Age=10", &secured, "/", at(0))
        .expect("a cookie");
    let overlay = Err(CookieRefusal::Overlay("s".to_owned()));
    for (header, now, expected) in [
        ("s=2; Path=/a", 0, overlay.clone()),
        ("s=2; Path=/a/b", 0, overlay),
        ("s=2; Path=/", 0, Ok("s".to_owned())),
        ("t=2; Path=/a", 0, Ok("t".to_owned())),
        ("s=2; Path=/a", 11, Ok("s".to_owned())),
    ] {
        assert_eq!(
            jar.receive(header, &plain, "/", at(now)),
            expected,
            "{header}"
        );
    }
}

#[test]
fn what_a_browser_drops_is_refused_with_its_reason() {
    let remote = origin("10.0.0.1:80");
    let long = format!("s={}; Path=/", "x".repeat(4_096));
    let refused = |name: &str, refusal: fn(String) -> CookieRefusal| Err(refusal(name.to_owned()));
    let cases = [
        (local(), "no pair", Err(CookieRefusal::Malformed)),
        (local(), "=x", Err(CookieRefusal::Malformed)),
        (local(), &long, refused("s", CookieRefusal::TooLong)),
        (
            local(),
            "s=1; Domain=example.com",
            refused("s", CookieRefusal::Domain),
        ),
        (
            local(),
            "s=1; Domain=0.0.1",
            refused("s", CookieRefusal::Domain),
        ),
        (local(), "s=1; Domain=127.0.0.1", Ok(())),
        (
            remote.clone(),
            "s=1; Secure",
            refused("s", CookieRefusal::Insecure),
        ),
        (remote, "s=1", Ok(())),
        (local(), "__Host-s=1; Secure; Path=/", Ok(())),
        (
            local(),
            "__Host-s=1; Path=/",
            refused("__Host-s", CookieRefusal::Prefix),
        ),
        (
            local(),
            "__Host-s=1; Secure",
            refused("__Host-s", CookieRefusal::Prefix),
        ),
        (
            local(),
            "__host-s=1; Secure; Path=/x",
            refused("__host-s", CookieRefusal::Prefix),
        ),
        (
            local(),
            "__Host-s=1; Secure; Path=/; Domain=127.0.0.1",
            refused("__Host-s", CookieRefusal::Prefix),
        ),
        (
            local(),
            "__Secure-s=1; Path=/token",
            refused("__Secure-s", CookieRefusal::Prefix),
        ),
        (local(), "__Secure-s=1; Path=/token; Secure", Ok(())),
    ];
    for (origin, header, expected) in cases {
        let received = Jar::default().receive(header, &origin, "/", at(0));
        assert_eq!(received.map(drop), expected, "{header}");
    }
}

#[test]
fn a_cookie_replaces_its_namesake_and_an_expired_one_removes_it() {
    let path = "/token/x";
    let jar_two = jar(&["s=1; Path=/", "s=2; Path=/", "s=3; Path=/token"]);
    assert_eq!(
        jar_two.header(&local(), path, at(1_000)).as_deref(),
        Some("s=3; s=2")
    );
    assert_eq!(jar_two.value("s"), Some("3"));
    for removal in [
        "s=; Path=/; Max-Age=0",
        "s=; Path=/; Max-Age=-1",
        "s=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ] {
        assert_eq!(
            jar(&["s=1; Path=/", removal]).header(&local(), path, at(1_000)),
            None,
            "{removal}"
        );
    }
    assert_eq!(format!("{jar_two:?}"), r#"["s", "s"]"#);
}
