//! What several suites need.
pub mod desk;
pub mod script;
pub mod server;
pub mod term;
#[cfg(feature = "local")]
pub mod tiny;
