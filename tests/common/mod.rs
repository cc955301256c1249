//! What several suites need.
pub mod desk;
pub mod server;
pub mod term;
