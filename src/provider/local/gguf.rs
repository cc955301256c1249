//! The head of a GGUF file: is it one, what architecture, with what sizes.
//!
//! candle's reader bounds every count by the file's size; here its errors get words for people, and what it does not
//! look at is checked before anything is loaded: architecture, sizes that fit each other, tensors that end within the
//! file. Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. Used by `load`.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};

use crate::text::sanitize_line;

/// Architectures that the decoder knows.
const ARCHITECTURES: &[(&str, Rope)] =
    &[("llama", Rope::Pairs), ("qwen2", Rope::Halves), ("qwen3", Rope::Halves)];

/// Kinds of numbers that the decoder can compute with.
const QUANTISATIONS: &[GgmlDType] = &[
    GgmlDType::F32,
    GgmlDType::F16,
    GgmlDType::Q4_0,
    GgmlDType::Q4_1,
    GgmlDType::Q5_0,
    GgmlDType::Q5_1,
    GgmlDType::Q8_0,
    GgmlDType::Q4K,
    GgmlDType::Q5K,
    GgmlDType::Q6K,
];

/// Which numbers of a head a rotation pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rope {
    /// Neighbours: `(0, 1), (2, 3) …`
    Pairs,
    /// The halves: `(0, d/2), (1, d/2 + 1) …`
    Halves,
}

/// The sizes of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    /// `qwen2`
    pub(super) architecture: String,
    /// Layers.
    pub(super) layers: usize,
    /// Numbers in a hidden state.
    pub(super) hidden: usize,
    /// Numbers between the two halves of the feed-forward part.
    pub(super) feed_forward: usize,
    /// Heads of queries.
    pub(super) heads: usize,
    /// Heads of keys and values; divides `heads`.
    pub(super) kv_heads: usize,
    /// Numbers in a head.
    pub(super) head: usize,
    /// Tokens that the vocabulary has.
    pub(super) vocabulary: usize,
    /// Tokens of context that it was trained for.
    pub(super) context: usize,
    /// Added to the mean square of a norm.
    pub(super) epsilon: f32,
    /// How heads are rotated.
    pub(super) rope: Rope,
    /// Base of the rotation's frequencies.
    pub(super) rope_base: f32,
    /// What positions are divided by (linear scaling); 1 for most.
    pub(super) rope_scale: f32,
}

impl Shape {
    /// Numbers of keys (or of values) that one token leaves in one layer.
    pub(super) fn kv_width(&self) -> usize {
        self.kv_heads * self.head
    }
}

/// A checked head.
pub(super) struct Head {
    /// As candle read it.
    pub(super) content: Content,
    /// The sizes.
    pub(super) shape: Shape,
    /// The chat template inside the file.
    pub(super) template: Option<String>,
}

/// Reads and checks the head of the file at `path`; says what is wrong with it.
pub(super) fn read(path: &Path) -> Result<Head, String> {
    let wrong = |what: String| format!("{}: {what}", path.display());
    let file = File::open(path).map_err(|e| wrong(e.to_string()))?;
    let length = file.metadata().map_err(|e| wrong(e.to_string()))?.len();
    let mut file = BufReader::new(file);
    magic(&mut file).map_err(&wrong)?;
    // The reader divides by an alignment that the file names: a zero panics.
    let content = catch_unwind(AssertUnwindSafe(|| Content::read(&mut file)))
        .map_err(|_| wrong("the GGUF head makes no sense".to_owned()))?
        .map_err(|e| wrong(format!("damaged or cut off: {}", words(&e))))?;
    let shape = shape(&content).map_err(&wrong)?;
    tensors(&content, length).map_err(&wrong)?;
    let template = match content.metadata.get("tokenizer.chat_template") {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    Ok(Head { content, shape, template })
}

/// candle's words without its backtrace, clean.
pub(super) fn words(error: &candle_core::Error) -> String {
    let text = error.to_string();
    sanitize_line(text.lines().next().unwrap_or_default()).chars().take(200).collect()
}

fn magic(file: &mut BufReader<File>) -> Result<(), String> {
    let mut head = [0; 8];
    file.read_exact(&mut head)
        .map_err(|_| "not a GGUF file: it has fewer than 8 bytes".to_owned())?;
    file.rewind().map_err(|e| e.to_string())?;
    let [m0, m1, m2, m3, version @ ..] = head;
    if [m0, m1, m2, m3] != *b"GGUF" {
        return Err("not a GGUF file: it does not begin with \"GGUF\"".to_owned());
    }
    match u32::from_le_bytes(version) {
        2 | 3 => Ok(()),
        version => Err(format!("GGUF version {version}; versions 2 and 3 can be read")),
    }
}

/// Numbers of the metadata, by key.
struct Metadata<'a> {
    content: &'a Content,
    architecture: &'a str,
}

