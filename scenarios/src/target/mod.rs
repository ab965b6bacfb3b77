//! Target files (`authbench.target/1`): one file describes one system, and is all that the load side knows of it.
//!
//! A target passes through two stages. [`TargetFile::load`] reads and checks the file: whatever is in it parses, and every
//! reference is known where it stands. Its processes, if it has any, are then started ([`crate::process`]), and
//! [`TargetFile::bind`] fills in their addresses, clears each of them with the [`RemoteTargets`] policy, and gives a [`Target`]:
//! requests that lack nothing but a user. [`crate::flow`] executes them.
//!
//! The keys of the format:
//!
//! | key | what it says |
//! |---|---|
//! | `schema` `name` `model` | `authbench.target/1`; the name in every table; the model it follows |
//! | `settings` | what stands in every row label |
//! | `[vars]` | texts for use elsewhere; a scenario may override any of them by name |
//! | `[users]` | `count`, `name` and `password`, the latter two with `${number}` or zero padded `${number:05}` |
//! | `[facts]` | durations that bounds are made of |
//! | `[limits]` | `requests_per_s`, `logins_per_s` |
//! | `[[process]]` | what to start: `name`, `role`, `command`, `stdin`, `count`, `counters` |
//! | `[[login]]` `[[refresh]]` `[[logout]]` | steps, in order |
//! | `[[point]]` | where a credential is accepted or refused: a request, `accept`, `refuse`, `traffic` |
//! | `[[event]]` | `name`, `[[event.step]]`, a `bound` per point, `refresh_after` |
//!
//! A step is `request = "METHOD URL"` with `headers`, `cookies`, `basic`, `form`, `expect` and `capture`. Without `cookies` a
//! request carries the cookies that its credential's jar holds for that URL; with `cookies`, even an empty table, it carries exactly
//! those, and its answer sets none.
//!
//! References, `${…}`:
//!
//! | reference | where | what |
//! |---|---|---|
//! | `vars.X` | everywhere; a secret one not in `settings`, `facts`, `users.name`, `command` | a variable |
//! | `env.X` | `vars`, `users.password`, `stdin`, requests | an environment variable, always a secret |
//! | `secret` | `vars` | 256 random bits, base64url, drawn once per load |
//! | `unique` | `vars` | 8 random hexadecimal digits, drawn once per load; no secret |
//! | `number` | `users` | the user's number |
//! | `user.name` `user.password` `user.number` | requests | the user of the credential |
//! | `uuid` | requests | a new random UUID each time |
//! | a capture | requests after the step that captures it | what the response brought |
//! | `PROCESS.X` | requests; `stdin` and (except of a store) `command` of later processes | a string of its ready line |
//! | `self.X` | `counters.url` | a string of the process's own ready line |
//! | `authbench` | `command` | this program |
//! | `run.store_url` `run.redis_server` `run.require_real_redis` `run.dir` | `command`, `stdin` | the run's own settings |

mod bind;
mod bound;
mod builtin;
mod check;
pub mod duration;
mod file;
mod flows;
mod judge;
mod parts;
mod raw;
mod remote;
mod request;
mod secrets;
mod source;
mod template;
mod users;
mod vars;
mod written;

pub use bind::{BindError, BindReason, Members, Target};
pub use bound::Bound;
pub use builtin::names;
pub use file::{About, Limits, LoadError, ProcessSpec, TargetFile};
pub use flows::{
    Action, Call, Capture, CaptureFrom, CommandLine, Event, Flows, Follow, HeaderPart, Point,
    RefreshAfter, Step,
};
pub use judge::{HeaderRule, HeaderTest, Judgement, Rule, Statuses, judge};
pub use remote::{RemoteError, RemoteTargets};
pub use request::{Origin, Request, RequestTemplate, UrlError};
pub use source::FileError;
pub use template::Template;
pub use users::{Account, Users};

pub(crate) use bind::{Reached, lookup};
pub(crate) use file::{CounterTemplate, Ready, StdinValue, is_path, read};
pub(crate) use judge::THROTTLED;
pub(crate) use parts::{Body, ClientAuthentication, Named};
pub(crate) use source::Source;
pub(crate) use template::{Reference, is_name};

/// The format that this program reads.
pub const SCHEMA: &str = "authbench.target/1";

#[cfg(test)]
mod tests;
