//! What this computer has: memory that is free, instructions that compute quickly.
//!
//! Asks the system, decides nothing. The choice of a local model (`config`), the engine before it loads one
//! (`provider::local`) and `doctor` ask here, so that they never disagree.

mod memory;
mod simd;

pub use memory::{available as memory_available, resident as memory_resident};
pub use simd::simd;
