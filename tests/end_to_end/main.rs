//! The program as its users run it: real processes, real sockets, a real Redis where there is one.

mod alone;
mod bad_input;
mod compose;
mod doctor;
mod endings;
mod freeze;
mod main_job;
mod program;
mod serve;
mod truth;
mod users_store;
