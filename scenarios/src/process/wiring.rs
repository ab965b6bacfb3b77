//! What a child is told: its command line, and the JSON line on its standard input.

use std::path::Path;

use serde_json::{Map, Value};

use super::RunSettings;
use super::error::ProcessFailure;
use crate::target::{Members, ProcessSpec, Reference, StdinValue, TargetFile, Template, lookup};

/// The words of the command line.
pub(super) fn command(
    spec: &ProcessSpec,
    settings: &RunSettings,
    members: &Members,
) -> Result<Vec<String>, ProcessFailure> {
    spec.command
        .iter()
        .map(|word| fill(word, settings, members))
        .collect()
}

/// What a child may have been told and an error must not quote: the file's secrets, and the password of the user's store.
pub(super) fn secrets(target: &TargetFile, settings: &RunSettings) -> Vec<String> {
    let password = settings.store_url.as_deref().and_then(|url| {
        let authority = url.rsplit_once('@')?.0;
        authority.rsplit(':').next().map(str::to_owned)
    });
    target
        .secrets()
        .map(str::to_owned)
        .chain(password)
        .collect()
}

/// First part of references to what a process is itself given or says.
pub(super) const OWN: &str = "self";

/// The environment variables besides those of this process.
pub(super) fn env(
    spec: &ProcessSpec,
    settings: &RunSettings,
    members: &Members,
) -> Result<Vec<(String, String)>, ProcessFailure> {
    spec.env
        .iter()
        .map(|(name, value)| Ok((name.clone(), fill(value, settings, members)?)))
        .collect()
}

/// The line for standard input, its line break included; empty when the file gives no `stdin`.
pub(super) fn input_line(
    spec: &ProcessSpec,
    settings: &RunSettings,
    members: &Members,
) -> Result<String, ProcessFailure> {
    let Some(stdin) = &spec.stdin else {
        return Ok(String::new());
    };
    let mut object = Map::new();
    for (name, value) in stdin {
        object.insert(name.clone(), input_value(value, settings, members)?);
    }
    Ok(format!("{}\n", Value::Object(object)))
}

fn input_value(
    value: &StdinValue,
    settings: &RunSettings,
    members: &Members,
) -> Result<Value, ProcessFailure> {
    match value {
        StdinValue::Literal(literal) => Ok(literal.clone()),
        StdinValue::Text(template) => {
            let alone = template
                .sole_reference()
                .and_then(|reference| run_value(&reference.name, settings));
            alone.map_or_else(|| fill(template, settings, members).map(Value::String), Ok)
        }
    }
}

pub(super) fn fill(
    template: &Template,
    settings: &RunSettings,
    members: &Members,
) -> Result<String, ProcessFailure> {
    let known = |reference: &Reference| match reference.name.as_str() {
        "authbench" => Ok(Some(settings.authbench.to_string_lossy().into_owned())),
        name => match run_value(name, settings) {
            Some(Value::Null) => Err(ProcessFailure::Unset(
                name.trim_start_matches("run.").to_owned(),
            )),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Ok(Some(other.to_string())),
            None => Ok(lookup(members, name)?),
        },
    };
    let filled = template.resolve(known)?;
    // The checker lets nothing else into a command or a stdin value, so no reference is left.
    Ok(filled.text().unwrap_or_default().to_owned())
}

/// The value of `${run.…}` with its JSON type; `None` for other references.
fn run_value(name: &str, settings: &RunSettings) -> Option<Value> {
    let text = |path: &Path| Value::String(path.to_string_lossy().into_owned());
    match name.strip_prefix("run.")? {
        "store_url" => Some(settings.store_url.clone().into()),
        "redis_server" => Some(settings.redis_server.as_deref().map_or(Value::Null, text)),
        "require_real_redis" => Some(settings.require_real_redis.into()),
        "dir" => Some(text(&settings.dir)),
        _ => None,
    }
}
