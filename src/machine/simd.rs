//! Which vector instructions the engine finds: they decide whether a local model is quick or not.
//! Found at run time, as candle finds them; nothing is compiled for one machine.

/// The widest there are, in words: `AVX-512 VNNI`, `NEON`; `none` where a model would be slow.
pub fn simd() -> &'static str {
    found()
}

#[cfg(target_arch = "x86_64")]
fn found() -> &'static str {
    let fma = std::is_x86_feature_detected!("fma");
    if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vnni") {
        "AVX-512 VNNI"
    } else if std::is_x86_feature_detected!("avxvnni") && std::is_x86_feature_detected!("avx2") {
        "AVX-VNNI"
    } else if std::is_x86_feature_detected!("avx2") && fma {
        "AVX2 and FMA"
    } else {
        "none"
    }
}

#[cfg(target_arch = "aarch64")]
fn found() -> &'static str {
    if std::arch::is_aarch64_feature_detected!("dotprod") {
        "NEON with dot products"
    } else {
        "NEON"
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn found() -> &'static str {
    "none"
}
