//! What a round cost: CPU, memory and stolen time read from the kernel, exact counts read from the target's own processes.

pub mod book;
pub mod canary;
pub mod counters;
pub mod cpu;
pub mod machine;
