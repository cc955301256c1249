//! A tiny model with random weights, written as a GGUF file: everything a real one has, in a few hundred kilobytes.
//!
//! What it answers means nothing; that it answers the same every time is what the tests need. Shared by the engine's
//! unit tests and by the tests of the real binary. Byte-level vocabulary: every text has tokens.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test's helper"
)]

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

/// What the file shall be.
#[derive(Debug, Clone)]
pub struct Tiny {
    /// `llama`, `qwen2`, `qwen3`
    pub architecture: &'static str,
    /// Kind of the matrices.
    pub dtype: GgmlDType,
    /// Tokens of context.
    pub context: u32,
    /// Layers.
    pub layers: u32,
    /// The chat template; `ChatML` when there is none.
    pub template: Option<&'static str>,
    /// No token ends an answer: only limits do.
    pub endless: bool,
    /// Random numbers begin here.
    pub seed: u64,
    /// Metadata that is left out.
    pub without: Vec<&'static str>,
    /// Metadata that is written instead, or in addition.
    pub with: Vec<(&'static str, Value)>,
}

/// As in the files of `SmolLM2` and Qwen2.5.
pub const CHATML: &str = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

impl Default for Tiny {
    fn default() -> Self {
        Self {
            architecture: "llama",
            dtype: GgmlDType::Q8_0,
            context: 2048,
            layers: 2,
            template: Some(CHATML),
            endless: false,
            seed: 7,
            without: Vec::new(),
            with: Vec::new(),
        }
    }
}

impl Tiny {
    /// Writes it to `path`.
    pub fn write(&self, path: &Path) {
        let tokens = vocabulary(self.endless);
        let hidden: usize = if self.dtype.block_size() > 64 { 256 } else { 64 };
        let (heads, kv_heads, wide) = (4, 2, hidden * 2);
        let head = hidden / heads;
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut tensors: Vec<(String, QTensor)> = Vec::new();
        let mut add = |name: String, dims: &[usize], dtype: GgmlDType, around: f32| {
            let count: usize = dims.iter().product();
            let scale = if dims.len() == 2 { 2.0 / (dims[1] as f32).sqrt() } else { 0.1 };
            let numbers: Vec<f32> =
                (0..count).map(|_| around + (random.f32() - 0.5) * 2.0 * scale).collect();
            let tensor = Tensor::from_vec(numbers, dims, &Device::Cpu).unwrap();
            tensors.push((name, QTensor::quantize(&tensor, dtype).unwrap()));
        };
        let (matrix, vector) = (self.dtype, GgmlDType::F32);
        add("token_embd.weight".into(), &[tokens.len(), hidden], matrix, 0.0);
        add("output_norm.weight".into(), &[hidden], vector, 1.0);
        add("output.weight".into(), &[tokens.len(), hidden], matrix, 0.0);
        for n in 0..self.layers {
            let of = |part: &str| format!("blk.{n}.{part}");
            add(of("attn_norm.weight"), &[hidden], vector, 1.0);
            add(of("ffn_norm.weight"), &[hidden], vector, 1.0);
            add(of("attn_q.weight"), &[hidden, hidden], matrix, 0.0);
            add(of("attn_k.weight"), &[kv_heads * head, hidden], matrix, 0.0);
            add(of("attn_v.weight"), &[kv_heads * head, hidden], matrix, 0.0);
            add(of("attn_output.weight"), &[hidden, hidden], matrix, 0.0);
            add(of("ffn_gate.weight"), &[wide, hidden], matrix, 0.0);
            add(of("ffn_up.weight"), &[wide, hidden], matrix, 0.0);
            add(of("ffn_down.weight"), &[hidden, wide], matrix, 0.0);
            if self.architecture == "qwen2" {
                add(of("attn_q.bias"), &[hidden], vector, 0.0);
                add(of("attn_k.bias"), &[kv_heads * head], vector, 0.0);
                add(of("attn_v.bias"), &[kv_heads * head], vector, 0.0);
            }
            if self.architecture == "qwen3" {
                add(of("attn_q_norm.weight"), &[head], vector, 1.0);
                add(of("attn_k_norm.weight"), &[head], vector, 1.0);
            }
        }
        let sizes = [
            ("block_count", self.layers),
            ("context_length", self.context),
            ("embedding_length", u32::try_from(hidden).unwrap()),
            ("feed_forward_length", u32::try_from(wide).unwrap()),
            ("attention.head_count", u32::try_from(heads).unwrap()),
            ("attention.head_count_kv", u32::try_from(kv_heads).unwrap()),
        ];
        let mut metadata: Vec<(String, Value)> =
            vec![("general.architecture".into(), Value::String(self.architecture.into()))];
        for (key, number) in sizes {
            metadata.push((format!("{}.{key}", self.architecture), Value::U32(number)));
        }
        let epsilon = format!("{}.attention.layer_norm_rms_epsilon", self.architecture);
        metadata.push((epsilon, Value::F32(1e-5)));
        metadata.extend(tokenizer(&tokens));
        if let Some(template) = self.template {
            metadata.push(("tokenizer.chat_template".into(), Value::String(template.into())));
        }
        metadata.retain(|(key, _)| !self.without.contains(&key.as_str()));
        metadata.retain(|(key, _)| !self.endless || key != "tokenizer.ggml.eos_token_id");
        for (key, value) in &self.with {
            metadata.retain(|(known, _)| known != key);
            metadata.push(((*key).to_owned(), value.clone()));
        }
        let metadata: Vec<(&str, &Value)> =
            metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<(&str, &QTensor)> =
            tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let mut file = BufWriter::new(File::create(path).unwrap());
        gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    }
}

const SPECIAL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/// Special tokens, then one token for each byte, in the letters that byte-level vocabularies write bytes with.
fn vocabulary(endless: bool) -> Vec<String> {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut next = 256;
    let special = if endless { ["<|a|>", "<|b|>", "<|c|>"] } else { SPECIAL };
    let mut tokens: Vec<String> = special.map(String::from).to_vec();
    for byte in 0..=255_u8 {
        let letter = if printable(byte) {
            char::from(byte)
        } else {
            next += 1;
            char::from_u32(next - 1).unwrap()
        };
        tokens.push(letter.to_string());
    }
    tokens
}

fn tokenizer(tokens: &[String]) -> Vec<(String, Value)> {
    let strings = |all: &[String]| Value::Array(all.iter().cloned().map(Value::String).collect());
    let kind = |n: usize| Value::I32(if n < SPECIAL.len() { 3 } else { 1 });
    // One merge that never applies: files always have some.
    let merges = vec!["\u{120} \u{120}".to_owned()];
    vec![
        ("tokenizer.ggml.model".into(), Value::String("gpt2".into())),
        ("tokenizer.ggml.pre".into(), Value::String("qwen2".into())),
        ("tokenizer.ggml.tokens".into(), strings(tokens)),
        ("tokenizer.ggml.token_type".into(), Value::Array((0..tokens.len()).map(kind).collect())),
        ("tokenizer.ggml.merges".into(), strings(&merges)),
        ("tokenizer.ggml.bos_token_id".into(), Value::U32(0)),
        ("tokenizer.ggml.eos_token_id".into(), Value::U32(2)),
        ("tokenizer.ggml.add_bos_token".into(), Value::Bool(false)),
    ]
}
