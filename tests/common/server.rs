//! STUB: a streaming server inside the tests.
