//! Reading what a request brings: header fields, base64url.

use crate::fixture::Request;
use crate::tokens::signed;
use authbench_servers::http::{bearer, cookie};
use authbench_servers::jwt::parts::decode;
use authbench_servers::model::session;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gungraun::{library_benchmark, library_benchmark_group};
use std::hint::black_box;

fn by_bearer() -> &'static Request {
    Box::leak(Box::new(Request::bearer(&signed(0).token)))
}

fn by_cookie() -> &'static Request {
    let name = session::COOKIE.name;
    let id = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    Box::leak(Box::new(Request::cookie(&format!("{name}={id}"))))
}

/// So many bytes, encoded.
fn encoded(bytes: usize) -> &'static str {
    let bytes: Vec<u8> = (0..bytes).map(|n| n as u8).collect();
    Box::leak(URL_SAFE_NO_PAD.encode(bytes).into_boxed_str())
}

#[library_benchmark]
#[bench::bearer(by_bearer())]
fn authorization(request: &'static Request) -> &'static str {
    bearer::token(&black_box(request.presented())).expect("a token")
}

#[library_benchmark]
#[bench::session(by_cookie())]
fn cookie_value(request: &'static Request) -> Option<&'static str> {
    cookie::value(black_box(&request.headers), session::COOKIE.name).expect("one")
}

#[library_benchmark]
#[bench::small(encoded(210))]
#[bench::with_2kb(encoded(2_274))]
fn base64_decode(text: &'static str) -> Vec<u8> {
    decode(black_box(text)).expect("base64url")
}

library_benchmark_group!(
    name = requests;
    benchmarks = authorization, cookie_value, base64_decode
);
