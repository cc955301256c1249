//! A GGUF file that answers in this process.

#[allow(dead_code, reason = "until the engine is merged")]
mod sampler;
#[allow(dead_code, reason = "until the engine is merged")]
mod template;
#[allow(dead_code, reason = "until the engine is merged")]
mod tokens;
