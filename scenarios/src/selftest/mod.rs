//! The instrument measures itself.

pub mod generator_cost;
