//! What a truth server says of itself.

use super::error::ArmsError;
use crate::credentials::STEP_DEADLINE;
use crate::flow::FlowClient;
use crate::wire::RequestBytes;
use serde::Deserialize;
use std::net::SocketAddr;

/// The part of `GET /truth` that concerns arms, over all load requests since the last reset.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Told {
    /// CPU burnt on purpose for each request, in microseconds, by the CPU clock of the thread that burnt it. Absent without any.
    #[serde(default)]
    pub(super) spun_us_mean: Option<f64>,
}

/// Makes the server at `address` forget what it has counted.
pub(super) async fn reset(address: SocketAddr) -> Result<(), ArmsError> {
    ask(address, "POST", "/truth/reset", 204).await.map(drop)
}

/// What it has counted since.
pub(super) async fn told(address: SocketAddr) -> Result<Told, ArmsError> {
    let body = ask(address, "GET", "/truth", 200).await?;
    serde_json::from_slice(&body).map_err(|error| ArmsError::Answer(error.to_string()))
}

async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    expected: u16,
) -> Result<Vec<u8>, ArmsError> {
    let request = RequestBytes::encode(method, path, &address.to_string(), [], b"")?;
    let mut client = FlowClient::new(STEP_DEADLINE);
    let status = client
        .exchange(&address.into(), &request)
        .await?
        .head
        .status;
    if status != expected {
        let answer = format!("{method} {path} gives {status} and not {expected}");
        return Err(ArmsError::Answer(answer));
    }
    Ok(client.response().body().to_vec())
}
