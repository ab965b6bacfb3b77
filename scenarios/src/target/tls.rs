//! `[tls]`: whose certificates the servers of a target may show.

use std::path::PathBuf;

use super::bind::BindReason;
use super::template::{Reference, Template};
use crate::transport::Trust;

/// Whom to trust, as the file says it.
#[derive(Debug, Clone)]
pub(crate) struct TlsSpec {
    /// PEM files; an empty name is none, so that a process without TLS can say so.
    pub(super) ca_files: Vec<Template>,
    /// Whether those whom the system trusts are trusted besides.
    pub(super) system_roots: bool,
    /// Where relative names begin: the folder of the target file.
    pub(super) folder: PathBuf,
}

impl TlsSpec {
    /// Whom to trust once `known` knows what the processes said. A file that names nobody leaves it to the system; one whose processes
    /// all speak without TLS trusts nobody, and needs to trust nobody.
    pub(super) fn trust(
        &self,
        known: impl Fn(&Reference) -> Result<Option<String>, BindReason>,
    ) -> Result<Trust, BindReason> {
        let mut files = Vec::new();
        for template in &self.ca_files {
            let name = template.resolve(&known)?;
            let name = name.text().unwrap_or_default();
            if !name.is_empty() {
                files.push(self.folder.join(name));
            }
        }
        Ok(Trust::new(files, self.system_roots))
    }
}
