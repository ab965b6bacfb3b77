//! `[journey]` and `[[client]]` as TOML types.

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawJourney {
    pub(in super::super) sessions_per_s: Spanned<i64>,
    pub(in super::super) renew_before: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawClient {
    #[serde(rename = "type")]
    pub(in super::super) name: Spanned<String>,
    pub(in super::super) weight: Spanned<f64>,
    pub(in super::super) presents: Spanned<Vec<Spanned<String>>>,
    pub(in super::super) requests_per_session: Spanned<i64>,
    pub(in super::super) think: Spanned<String>,
    pub(in super::super) renew: Option<Spanned<String>>,
    pub(in super::super) reload_every: Option<Spanned<i64>>,
    pub(in super::super) write_share: Option<Spanned<f64>>,
    pub(in super::super) two_tabs_share: Option<Spanned<f64>>,
    pub(in super::super) retry_share: Option<Spanned<f64>>,
    pub(in super::super) lost_response_share: Option<Spanned<f64>>,
    pub(in super::super) logout_share: Option<Spanned<f64>>,
}
