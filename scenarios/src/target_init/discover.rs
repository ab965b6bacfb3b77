//! Finds and fetches the description of a system.

use super::metadata::Metadata;
use crate::credentials::STEP_DEADLINE;
use crate::flow::{EncodeError, ExchangeError, FlowClient, encode_anonymous};
use crate::target::{RemoteTargets, Request, UrlError};
use crate::transport::Trust;
use url::Url;

const WELL_KNOWN: &str = "/.well-known/";
/// OpenID Connect Discovery 1.0 §4: behind the issuer's path.
const OPENID: &str = "/.well-known/openid-configuration";
/// RFC 8414 §3: before the issuer's path.
const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// Why there is no description.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// Not a URL.
    #[error("{0} is not a URL (allowed: an issuer, or the URL of its metadata)")]
    NotAUrl(String),
    /// A URL with user information, which is not repeated.
    #[error("the URL has a user name or a password in it, which asking for metadata needs not")]
    UserInformation,
    /// The host must not be asked, or cannot be.
    #[error("{url}: {source}")]
    Url {
        /// What was to be asked for.
        url: String,
        /// Why not.
        source: UrlError,
    },
    /// The request cannot be built.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Nobody answers.
    #[error("{url}: {source}")]
    Exchange {
        /// What was asked for.
        url: String,
        /// Why no answer came.
        source: ExchangeError,
    },
    /// No address has a description.
    #[error(
        "no metadata found: {}; a system that does not describe itself has its target file written by hand, and docs/targets.md begins with one",
        tried.join("; ")
    )]
    NotFound {
        /// What was asked for, and what came.
        tried: Vec<String>,
    },
    /// The description names another issuer, and RFC 8414 §3.3 forbids to use it.
    #[error(
        "{url} describes the issuer {found:?}, not {asked:?}; name the issuer as it calls itself"
    )]
    Issuer {
        /// What was asked for.
        url: String,
        /// The issuer that was asked for.
        asked: String,
        /// The issuer that it names.
        found: String,
    },
}

/// Fetches the metadata at `url`, or those of the issuer that `url` is, and says where they were found. Hosts other than this machine must
/// be allowed by `policy`; nothing is sent to others. Servers show certificates of whom `trust` knows.
///
/// # Errors
/// When there is none, or it is not what it should be.
pub async fn discover(
    url: &str,
    policy: &RemoteTargets,
    trust: &Trust,
) -> Result<(Metadata, String), DiscoverError> {
    let parsed = Url::parse(url).ok();
    let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
    let parsed = parsed.ok_or_else(|| DiscoverError::NotAUrl(shown(url)))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(DiscoverError::UserInformation);
    }
    let candidates = candidates(&parsed);
    let issuer = (!parsed.path().contains(WELL_KNOWN)).then_some(url);
    let mut tried = Vec::new();
    for candidate in candidates {
        match fetch(&candidate, policy, trust).await? {
            Ok(metadata) => {
                return match issuer {
                    Some(asked) if !same_issuer(asked, &metadata.issuer) => {
                        Err(DiscoverError::Issuer {
                            url: shown(&candidate),
                            asked: shown(asked),
                            found: metadata.issuer,
                        })
                    }
                    _ => Ok((metadata, shown(&candidate))),
                };
            }
            Err(what_came) => tried.push(format!("{} {what_came}", shown(&candidate))),
        }
    }
    Err(DiscoverError::NotFound { tried })
}

/// A URL, or what was to be one, without what may be a credential: its query, and whatever has an `@` in it.
fn shown(url: &str) -> String {
    let place = url.split(['?', '#']).next().unwrap_or_default();
    match place.contains('@') {
        true => "…".to_owned(),
        false => place.to_owned(),
    }
}

/// Where the description may be.
fn candidates(url: &Url) -> Vec<String> {
    if url.path().contains(WELL_KNOWN) {
        return vec![url.to_string()];
    }
    let path = url.path().trim_end_matches('/');
    let at = |path: String| {
        let mut candidate = url.clone();
        candidate.set_path(&path);
        candidate.set_query(None);
        candidate.set_fragment(None);
        candidate.to_string()
    };
    vec![at(format!("{path}{OPENID}")), at(format!("{OAUTH}{path}"))]
}

/// A trailing slash is the one difference that people cannot see.
fn same_issuer(asked: &str, found: &str) -> bool {
    asked.trim_end_matches('/') == found.trim_end_matches('/')
}

/// The metadata, or what came in their place.
async fn fetch(
    url: &str,
    policy: &RemoteTargets,
    trust: &Trust,
) -> Result<Result<Metadata, String>, DiscoverError> {
    let request = Request::get(url, policy, trust).map_err(|source| DiscoverError::Url {
        url: shown(url),
        source,
    })?;
    let request = encode_anonymous(&request)?;
    let mut client = FlowClient::new(STEP_DEADLINE);
    let exchange = client.exchange(&request.peer, &request.bytes).await;
    let exchange = exchange.map_err(|source| DiscoverError::Exchange {
        url: shown(url),
        source,
    })?;
    let response = client.response();
    Ok(match exchange.head.status {
        200 => serde_json::from_slice(response.body())
            .map_err(|error| format!("answers 200, but no metadata: {error}")),
        status => Err(match response.header("location") {
            Some(location) => {
                let location = String::from_utf8_lossy(location);
                format!("answers {status} and refers to {}", shown(&location))
            }
            None => format!("answers {status}"),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_places_are_tried_for_an_issuer_and_one_for_a_document() {
        let of = |url: &str| candidates(&Url::parse(url).expect("a URL"));
        assert_eq!(
            of("http://127.0.0.1:8080/realms/a/"),
            [
                "http://127.0.0.1:8080/realms/a/.well-known/openid-configuration",
                "http://127.0.0.1:8080/.well-known/oauth-authorization-server/realms/a",
            ]
        );
        assert_eq!(
            of("http://127.0.0.1:8080"),
            [
                "http://127.0.0.1:8080/.well-known/openid-configuration",
                "http://127.0.0.1:8080/.well-known/oauth-authorization-server",
            ]
        );
        let document = "http://127.0.0.1:8080/.well-known/openid-configuration";
        assert_eq!(of(document), [document]);
    }
}
