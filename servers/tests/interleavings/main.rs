//! Every order of renewals, retries and thefts: on the rotation code, and over HTTP.

mod defects;
mod http;
mod memory;
mod orders;
mod sessions;
