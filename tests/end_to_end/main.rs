//! The program as its users run it: real processes, real sockets, a real Redis where there is one.

mod alone;
mod bad_input;
mod check;
mod compose;
mod doctor;
mod endings;
mod explore;
mod foreign;
mod freeze;
mod journey;
mod login;
mod main_job;
mod matrix;
mod program;
mod remote;
mod requirement;
mod serve;
mod stranger;
mod target_init;
mod tls;
mod truth;
mod undo;
mod users_store;
