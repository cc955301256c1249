//! What several suites need.
pub mod desk;
pub mod ran;
pub mod roster;
pub mod script;
pub mod server;
pub mod term;
#[cfg(feature = "local")]
#[path = "../../src/provider/local/tests/tiny.rs"]
pub mod tiny;
pub mod tls;
pub mod unicode;
