//! What this computer has and does: free memory, vector instructions, atomic writes, the environment of children. Decides
//! nothing.

mod atomic_file;
mod child_environment;
mod memory;
mod simd;

pub use atomic_file::{AtomicFile, create_sibling_folder, parent_folder, write_atomically};
pub use child_environment::{hide_key_variables, register_key_variables};
pub use memory::{available_memory, resident_memory};
pub use simd::simd_name;
