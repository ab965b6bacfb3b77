//! The contract: one table of cases, each run against every model it concerns, over real sockets.
//!
//! A [`row::Row`] has the id of a requirement or an attack, the models it concerns, what is done,
//! and what is expected. Its family is a module; [`coverage`] sees to it that every id of the
//! committed list has a row, and keeps the whole table as a snapshot, in which `not met, by design`
//! stands where a model cannot keep a row. Ids with a hyphen and a number, or `R` and a number, are
//! the list's; those with a slash are our own.
//!
//! * [`alg`], [`sig`], [`kid`], [`header`], [`claims`], [`encoding`]: forged access tokens (made in
//!   [`forge`])
//! * [`bearer`], [`http`], [`session`], [`cross_site`]: attacks on requests
//! * [`changes`], [`accounts`], [`administrators`]: who may change what, and what one does about accounts and sessions
//! * [`events`]: what puts out more than one caller, or less than all of one
//! * [`cors`], [`clients`], [`carriers`]: pages of other origins, programs, and what carries a credential
//! * [`asking`], [`opaque`], [`refresh`], [`token_endpoint`], [`login`]: attacks on the rest
//! * [`standards`]: what the RFCs, ASVS and NIST demand
//! * [`target`] (by a [`plan`], opened with a [`credential`]), [`entrance`], [`fake`], [`tap`]: the
//!   servers, what callers come to, the fake ones, and the relay before the store
//! * [`call`], [`wire`], [`answer`]: requests and answers as bytes

mod accounts;
mod administrators;
mod alg;
mod answer;
mod asking;
mod bearer;
mod call;
mod carriers;
mod changes;
mod claims;
mod clients;
mod cors;
mod coverage;
mod credential;
mod cross_site;
mod encoding;
mod entrance;
mod events;
mod fake;
mod forge;
mod header;
mod http;
mod kid;
mod login;
mod opaque;
mod plan;
mod refresh;
mod row;
mod session;
mod sig;
mod standards;
mod tap;
mod target;
mod token_endpoint;
mod wire;

use row::{Row, hold};

/// The table, by family.
const FAMILIES: &[(&str, &[Row])] = &[
    ("algorithms", alg::ROWS),
    ("signatures", sig::ROWS),
    ("keys", kid::ROWS),
    ("headers", header::ROWS),
    ("claims", claims::ROWS),
    ("encodings", encoding::ROWS),
    ("bearer tokens", bearer::ROWS),
    ("requests", http::ROWS),
    ("sessions", session::ROWS),
    ("cross-site requests", cross_site::ROWS),
    ("changes", changes::ROWS),
    ("accounts", accounts::ROWS),
    ("administrators", administrators::ROWS),
    ("events", events::ROWS),
    ("cross-origin requests", cors::ROWS),
    ("clients", clients::ROWS),
    ("carriers", carriers::ROWS),
    ("introspection", asking::ROWS),
    ("opaque tokens", opaque::ROWS),
    ("refresh tokens", refresh::ROWS),
    ("the token endpoint", token_endpoint::ROWS),
    ("logins", login::ROWS),
    ("standards: grants", standards::grants::ROWS),
    ("standards: requests", standards::requests::ROWS),
    ("standards: ending", standards::ending::ROWS),
    ("standards: introspection", standards::introspection::ROWS),
    ("standards: published", standards::published::ROWS),
    ("standards: cookies", standards::cookies::ROWS),
    ("standards: conduct", standards::conduct::ROWS),
];

/// One test per family, so that they run beside each other and fail by name.
macro_rules! families {
    ($($name:ident: $rows:path,)*) => {
        $(#[tokio::test]
        async fn $name() {
            hold($rows).await;
        })*
    };
}

families! {
    algorithms: alg::ROWS,
    signatures: sig::ROWS,
    keys: kid::ROWS,
    headers: header::ROWS,
    claim_sets: claims::ROWS,
    encodings: encoding::ROWS,
    bearer_tokens: bearer::ROWS,
    requests: http::ROWS,
    sessions: session::ROWS,
    cross_site_requests: cross_site::ROWS,
    resource_changes: changes::ROWS,
    own_accounts: accounts::ROWS,
    others_accounts: administrators::ROWS,
    events_that_put_out: events::ROWS,
    cross_origin_requests: cors::ROWS,
    clients_of_all_kinds: clients::ROWS,
    carriers_of_credentials: carriers::ROWS,
    introspection: asking::ROWS,
    opaque_tokens: opaque::ROWS,
    refresh_tokens: refresh::ROWS,
    requests_for_tokens: token_endpoint::ROWS,
    logins: login::ROWS,
    standards_grants: standards::grants::ROWS,
    standards_requests: standards::requests::ROWS,
    standards_ending: standards::ending::ROWS,
    standards_introspection: standards::introspection::ROWS,
    standards_published: standards::published::ROWS,
    standards_cookies: standards::cookies::ROWS,
    standards_conduct: standards::conduct::ROWS,
}
