//! Systems that are not ours: servers in other shapes, with planted lags, and stand-ins for products, measured through target files alone.

mod documented;
mod examples;
mod form_site;
mod http;
mod oauth;
mod planted;
mod standins;
mod tls;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// 48 characters that nobody guesses: ids, codes, tokens.
fn secret() -> String {
    let bytes: [u8; 36] = rand::random();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
