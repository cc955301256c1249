//! What this computer has: free memory, vector instructions. Queries the system and decides nothing.

mod memory;
mod simd;

pub use memory::{available_memory, resident_memory};
pub use simd::simd_name;
