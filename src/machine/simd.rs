//! The vector instructions of this processor, which decide how fast a local model is.
//!
//! They are detected at run time, like in candle: nothing is compiled for one machine.

/// The widest vector instructions that candle uses: `AVX-512 VNNI`, `NEON`; `none` if a model would be slow.
pub fn simd_name() -> &'static str {
    detect_simd()
}

#[cfg(target_arch = "x86_64")]
fn detect_simd() -> &'static str {
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
fn detect_simd() -> &'static str {
    if std::arch::is_aarch64_feature_detected!("dotprod") {
        "NEON with dot products"
    } else {
        "NEON"
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detect_simd() -> &'static str {
    "none"
}
