//! `no_auth`, the control: nothing is checked, and what remains is what every model pays.

use std::future::{Future, ready};

use hyper::HeaderMap;

use super::accounts::Standing;
use super::{
    Grant, GrantOutcome, Granted, Issuer, LoggedOut, Scheme, Validated, Validator, Verdict,
};
use crate::http::Presented;
use crate::refusal::{Reason, Unavailable};
use crate::roles::Roles;
use crate::scope::Scope;
use crate::store::StoreError;

/// Hands out nothing.
#[derive(Debug)]
pub struct NoAuthIssuer;

/// Lets everybody do everything.
#[derive(Debug)]
pub struct NoAuthValidator;

impl Issuer for NoAuthIssuer {
    const SCHEME: Scheme = Scheme::None;

    fn sign_in(
        &self,
        grant: Grant,
        _standing: &Standing,
        _headers: &HeaderMap,
    ) -> impl Future<Output = Result<GrantOutcome, StoreError>> + Send {
        ready(Ok(Ok(Granted {
            subject: grant.subject,
            ..Granted::default()
        })))
    }

    fn log_out(
        &self,
        _presented: Presented<'_>,
    ) -> impl Future<Output = Result<Result<LoggedOut, Reason>, StoreError>> + Send {
        ready(Ok(Ok(LoggedOut::default())))
    }
}

impl Validator for NoAuthValidator {
    const SCHEME: Scheme = Scheme::None;

    async fn validate(&self, _presented: Presented<'_>) -> Result<Verdict, Unavailable> {
        Ok(Ok(Validated {
            subject: String::new(),
            scope: Scope::ALL,
            roles: Roles::ALL,
            client: None,
        }))
    }
}
