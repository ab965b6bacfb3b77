//! What loads a target: target and scenario files, the load engine, the revocation probes, the accounts.
//!
//! This side speaks only HTTP and knows a system only through its target file, ours like anyone's.
//!
//! * [`target`]: target files, read and checked, then bound to running processes
//! * [`flow`]: executes a target's step lists; builds the requests that present a credential
//! * [`process`]: starts a target's processes and sees to their end
//! * [`transport`]: TCP, or TLS over it
//! * [`wire`]: HTTP/1.1 bytes, as lean as a load generator needs them
//! * [`load`]: the open-loop stream under goose
//! * [`credentials`]: logged in beforehand, renewed in time
//! * [`revocation`]: one revocation per goose transaction, probed at every point
//! * [`mass`]: one event for many accounts at once
//! * [`journey`]: sessions of several kinds of clients, one per goose transaction
//! * [`undo`]: brings back the users whom events touched
//! * [`target_init`]: a first target file from a system's own description
//! * [`scenario_file`]: scenario files
//! * [`check`]: one user through every flow, without load
//! * [`run`]: one run, every scenario in turn
//! * [`compare`]: two forms of one target, held against each other
//! * [`selftest`]: the instrument against servers whose behaviour is known
//! * [`accounting`]: CPU, memory, stolen time, exact counts, the conditions of a round
//! * [`doctor`]: looks at the machine

pub mod accounting;
pub mod check;
pub mod compare;
pub mod credentials;
pub mod doctor;
pub mod flow;
pub mod journey;
pub mod load;
pub mod mass;
pub mod process;
pub mod revocation;
pub mod run;
pub mod scenario_file;
pub mod selftest;
pub mod target;
pub mod target_init;
pub mod transport;
pub mod undo;
pub mod wire;
