//! What belongs to one walk through a step list: a PKCE pair, and the administrator's session that its steps use.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::admin::AdminSession;

/// One walk. The pair is drawn when a step first asks for it.
#[derive(Default)]
pub(crate) struct Walk {
    pub(super) admin: Option<Arc<AdminSession>>,
    /// Whether it is the administrator's own login.
    pub(super) is_admin_login: bool,
    pkce: OnceLock<Pkce>,
}

/// Proof key for code exchange, method S256 (RFC 7636 §4.1, §4.2).
pub(super) struct Pkce {
    pub(super) verifier: String,
    pub(super) challenge: String,
}

impl Walk {
    /// No walk at all: for requests that may refer to nothing of one.
    pub(super) fn none() -> &'static Self {
        static NONE: OnceLock<Walk> = OnceLock::new();
        NONE.get_or_init(Self::default)
    }

    /// The administrator's own login.
    pub(crate) fn of_admin_login() -> Self {
        Self {
            is_admin_login: true,
            ..Self::default()
        }
    }

    pub(super) fn pkce(&self) -> &Pkce {
        self.pkce
            .get_or_init(|| Pkce::of(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())))
    }

    /// Everything that must not be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let admin = self.admin.iter().flat_map(|admin| admin.secrets());
        let verifier = self.pkce.get().map(|pkce| pkce.verifier.as_str());
        admin.chain(verifier)
    }
}

impl Pkce {
    fn of(verifier: String) -> Self {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        Self {
            verifier,
            challenge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636_appendix_b() {
        let pair = Pkce::of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(
            pair.challenge,
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_walk_has_one_pair_and_the_next_walk_another() {
        let (one, two) = (Walk::default(), Walk::default());
        assert_eq!(one.pkce().verifier, one.pkce().verifier);
        assert_ne!(one.pkce().verifier, two.pkce().verifier);
        assert_eq!(one.pkce().verifier.len(), 43, "RFC 7636 asks for 43 to 128");
    }
}
