//! What a round cost: CPU, memory and stolen time read from the kernel, exact counts read from the target's own processes; and
//! under which conditions: how fast the processor was, what the clocks did.

pub mod book;
pub mod canary;
pub mod clock_steps;
pub mod counters;
pub mod cpu;
pub mod idle;
pub mod machine;
pub mod tree;
