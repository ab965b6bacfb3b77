//! Why a request to a protected resource is refused, and what the caller is told (RFC 6750 §3).
//!
//! A refusal is a *result*: the credential was judged. That it could not be judged is an error,
//! [`Unavailable`], and becomes a 503: to the caller these must never look alike.

use hyper::StatusCode;

use crate::introspection::IntrospectionError;
use crate::jwt::KeysError;
use crate::revocation::RevocationUnknown;
use crate::store::StoreError;

/// Why a credential, or the way it was presented, is not accepted. The order is that of the
/// metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// No credential where this model looks for one.
    NoCredential,
    /// A token in the query or in a form body and nowhere else; it is not looked at (RFC 9700
    /// §4.3.2).
    CredentialMisplaced,
    /// More than one credential, or one that is not of the form its scheme demands.
    MalformedRequest,
    /// A change that another site may have made the browser send.
    CrossSite,
    /// A change by cookie without the CSRF token that belongs to it.
    CsrfToken,
    /// Longer than any token of ours, or not of the form of one.
    MalformedToken,
    /// A JOSE header that is not exactly an access token's.
    TokenHeader,
    /// Signed by a key that is not the issuer's.
    UnknownKey,
    /// The signature does not verify.
    Signature,
    /// A required claim is missing, of the wrong type, or there twice.
    Claims,
    /// Issued by somebody else.
    Issuer,
    /// Issued for somebody else.
    Audience,
    /// Past its expiry.
    Expired,
    /// Not valid yet, or issued in the future.
    NotYetValid,
    /// Valid for longer than the policy allows any token to be.
    Lifetime,
    /// Never issued, or ended: expired, revoked, logged out. A store that forgets cannot say which.
    Inactive,
    /// A session past its absolute time-out.
    AbsoluteTimeout,
    /// A good credential that does not allow this.
    InsufficientScope,
    /// A good credential of an account that may not do this.
    InsufficientRole,
}

/// All reasons, in order.
pub const REASONS: [Reason; 19] = [
    Reason::NoCredential,
    Reason::CredentialMisplaced,
    Reason::MalformedRequest,
    Reason::CrossSite,
    Reason::CsrfToken,
    Reason::MalformedToken,
    Reason::TokenHeader,
    Reason::UnknownKey,
    Reason::Signature,
    Reason::Claims,
    Reason::Issuer,
    Reason::Audience,
    Reason::Expired,
    Reason::NotYetValid,
    Reason::Lifetime,
    Reason::Inactive,
    Reason::AbsoluteTimeout,
    Reason::InsufficientScope,
    Reason::InsufficientRole,
];

impl Reason {
    /// Its name in metrics and in the audit log.
    pub fn label(self) -> &'static str {
        match self {
            Self::NoCredential => "no_credential",
            Self::CredentialMisplaced => "credential_misplaced",
            Self::MalformedRequest => "malformed_request",
            Self::CrossSite => "cross_site",
            Self::CsrfToken => "csrf_token",
            Self::MalformedToken => "malformed_token",
            Self::TokenHeader => "token_header",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Lifetime => "lifetime",
            Self::Inactive => "inactive",
            Self::AbsoluteTimeout => "absolute_timeout",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientRole => "insufficient_role",
        }
    }

    /// The error code of RFC 6750 §3.1; none where no credential was seen. What exactly is wrong
    /// with a token is not told: it would help only somebody who makes tokens.
    pub fn error_code(self) -> Option<&'static str> {
        match self {
            Self::NoCredential | Self::CredentialMisplaced => None,
            Self::MalformedRequest => Some("invalid_request"),
            Self::CrossSite => Some("cross_site"),
            Self::CsrfToken => Some("csrf_token"),
            // The RFC has one code for whatever needs higher privileges.
            Self::InsufficientScope | Self::InsufficientRole => Some("insufficient_scope"),
            _ => Some("invalid_token"),
        }
    }

    /// The status that goes with it.
    pub fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::CrossSite
            | Self::CsrfToken
            | Self::InsufficientScope
            | Self::InsufficientRole => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        }
    }
}

/// A credential could not be judged, because something that has to be asked does not answer.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The introspection endpoint.
    #[error(transparent)]
    Introspection(#[from] IntrospectionError),
    /// The issuer's keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The revocation channel.
    #[error(transparent)]
    Revocation(#[from] RevocationUnknown),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_listed_in_order() {
        for (index, reason) in REASONS.iter().enumerate() {
            assert_eq!(*reason as usize, index, "{}", reason.label());
        }
    }

    #[test]
    fn only_an_unseen_credential_has_no_error_code() {
        let silent: Vec<_> = REASONS
            .iter()
            .filter(|reason| reason.error_code().is_none())
            .collect();
        assert_eq!(
            silent,
            [&Reason::NoCredential, &Reason::CredentialMisplaced]
        );
    }
}
