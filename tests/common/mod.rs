//! What several suites need.
pub mod server;
