//! What this computer has and does: free memory, vector instructions, atomic writes, limits, the environment of
//! children, TLS, proxies. Decides nothing.

mod atomic_file;
mod child_environment;
mod memory;
mod open_files;
mod proxy;
mod simd;
mod tls;

pub use atomic_file::{AtomicFile, create_sibling_folder, parent_folder, write_atomically};
pub use child_environment::{
    Inherited, hide_secrets, keep_only, register_key_variables, registered_key_values,
};
pub use memory::{available_memory, resident_memory};
pub use open_files::can_open_files;
pub use proxy::{Proxy, ProxyError, find_proxy, proxy_passwords};
pub use simd::simd_name;
pub use tls::{describe_tls_error, install_tls};
