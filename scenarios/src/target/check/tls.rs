//! Checks `[tls]` and `connect`.

use std::path::{Path, PathBuf};

use toml::{Spanned, Value};

use super::Checker;
use super::scope::Scope;
use crate::target::file::{ProcessSpec, is_path};
use crate::target::raw::RawTls;
use crate::target::source::FileError;
use crate::target::template::Template;
use crate::target::tls::TlsSpec;
use crate::transport::read_certificates;

const CA_FILE: &str = "tls.ca_file";
const SHOWN: &str = "is a secret, and stands in error messages here";

impl Checker<'_> {
    /// With `starts_nothing`, nobody but the user can have put the files there, so they are looked at now, where their line can be told.
    pub(super) fn tls(
        &self,
        raw: &RawTls,
        processes: &[ProcessSpec],
        starts_nothing: bool,
    ) -> Result<TlsSpec, FileError> {
        let mut scope = Scope::default().with_public_vars(&self.vars, SHOWN);
        for process in processes {
            scope = scope.with_all_under(format!("{}.", process.name));
        }
        let folder = raw.ca_file.as_ref().map(|named| self.folder(named));
        let folder = folder.unwrap_or_default();
        let mut ca_files = Vec::new();
        for name in raw.ca_file.iter().map(|raw| self.names(raw)) {
            for name in name? {
                let template = self.template(&name, CA_FILE, &scope)?;
                if starts_nothing {
                    self.check_readable(&name, &template, &folder)?;
                }
                ca_files.push(template);
            }
        }
        Ok(TlsSpec {
            system_roots: raw.system_roots.unwrap_or(ca_files.is_empty()),
            ca_files,
            folder,
        })
    }

    /// One text, or several.
    fn names(&self, raw: &Spanned<Value>) -> Result<Vec<Spanned<String>>, FileError> {
        let values = match raw.get_ref() {
            Value::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        let name = |value: &Value| match value {
            Value::String(text) => Ok(Spanned::new(raw.span(), text.clone())),
            _ => Err(self.error(
                raw,
                CA_FILE,
                "is not the name of a file",
                "a text or a list of texts: PEM files, relative to this one",
            )),
        };
        values.iter().map(name).collect()
    }

    fn check_readable(
        &self,
        raw: &Spanned<String>,
        template: &Template,
        folder: &Path,
    ) -> Result<(), FileError> {
        let Some(name) = template.text().filter(|name| !name.is_empty()) else {
            return Ok(());
        };
        match read_certificates(&folder.join(name)) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.error(raw, CA_FILE, error.to_string(), "")),
        }
    }

    /// `host:port` in place of those of the URL.
    pub(super) fn connect(
        &self,
        raw: &Spanned<String>,
        key: &str,
        scope: &Scope,
    ) -> Result<Template, FileError> {
        let template = self.template(raw, key, scope)?;
        let is_authority = |text: &str| {
            let port = text.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            matches!(port, Some(Ok(1..))) && !text.contains(['/', '@', '?', '#'])
        };
        if template.text().is_some_and(|text| !is_authority(text)) {
            let problem = format!("{:?} is no place to connect to", raw.get_ref());
            return Err(self.error(raw, key, problem, "host:port"));
        }
        Ok(template)
    }

    /// The folder that relative names begin at.
    fn folder<T>(&self, named: &Spanned<T>) -> PathBuf {
        let name = self.source.name_at(&named.span());
        let file = Path::new(name).parent().filter(|_| is_path(name));
        file.map(Path::to_owned).unwrap_or_default()
    }
}
