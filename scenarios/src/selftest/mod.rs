//! The instrument measures what is known of truth servers.

pub mod arms;
