//! authbench-servers

/// The session store: the client that every model shares, and the process behind it.
pub mod store;
