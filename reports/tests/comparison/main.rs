//! The error rates of the comparison, on seeded synthetic suites.

mod error_rates;
