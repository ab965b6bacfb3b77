//! Mistakes that are made on purpose, to see that the exploration finds them. They are in what surrounds the
//! rotation code, the store in memory and the explored server's door; nothing that serves can have them.

use std::fmt;
use std::str::FromStr;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Whether a token was used is read first, and that it was is written later.
    NonAtomicRotation,
    /// A replay is answered as one, and the family goes on.
    FamilyNotEnded,
    /// Within the grace a used token is honoured whoever presents it.
    GraceForAnotherClient,
}

/// A name that is none of theirs.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown defect `{0}` (expected non-atomic, family-not-ended or grace-for-another-client)")]
pub struct UnknownDefect(String);

impl Defect {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::NonAtomicRotation,
        Self::FamilyNotEnded,
        Self::GraceForAnotherClient,
    ];

    /// Its name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NonAtomicRotation => "non-atomic",
            Self::FamilyNotEnded => "family-not-ended",
            Self::GraceForAnotherClient => "grace-for-another-client",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(name: &str) -> Result<Self, UnknownDefect> {
        let found = Self::ALL.into_iter().find(|defect| defect.name() == name);
        found.ok_or_else(|| UnknownDefect(name.to_owned()))
    }
}
