//! Values from elsewhere inside a target file: a description is not trusted to be free of quotes, line breaks or references.

use toml::Value;

/// A TOML string that means exactly `value`, in which nothing is a reference.
pub(super) fn quoted(value: &str) -> String {
    template(&value.replace("${", "$${"))
}

/// A TOML string of text that may hold references.
pub(super) fn template(text: &str) -> String {
    // One line: TOML's own writer takes multi-line strings for line breaks.
    let line: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    Value::String(line).to_string()
}

/// Text for a comment: one line.
pub(super) fn remark(value: &str) -> String {
    let printable = value.chars().filter(|character| !character.is_control());
    printable.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_elsewhere_becomes_toml_or_a_reference() {
        for value in ["a\"b", "a\\b", "a\nb = 1", "${env.HOME}", "'''", "\u{7f}"] {
            let toml = format!("x = {}", quoted(value));
            let table: toml::Table = toml::from_str(&toml).expect("TOML");
            let back = table["x"].as_str().expect("a text");
            assert_eq!(table.len(), 1);
            assert!(!back.replace("$${", "").contains("${"), "{back}");
        }
        assert_eq!(remark("a\n[x]\r"), "a[x]");
    }
}
