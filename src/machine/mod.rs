//! What this computer has and does: free memory, vector instructions, atomic writes. Decides nothing.

mod atomic_file;
mod memory;
mod simd;

pub use atomic_file::{AtomicFile, create_sibling_folder, parent_folder, write_atomically};
pub use memory::{available_memory, resident_memory};
pub use simd::simd_name;
