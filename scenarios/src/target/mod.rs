//! Target files (`authbench.target/1`): one file describes one system, and is all that the load side knows of it.
//!
//! A target passes through two stages. [`TargetFile::load`] reads and checks the file: whatever is in it parses, and every
//! reference is known where it stands. Its processes, if it has any, are then started ([`crate::process`]), and
//! [`TargetFile::bind`] fills in their addresses, clears each of them with the [`RemoteTargets`] policy, and gives a [`Target`]:
//! requests that lack nothing but a user. [`crate::flow`] executes them.
//!
//! The format itself (every key, where which reference may stand, what an error looks like) is described in `docs/targets.md`; its JSON
//! Schema is `schema/authbench.target-1.json` in this crate.

mod bind;
mod bound;
mod builtin;
mod check;
pub mod duration;
mod extends;
mod file;
mod flows;
mod judge;
mod limits;
mod loaded;
mod origin;
mod parts;
mod raw;
mod remote;
mod request;
mod secrets;
mod source;
mod template;
mod tls;
mod users;
mod vars;
mod written;

pub use bind::{BindError, BindReason, Members, Target};
pub use bound::Bound;
pub use builtin::names;
pub use file::{About, Checkout, LoadError, ProcessSpec, TargetFile};
pub use flows::{
    Action, Call, Capture, CaptureFrom, CapturePart, ClientFlows, CommandLine, Event, Flows,
    Follow, JsonPlace, Point, PointKind, RefreshAfter, Step,
};
pub use judge::{HeaderRule, HeaderTest, Judgement, Rule, Statuses, judge};
pub use limits::Limits;
pub use loaded::Loaded;
pub use origin::Origin;
pub use remote::{RemoteError, RemoteTargets};
pub use request::{Request, RequestTemplate, UrlError};
pub use source::FileError;
pub use template::Template;
pub use users::{Account, Users};

pub(crate) use bind::{Reached, lookup};
pub(crate) use file::{CounterTemplate, Ready, StdinValue, is_path, read};
pub(crate) use judge::THROTTLED;
pub(crate) use parts::{Body, ClientAuthentication, Named};
pub(crate) use source::Source;
pub(crate) use template::{Reference, TARGET_NAME, in_url, is_name, is_target_name};

/// The format that this program reads.
pub const SCHEMA: &str = "authbench.target/1";

#[cfg(test)]
mod tests;
