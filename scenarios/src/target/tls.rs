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
        let files = self.ca_files.iter().map(|file| self.path(file, &known));
        let files: Vec<_> = files.collect::<Result<_, _>>()?;
        Ok(Trust::new(
            files.into_iter().flatten().collect(),
            self.system_roots,
        ))
    }

    /// The same before all processes have been started: what is not known yet is left out.
    pub(super) fn trust_so_far(
        &self,
        known: impl Fn(&Reference) -> Result<Option<String>, BindReason>,
    ) -> Trust {
        let files = self.ca_files.iter().map(|file| self.path(file, &known));
        Trust::new(files.flatten().flatten().collect(), self.system_roots)
    }

    /// Where a file is; `None` for an empty name.
    fn path(
        &self,
        file: &Template,
        known: impl Fn(&Reference) -> Result<Option<String>, BindReason>,
    ) -> Result<Option<PathBuf>, BindReason> {
        let name = file.resolve(known)?;
        let name = name.text().filter(|name| !name.is_empty());
        Ok(name.map(|name| self.folder.join(name)))
    }
}