impl Metadata<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(&format!("{}.{key}", self.architecture))
    }

    fn whole(&self, key: &str) -> Option<usize> {
        let number = match self.get(key)? {
            Value::U8(n) => u64::from(*n),
            Value::U16(n) => u64::from(*n),
            Value::U32(n) => u64::from(*n),
            Value::U64(n) => *n,
            Value::I32(n) => u64::try_from(*n).ok()?,
            Value::I64(n) => u64::try_from(*n).ok()?,
            _ => return None,
        };
        usize::try_from(number).ok()
    }

    /// A number from 1 to `most`.
    fn size(&self, key: &str, most: usize) -> Result<usize, String> {
        let name = format!("{}.{key}", self.architecture);
        match self.whole(key) {
            None => Err(format!("{name} is missing or not a whole number")),
            Some(n) if n == 0 || n > most => {
                Err(format!("{name} is {n}; expected a number from 1 to {most}"))
            }
            Some(n) => Ok(n),
        }
    }

    fn real(&self, key: &str) -> Option<f32> {
        match self.get(key)? {
            Value::F32(x) if x.is_finite() => Some(*x),
            _ => None,
        }
    }

    fn word(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::String(word) => Some(word),
            _ => None,
        }
    }
}

fn shape(content: &Content) -> Result<Shape, String> {
    let architecture = match content.metadata.get("general.architecture") {
        Some(Value::String(name)) => name.clone(),
        _ => return Err("it does not say its architecture (general.architecture)".to_owned()),
    };
    let known = ARCHITECTURES.iter().find(|(name, _)| *name == architecture);
    let Some((_, rope)) = known else {
        let names: Vec<&str> = ARCHITECTURES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "architecture \"{}\" cannot be run; those that can: {}",
            sanitize_line(&architecture).chars().take(40).collect::<String>(),
            names.join(", ")
        ));
    };
    let meta = Metadata { content, architecture: &architecture };
    let heads = meta.size("attention.head_count", 1 << 12)?;
    let hidden = meta.size("embedding_length", 1 << 17)?;
    let kv_heads = match meta.whole("attention.head_count_kv") {
        Some(_) => meta.size("attention.head_count_kv", heads)?,
        None => heads,
    };
    let head = match meta.whole("attention.key_length") {
        Some(_) => meta.size("attention.key_length", 1 << 12)?,
        None => hidden / heads,
    };
    if heads % kv_heads != 0 || head == 0 || head % 2 != 0 {
        return Err(format!("{heads} heads, {kv_heads} of keys, {head} numbers each: cannot be"));
    }
    if let Some(rotated) = meta.whole("rope.dimension_count").filter(|n| *n != head) {
        return Err(format!("rotates {rotated} of {head} numbers of a head: cannot be run"));
    }
    let rope_scale = match meta.word("rope.scaling.type") {
        None | Some("none") => 1.0,
        Some("linear") => meta.real("rope.scaling.factor").filter(|f| *f >= 1.0).unwrap_or(1.0),
        Some(other) => {
            let other: String = sanitize_line(other).chars().take(40).collect();
            return Err(format!("rope scaling \"{other}\" cannot be run"));
        }
    };
    Ok(Shape {
        layers: meta.size("block_count", 1 << 10)?,
        hidden,
        feed_forward: meta.size("feed_forward_length", 1 << 20)?,
        heads,
        kv_heads,
        head,
        vocabulary: vocabulary(content)?,
        context: meta.size("context_length", 1 << 24)?,
        epsilon: meta.real("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
        rope: *rope,
        rope_base: meta.real("rope.freq_base").filter(|b| *b > 0.0).unwrap_or(10_000.0),
        rope_scale,
        architecture,
    })
}

fn vocabulary(content: &Content) -> Result<usize, String> {
    match content.metadata.get("tokenizer.ggml.tokens") {
        Some(Value::Array(tokens)) if !tokens.is_empty() => Ok(tokens.len()),
        _ => Err("there is no tokenizer in the file (tokenizer.ggml.tokens)".to_owned()),
    }
}

/// Every tensor is of a kind that can be computed with, and ends within the file.
fn tensors(content: &Content, length: u64) -> Result<(), String> {
    for (name, info) in &content.tensor_infos {
        let name: String = sanitize_line(name).chars().take(80).collect();
        if !QUANTISATIONS.contains(&info.ggml_dtype) {
            let words: Vec<String> = QUANTISATIONS.iter().map(|q| format!("{q:?}")).collect();
            return Err(format!(
                "tensor {name} is {:?}, which cannot be run; those that can: {}",
                info.ggml_dtype,
                words.join(", ")
            ));
        }
        let count = info
            .shape
            .dims()
            .iter()
            .try_fold(1_u64, |all, n| all.checked_mul(u64::try_from(*n).ok()?));
        let (block, size) = (info.ggml_dtype.block_size(), info.ggml_dtype.type_size());
        let end = count
            .and_then(|count| count.div_ceil(block as u64).checked_mul(size as u64))
            .and_then(|bytes| bytes.checked_add(info.offset))
            .and_then(|end| end.checked_add(content.tensor_data_offset));
        match end {
            Some(end) if end <= length => {}
            Some(end) => {
                return Err(format!(
                    "cut off: tensor {name} ends at byte {end}, the file has {length}"
                ));
            }
            None => return Err(format!("tensor {name} has an impossible size")),
        }
    }
    Ok(())
}
