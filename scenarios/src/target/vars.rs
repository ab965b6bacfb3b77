//! The variables of a target file: overridden, resolved among themselves, secrets drawn, secrecy inherited.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use toml::Spanned;

use super::source::{FileError, Source};
use super::template::{Reference, Template, is_name};

/// Reads an environment variable; a parameter so that tests need not touch the process's own environment.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One resolved variable.
#[derive(Clone)]
pub(super) struct Var {
    pub(super) text: String,
    /// Drawn, from the environment, or made of such: never shown, never on a command line.
    pub(super) secret: bool,
    /// Drawn, or made of such: another value at every load.
    pub(super) drawn: bool,
}

/// Resolved variables by name.
pub(super) type Vars = BTreeMap<String, Var>;

/// Resolves `raw` with `overrides` in place of the texts that the file gives. An override is plain text, no template.
pub(super) fn resolve(
    source: &Source,
    raw: &BTreeMap<String, Spanned<String>>,
    overrides: &BTreeMap<String, String>,
    environment: Environment<'_>,
) -> Result<Vars, FileError> {
    let mut resolver = Resolver {
        source,
        raw,
        overrides,
        environment,
        done: Vars::new(),
        under_way: Vec::new(),
    };
    for (name, text) in raw {
        if !is_name(name) {
            let problem = "a variable's name is made of letters, digits, _ and -";
            return Err(source.error(&text.span(), format!("vars.{name}"), problem, ""));
        }
        resolver.resolve(name)?;
    }
    Ok(resolver.done)
}

/// 256 bits from the operating system's generator, base64url.
pub(super) fn draw_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

struct Resolver<'a> {
    source: &'a Source,
    raw: &'a BTreeMap<String, Spanned<String>>,
    overrides: &'a BTreeMap<String, String>,
    environment: Environment<'a>,
    done: Vars,
    under_way: Vec<String>,
}

impl Resolver<'_> {
    fn resolve(&mut self, name: &str) -> Result<Var, FileError> {
        if let Some(var) = self.done.get(name) {
            return Ok(var.clone());
        }
        let raw = &self.raw[name];
        self.check_for_cycle(name, raw)?;
        self.under_way.push(name.to_owned());
        let var = match self.overrides.get(name) {
            Some(text) => Var {
                text: text.clone(),
                secret: false,
                drawn: false,
            },
            None => self.expand(name, raw)?,
        };
        self.under_way.pop();
        self.done.insert(name.to_owned(), var.clone());
        Ok(var)
    }

    fn check_for_cycle(&self, name: &str, raw: &Spanned<String>) -> Result<(), FileError> {
        let Some(start) = self.under_way.iter().position(|waiting| waiting == name) else {
            return Ok(());
        };
        let circle = [&self.under_way[start..], &[name.to_owned()]]
            .concat()
            .join(" → ");
        Err(self.source.error(
            &raw.span(),
            format!("vars.{name}"),
            format!("refers to itself: {circle}"),
            "",
        ))
    }

    fn expand(&mut self, name: &str, raw: &Spanned<String>) -> Result<Var, FileError> {
        let key = format!("vars.{name}");
        let template = Template::parse(raw.get_ref())
            .map_err(|error| self.source.error(&raw.span(), &*key, error.to_string(), ""))?;
        let (mut secret, mut drawn) = (false, false);
        let resolved = template.resolve(|reference| {
            let var = self.expand_one(&key, raw, reference)?;
            secret |= var.secret;
            drawn |= var.drawn;
            Ok(Some(var.text))
        })?;
        Ok(Var {
            text: resolved.text().unwrap_or_default().to_owned(),
            secret,
            drawn,
        })
    }

    fn expand_one(
        &mut self,
        key: &str,
        raw: &Spanned<String>,
        reference: &Reference,
    ) -> Result<Var, FileError> {
        let name = reference.name.as_str();
        if name == "secret" {
            return Ok(Var {
                text: draw_secret(),
                secret: true,
                drawn: true,
            });
        }
        if name == "unique" {
            return Ok(Var {
                text: format!("{:08x}", rand::random::<u32>()),
                secret: false,
                drawn: true,
            });
        }
        if let Some(variable) = name.strip_prefix("env.") {
            let text = (self.environment)(variable);
            let unset = || {
                self.source.error(
                    &raw.span(),
                    key,
                    format!("the environment has no {variable}"),
                    "",
                )
            };
            return Ok(Var {
                text: text.ok_or_else(unset)?,
                secret: true,
                drawn: false,
            });
        }
        match name
            .strip_prefix("vars.")
            .filter(|other| self.raw.contains_key(*other))
        {
            Some(other) => self.resolve(other),
            None => {
                let known: BTreeSet<String> = self
                    .raw
                    .keys()
                    .map(|other| format!("${{vars.{other}}}"))
                    .collect();
                let allowed = format!(
                    "${{secret}}, ${{unique}}, ${{env.NAME}}, {}",
                    Vec::from_iter(known).join(", ")
                );
                Err(self
                    .source
                    .error(&raw.span(), key, format!("unknown ${{{name}}}"), allowed))
            }
        }
    }
}
