//! Executes a target's step lists for one user at a time, and builds the requests that present a credential.
//!
//! [`login`] turns a user into a [`Credential`]; [`refresh`], [`logout`] and [`run_steps`] act with it; [`undo`] brings a user back after an
//! event; [`point_request`] gives the
//! bytes that a load engine sends over and over. None of this is on the measured path.

mod admin;
mod capture;
mod client;
mod command;
mod credential;
mod encode;
mod error;
mod jar;
mod jwt_times;
mod lifetimes;
mod mask;
mod page;
mod redirect;
#[cfg(test)]
pub(crate) mod scripted_server;
mod step;
mod steps;
mod trail;
mod walk;

pub use client::{Exchange, ExchangeError, FlowClient, Preflights, Traffic};
pub use command::CommandError;
pub use credential::Credential;
pub use encode::{EncodeError, PointRequest, point_request};
pub use error::{StepError, StepFailure};
pub use jar::{CookieRefusal, Jar};
pub use jwt_times::JwtTimes;
pub use page::{Page, PreflightError};
pub use redirect::RedirectError;
pub use step::adopt;
pub use steps::{Acknowledged, login, login_by, logout, refresh, run_steps, undo};

pub(crate) use admin::AdminLogin;
pub(crate) use encode::{encode_anonymous, encode_without_login};
pub(crate) use lifetimes::{Lifetimes, Named};
pub(crate) use mask::{excerpt, without as without_secrets};
pub(crate) use step::present;
pub(crate) use steps::{await_turn, begin_walk, next_step, run_steps_now};
pub(crate) use walk::Walk;
