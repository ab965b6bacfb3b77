//! What a request costs the generator: its own CPU time, closed loop beside other tools and scheduled at stated rates.
//!
//! A generator that is expensive measures itself, and where it shares a machine with its target it slows it down. So its cost is measured
//! as users have it: goose's virtual users, every histogram on, start and end included.
//!
//! * [`beside_tools`]: closed loop, in rounds that alternate with `wrk` and `oha`
//! * [`scheduled`]: one point of the open-loop stream
//!
//! Call them on the thread that is pinned where the generator belongs, inside [`load::runtime`](crate::load::runtime()): the tools inherit
//! the processors of the thread that starts them, so all have the same.

mod closed;
mod failure;
mod open;
mod rows;
mod spread;
mod tool;
mod tool_output;

pub use closed::{ClosedPlan, GeneratorCost, beside_tools};
pub use open::{ScheduledCost, ScheduledPlan, scheduled};
pub(super) use rows::{measure, takes};
pub use spread::{CostRound, Costs, Spread};
pub use tool::{Tool, ToolError};

use crate::load::attack::AttackError;
use crate::load::requests::RequestPool;
use crate::load::sender::Endpoint;
use crate::wire::{RequestBytes, RequestError};
use nix::errno::Errno;
use std::net::SocketAddr;

/// Why the cost could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum GeneratorCostError {
    /// The virtual users failed.
    #[error(transparent)]
    Attack(#[from] AttackError),
    /// Another tool failed; ends no measurement, but stands in [`GeneratorCost::failed`].
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The operating system refused a timer.
    #[error("set a timer: {0}")]
    Timer(#[from] std::io::Error),
    /// The CPU clock could not be read.
    #[error("read this process's CPU clock: {0}")]
    Clock(#[from] Errno),
    /// The request cannot be written.
    #[error("build a request: {0}")]
    Request(#[from] RequestError),
    /// A round in which nothing was answered has no cost per request.
    #[error("{0}: no request was answered in a round")]
    NothingAnswered(String),
}

/// The same request that the other tools send: `GET /`, any 200 is what is expected.
fn endpoint(server: SocketAddr) -> Result<Endpoint, RequestError> {
    let request = RequestBytes::encode("GET", "/", &server.to_string(), [], b"")?;
    let pool = RequestPool::new(vec![request], Box::new(|status, _| status == 200));
    Ok((server.into(), pool))
}
