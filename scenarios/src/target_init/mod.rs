//! `authbench target init`: a first target file for a system that describes itself by OpenID Connect Discovery 1.0 or RFC 8414.
//!
//! * `discover`: finds and fetches the description
//! * `metadata`: what of it matters here
//! * `grant`: which grant the file logs in with, how the client authenticates
//! * `skeleton`: the file, every part with a word on what it is and what to fill in
//! * `text`: values from elsewhere inside TOML

mod discover;
mod grant;
mod metadata;
mod skeleton;
mod text;

pub use discover::{DiscoverError, discover};
pub use grant::Grant;
pub use metadata::Metadata;

use crate::target::{FileError, TargetFile};
use std::collections::BTreeMap;

/// What the description does not say.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Name of the target.
    pub name: String,
    /// Identifier of the client, as registered.
    pub client_id: Option<String>,
    /// Which grant to log in with; absent: the first that the system supports and a user can be logged in with.
    pub grant: Option<Grant>,
    /// Names of files with certificates that are trusted, absolute; empty: those of the system are.
    pub ca_files: Vec<String>,
}

/// Why no file could be written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The system does not have what a login needs.
    #[error("{issuer} {lacks}")]
    Lacks {
        /// The issuer.
        issuer: String,
        /// What it lacks.
        lacks: String,
    },
    /// What was written is no target file: a mistake of this program.
    #[error("what was made of the description is no target file: {0}")]
    NotATarget(#[from] FileError),
}

/// A target file for the system that `metadata` describes. It passes the checker, its environment variables apart.
///
/// # Errors
/// When no supported grant can be used.
pub fn target_file(metadata: &Metadata, known: &Known) -> Result<String, InitError> {
    let grant = grant::chosen(metadata, known.grant)?;
    let text = skeleton::skeleton(metadata, known, grant);
    // Whatever the description held, what is handed out is a target file.
    TargetFile::parse_with("target.toml", &text, &BTreeMap::new(), &|_| {
        Some("from the environment".to_owned())
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests;
