//! Executes a target's step lists for one user at a time, and builds the requests that present a credential.
//!
//! [`login`] turns a user into a [`Credential`]; [`refresh`], [`logout`] and [`run_steps`] act with it; [`point_request`] gives the
//! bytes that a load engine sends over and over. None of this is on the measured path.

mod client;
mod credential;
mod encode;
mod error;
mod jar;
mod jwt_times;
mod mask;
mod steps;

pub use client::{Exchange, ExchangeError, FlowClient};
pub use credential::Credential;
pub use encode::{EncodeError, PointRequest, point_request};
pub use error::{StepError, StepFailure};
pub use jar::{CookieRefusal, Jar};
pub use jwt_times::JwtTimes;
pub use steps::{Acknowledged, login, logout, refresh, run_steps};

pub(crate) use encode::{encode_anonymous, encode_without_login};
pub(crate) use mask::excerpt;
