//! What an endpoint answers in place of what was asked for.

use hyper::StatusCode;

use crate::http::reply::{self, Reply};
use crate::model::GrantRefusal;
use crate::store::StoreError;

/// An error answer of the authorization server (RFC 6749 §5.2, RFC 7009 §2.2.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndpointError {
    #[error("a parameter is missing, there twice, or malformed")]
    InvalidRequest,
    #[error("the client is unknown or failed to authenticate")]
    InvalidClient,
    #[error("the grant is unknown, ended, or another client's")]
    InvalidGrant,
    #[error("the scope is unknown or more than was granted")]
    InvalidScope,
    #[error("the client may not use this grant")]
    UnauthorizedClient,
    #[error("the client may not use this endpoint")]
    EndpointForbidden,
    #[error("the model has no such grant")]
    UnsupportedGrantType,
    #[error("tokens of this kind cannot be revoked")]
    UnsupportedTokenType,
    #[error("the login failed")]
    LoginFailed,
    #[error("the current password is another")]
    WrongPassword,
    #[error("another site made the browser ask")]
    CrossSite,
    #[error("the cookie would be larger than a browser keeps")]
    CookieTooLarge,
    #[error("the signing key is a secret given from outside")]
    SharedSecret,
    #[error("too many logins at once")]
    Busy,
    /// Nothing was decided, and nothing is known to have changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EndpointError {
    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::InvalidRequest => reply::bad_request("invalid_request"),
            Self::InvalidClient => reply::invalid_client(),
            Self::InvalidGrant => reply::bad_request("invalid_grant"),
            Self::InvalidScope => reply::bad_request("invalid_scope"),
            Self::UnauthorizedClient => reply::bad_request("unauthorized_client"),
            Self::EndpointForbidden => {
                reply::oauth_error(StatusCode::FORBIDDEN, "unauthorized_client")
            }
            Self::UnsupportedGrantType => reply::bad_request("unsupported_grant_type"),
            Self::UnsupportedTokenType => reply::bad_request("unsupported_token_type"),
            Self::LoginFailed => reply::oauth_error(StatusCode::UNAUTHORIZED, "access_denied"),
            Self::CrossSite | Self::WrongPassword => {
                reply::oauth_error(StatusCode::FORBIDDEN, "access_denied")
            }
            Self::CookieTooLarge => {
                reply::oauth_error(StatusCode::INTERNAL_SERVER_ERROR, "cookie_too_large")
            }
            Self::SharedSecret => reply::oauth_error(StatusCode::CONFLICT, "shared_secret"),
            Self::Busy | Self::Store(_) => reply::unavailable(),
        }
    }
}

/// All ways in which a refresh token can be bad look alike from outside.
impl From<GrantRefusal> for EndpointError {
    fn from(refusal: GrantRefusal) -> Self {
        match refusal {
            GrantRefusal::UnsupportedGrantType => Self::UnsupportedGrantType,
            GrantRefusal::InvalidScope => Self::InvalidScope,
            // Asked again, it is decided on what the account is then.
            GrantRefusal::AccountChanged => Self::Busy,
            GrantRefusal::CookieTooLarge => Self::CookieTooLarge,
            // Disabled while it was being served; asked again, it is refused at the door.
            GrantRefusal::ClientDisabled => Self::InvalidClient,
            GrantRefusal::AccountDeleted
            | GrantRefusal::AccountDisabled
            | GrantRefusal::UnknownToken
            | GrantRefusal::OtherClientsToken
            | GrantRefusal::FamilyEnded
            | GrantRefusal::Replay => Self::InvalidGrant,
        }
    }
}
