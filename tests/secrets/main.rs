//! No credential appears anywhere: every place where one can be has a canary, and every byte that a run leaves or prints is searched for them, in
//! plain text and in the encodings in which text travels.
//!
//! | file | what |
//! |---|---|
//! | `canary.rs` | the credentials that are planted, and the forms in which one could sing |
//! | `search.rs` | looks for them in everything at once |
//! | `evidence.rs` | runs the program and keeps every byte that came of it |
//! | `server.rs`, `provider.rs` | somebody's server, whose answers repeat what it was sent, in two shapes |
//! | `relay.rs` | what our servers issue, overheard |
//! | `positive_control.rs` | the search finds what is there |
//! | `foreign.rs`, `kinds.rs`, `commands.rs`, `failing.rs`, `ours.rs`, `refused.rs` | the cases |

mod canary;
mod commands;
mod evidence;
mod failing;
mod foreign;
mod kinds;
mod ours;
mod positive_control;
#[expect(
    dead_code,
    reason = "shared with other tests, each of which uses a part"
)]
#[path = "../end_to_end/program.rs"]
mod program;
mod provider;
mod refused;
mod relay;
mod search;
mod server;
