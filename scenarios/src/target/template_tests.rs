//! What is a reference, and where its value lands.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Template {
    Template::parse(text).expect("a template")
}

fn show(template: &Template) -> String {
    template
        .render(
            |reference| Some(format!("<{}>", reference.name).into()),
            str::to_owned,
        )
        .expect("text")
}

#[test]
fn references_are_found_and_escapes_are_not() {
    let cases = [
        ("plain", "plain"),
        ("", ""),
        ("${a}", "<a>"),
        ("x${vars.a}y${user.name}", "x<vars.a>y<user.name>"),
        ("$${a}", "${a}"),
        ("cost: 5$ {}", "cost: 5$ {}"),
        ("${resource-1.url}/x", "<resource-1.url>/x"),
    ];
    for (text, shown) in cases {
        assert_eq!(show(&parse(text)), shown, "{text}");
    }
}

#[test]
fn malformed_templates() {
    let cases = [
        ("${a", TemplateError::Unclosed),
        ("${}", TemplateError::NotAName),
        ("${a b}", TemplateError::NotAName),
        ("${a.b.c}", TemplateError::NotAName),
        ("${a.}", TemplateError::NotAName),
        (
            "${user.name:05}",
            TemplateError::Padding("user.name:05".into()),
        ),
        ("${number:5}", TemplateError::Padding("number:5".into())),
        ("${number:0}", TemplateError::Padding("number:0".into())),
        ("${number:010}", TemplateError::Padding("number:010".into())),
    ];
    for (text, error) in cases {
        assert_eq!(Template::parse(text), Err(error), "{text}");
    }
}

#[test]
fn resolving_leaves_what_is_unknown() {
    let template = parse("http://${as.url}/u/${user.name}/${uuid}");
    let known = |reference: &Reference| {
        Ok::<_, Infallible>((reference.name == "as.url").then(|| "127.0.0.1:1".to_owned()))
    };
    let Ok(resolved) = template.resolve(known);
    assert_eq!(resolved.leading_text(), "http://127.0.0.1:1/u/");
    assert_eq!(show(&resolved.after(18)), "/u/<user.name>/<uuid>");
    assert_eq!((resolved.text(), resolved.sole_reference()), (None, None));
    assert_eq!(format!("{resolved:?}"), "Template(…${user.name}…${uuid})");
}

#[test]
fn what_lands_in_the_path_or_query_of_a_url_is_encoded_and_what_comes_before_is_not() {
    let known = |reference: &Reference| {
        let value = match reference.name.as_str() {
            "vars.site" => "https://id.example/realms/x",
            "vars.host" => "id.example:8443",
            "vars.odd" => "a/b?c&d #é%",
            _ => return Ok(None),
        };
        Ok::<_, Infallible>(Some(value.to_owned()))
    };
    let odd = "a%2Fb%3Fc%26d%20%23%C3%A9%25";
    for (url, expected) in [
        ("${vars.site}/u", "https://id.example/realms/x/u".to_owned()),
        (
            "https://${vars.host}/u",
            "https://id.example:8443/u".to_owned(),
        ),
        (
            "https://${vars.host}/${vars.odd}",
            format!("https://id.example:8443/{odd}"),
        ),
        (
            "${vars.site}?x=${vars.odd}",
            format!("https://id.example/realms/x?x={odd}"),
        ),
        ("${as.url}/${vars.odd}", format!("<as.url>/{odd}")),
        ("${as.url}?${vars.odd}", format!("<as.url>?{odd}")),
        (
            "http://${as.host}:${vars.host}",
            "http://<as.host>:id.example:8443".to_owned(),
        ),
    ] {
        let Ok(resolved) = parse(url).resolve_url(known);
        assert_eq!(show(&resolved), expected, "{url}");
    }
}

#[test]
fn numbers_are_padded() {
    let template = parse("user-${number:05}");
    let name = template.render(|reference| Some(reference.padded(42).into()), str::to_owned);
    assert_eq!(name.as_deref(), Ok("user-00042"));
}

proptest! {
    #[test]
    fn text_without_a_reference_is_itself(text in "[^$]{0,40}") {
        let template = parse(&text);
        prop_assert_eq!(template.text(), Some(text.as_str()));
    }

    #[test]
    fn any_text_parses_or_fails_without_a_panic(text in "[a${}.:0\\-x]{0,20}") {
        if let Ok(template) = Template::parse(&text) {
            prop_assert!(template.references().all(|reference| reference.name.split('.').all(is_name)));
        }
    }

    #[test]
    fn every_value_is_encoded_and_no_literal_is(value in ".{0,20}") {
        let template = parse("a&b=${x}");
        let text = template.render(|_| Some(value.as_str().into()), |value| format!("<{}>", value.len()));
        prop_assert_eq!(text, Ok(format!("a&b=<{}>", value.len())));
    }
}
