//! Reads and checks the header of a GGUF file: architecture, sizes, tensors.
//!
//! candle's reader limits every count by the size of the file. What it does not check is checked here before anything
//! is loaded: the architecture, sizes that fit together, tensors that end within the file. Format:
//! <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};
use thiserror::Error;

use crate::text::sanitize_line;

/// The architectures that the transformer can compute.
const ARCHITECTURES: &[(&str, Rope)] =
    &[("llama", Rope::Pairs), ("qwen2", Rope::Halves), ("qwen3", Rope::Halves)];

/// The quantisations that the transformer can compute.
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

/// Why a GGUF file cannot be loaded. Names from the file are sanitised.
#[derive(Debug, Error)]
pub(super) enum GgufError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// candle cannot read a tensor or compute with it.
    #[error("{}", describe_candle_error(.0))]
    Candle(#[from] candle_core::Error),
    /// The file is shorter than a header.
    #[error("not a GGUF file: it has fewer than 8 bytes")]
    TooShort,
    /// The magic number is wrong.
    #[error("not a GGUF file: it does not begin with \"GGUF\"")]
    WrongMagic,
    /// The version of the format is unknown.
    #[error("GGUF version {0}; versions 2 and 3 can be read")]
    UnknownVersion(u32),
    /// candle's reader panics.
    #[error("the GGUF header is invalid")]
    Nonsense,
    /// candle's reader fails.
    #[error("damaged or cut off: {}", describe_candle_error(.0))]
    Damaged(candle_core::Error),
    /// The architecture is missing.
    #[error("it does not say its architecture (general.architecture)")]
    NoArchitecture,
    /// The architecture is unknown.
    #[error("architecture \"{0}\" cannot be run; those that can: {names}", names = architecture_names())]
    UnknownArchitecture(String),
    /// A size is missing.
    #[error("{0} is missing or not a whole number")]
    NoSize(String),
    /// A size is zero or too large.
    #[error("{key} is {size}; expected a number from 1 to {max}")]
    SizeOutOfRange {
        /// Key of the metadata.
        key: String,
        /// The size in the file.
        size: usize,
        /// The largest allowed size.
        max: usize,
    },
    /// The sizes of the attention heads do not fit together.
    #[error("{heads} heads, {kv_heads} of keys, {head_size} numbers each: cannot be")]
    InvalidHeads {
        /// Heads of queries.
        heads: usize,
        /// Heads of keys and values.
        kv_heads: usize,
        /// Numbers in a head.
        head_size: usize,
    },
    /// Only a part of each head is rotated.
    #[error("rotates {rotated} of {head_size} numbers of a head: cannot be run")]
    PartialRotation {
        /// Numbers that are rotated.
        rotated: usize,
        /// Numbers in a head.
        head_size: usize,
    },
    /// The scaling of positions is unknown.
    #[error("rope scaling \"{0}\" cannot be run")]
    UnknownRopeScaling(String),
    /// There is no vocabulary.
    #[error("there is no tokenizer in the file (tokenizer.ggml.tokens)")]
    NoTokenizer,
    /// The quantisation of a tensor is not supported.
    #[error("tensor {name} is {dtype:?}, which cannot be run; those that can: {names}", names = quantisation_names())]
    UnsupportedQuantisation {
        /// The tensor.
        name: String,
        /// Its quantisation.
        dtype: GgmlDType,
    },
    /// The file is too short for a tensor.
    #[error("cut off: tensor {name} ends at byte {end}, the file has {length}")]
    CutOff {
        /// The tensor.
        name: String,
        /// The end of the tensor in bytes.
        end: u64,
        /// The size of the file in bytes.
        length: u64,
    },
    /// The size of a tensor overflows.
    #[error("tensor {0} has an impossible size")]
    ImpossibleSize(String),
    /// A tensor of the architecture is missing.
    #[error("tensor {0} is missing")]
    NoTensor(String),
    /// A tensor does not fit the sizes of the model.
    #[error("tensor {name} has the size {found:?}; expected {expected:?}")]
    WrongShape {
        /// The tensor.
        name: String,
        /// Its dimensions in the file.
        found: Vec<usize>,
        /// The dimensions of the architecture.
        expected: Vec<usize>,
    },
}

fn architecture_names() -> String {
    let names: Vec<&str> = ARCHITECTURES.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

fn quantisation_names() -> String {
    let names: Vec<String> = QUANTISATIONS.iter().map(|dtype| format!("{dtype:?}")).collect();
    names.join(", ")
}

/// The numbers of an attention head that are rotated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rope {
    /// Neighbours: `(0, 1), (2, 3) …`
    Pairs,
    /// The two halves: `(0, d/2), (1, d/2 + 1) …`
    Halves,
}

/// The sizes of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelShape {
    /// For example `qwen2`.
    pub(super) architecture: String,
    /// Number of layers.
    pub(super) layers: usize,
    /// Numbers in a hidden state.
    pub(super) hidden: usize,
    /// Numbers in the middle of the feed-forward network.
    pub(super) feed_forward: usize,
    /// Heads of queries.
    pub(super) heads: usize,
    /// Heads of keys and values; divides `heads`.
    pub(super) kv_heads: usize,
    /// Numbers in a head.
    pub(super) head_size: usize,
    /// Tokens in the vocabulary.
    pub(super) vocabulary: usize,
    /// Tokens of context that the model was trained for.
    pub(super) context: usize,
    /// Added to the mean square in norms.
    pub(super) epsilon: f32,
    /// How heads are rotated.
    pub(super) rope: Rope,
    /// Base of the rotation frequencies.
    pub(super) rope_base: f32,
    /// Divisor of positions (linear scaling); 1 for most models.
    pub(super) rope_scale: f32,
}

impl ModelShape {
    /// Numbers of keys (or of values) that one token adds to one layer.
    pub(super) fn kv_width(&self) -> usize {
        self.kv_heads * self.head_size
    }
}

/// A checked header.
pub(super) struct GgufHeader {
    /// The header as candle reads it.
    pub(super) content: Content,
    /// The sizes of the model.
    pub(super) shape: ModelShape,
    /// The chat template in the file.
    pub(super) chat_template: Option<String>,
}

/// Reads and checks the header of the file at `path`.
pub(super) fn read_header(path: &Path) -> Result<GgufHeader, GgufError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut file = BufReader::new(file);
    check_magic(&mut file)?;
    // candle divides by an alignment from the file, and panics if that is zero.
    let content = catch_unwind(AssertUnwindSafe(|| Content::read(&mut file)))
        .map_err(|_| GgufError::Nonsense)?
        .map_err(GgufError::Damaged)?;
    let shape = read_shape(&content)?;
    check_tensors(&content, length)?;
    let chat_template = match content.metadata.get("tokenizer.chat_template") {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    Ok(GgufHeader { content, shape, chat_template })
}

/// candle's message without its backtrace, sanitised.
pub(super) fn describe_candle_error(error: &candle_core::Error) -> String {
    shorten_name(error.to_string().lines().next().unwrap_or_default(), 200)
}

/// Text from the file, sanitised and cut to `max_chars` characters.
fn shorten_name(text: &str, max_chars: usize) -> String {
    sanitize_line(text).chars().take(max_chars).collect()
}

fn check_magic(file: &mut BufReader<File>) -> Result<(), GgufError> {
    let mut head = [0; 8];
    file.read_exact(&mut head).map_err(|_| GgufError::TooShort)?;
    file.rewind()?;
    let [m0, m1, m2, m3, version @ ..] = head;
    if [m0, m1, m2, m3] != *b"GGUF" {
        return Err(GgufError::WrongMagic);
    }
    match u32::from_le_bytes(version) {
        2 | 3 => Ok(()),
        version => Err(GgufError::UnknownVersion(version)),
    }
}

/// The metadata of one architecture.
struct GgufMetadata<'a> {
    content: &'a Content,
    architecture: &'a str,
}

impl GgufMetadata<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(&format!("{}.{key}", self.architecture))
    }

    fn get_usize(&self, key: &str) -> Option<usize> {
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

    /// A number from 1 to `max`.
    fn require_size(&self, key: &str, max: usize) -> Result<usize, GgufError> {
        let name = format!("{}.{key}", self.architecture);
        match self.get_usize(key) {
            None => Err(GgufError::NoSize(name)),
            Some(size) if size == 0 || size > max => {
                Err(GgufError::SizeOutOfRange { key: name, size, max })
            }
            Some(size) => Ok(size),
        }
    }

    fn get_f32(&self, key: &str) -> Option<f32> {
        match self.get(key)? {
            Value::F32(number) if number.is_finite() => Some(*number),
            _ => None,
        }
    }

    fn get_str(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

fn read_shape(content: &Content) -> Result<ModelShape, GgufError> {
    let architecture = match content.metadata.get("general.architecture") {
        Some(Value::String(name)) => name.clone(),
        _ => return Err(GgufError::NoArchitecture),
    };
    let Some((_, rope)) = ARCHITECTURES.iter().find(|(name, _)| *name == architecture) else {
        return Err(GgufError::UnknownArchitecture(shorten_name(&architecture, 40)));
    };
    let metadata = GgufMetadata { content, architecture: &architecture };
    let heads = metadata.require_size("attention.head_count", 1 << 12)?;
    let hidden = metadata.require_size("embedding_length", 1 << 17)?;
    let kv_heads = match metadata.get_usize("attention.head_count_kv") {
        Some(_) => metadata.require_size("attention.head_count_kv", heads)?,
        None => heads,
    };
    let head_size = match metadata.get_usize("attention.key_length") {
        Some(_) => metadata.require_size("attention.key_length", 1 << 12)?,
        None => hidden / heads,
    };
    if heads % kv_heads != 0 || head_size == 0 || head_size % 2 != 0 {
        return Err(GgufError::InvalidHeads { heads, kv_heads, head_size });
    }
    if let Some(rotated) = metadata.get_usize("rope.dimension_count").filter(|n| *n != head_size) {
        return Err(GgufError::PartialRotation { rotated, head_size });
    }
    let rope_scale = match metadata.get_str("rope.scaling.type") {
        None | Some("none") => 1.0,
        Some("linear") => {
            metadata.get_f32("rope.scaling.factor").filter(|f| *f >= 1.0).unwrap_or(1.0)
        }
        Some(other) => return Err(GgufError::UnknownRopeScaling(shorten_name(other, 40))),
    };
    Ok(ModelShape {
        layers: metadata.require_size("block_count", 1 << 10)?,
        hidden,
        feed_forward: metadata.require_size("feed_forward_length", 1 << 20)?,
        heads,
        kv_heads,
        head_size,
        vocabulary: vocabulary_size(content)?,
        context: metadata.require_size("context_length", 1 << 24)?,
        epsilon: metadata.get_f32("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
        rope: *rope,
        rope_base: metadata.get_f32("rope.freq_base").filter(|b| *b > 0.0).unwrap_or(10_000.0),
        rope_scale,
        architecture,
    })
}

fn vocabulary_size(content: &Content) -> Result<usize, GgufError> {
    match content.metadata.get("tokenizer.ggml.tokens") {
        Some(Value::Array(tokens)) if !tokens.is_empty() => Ok(tokens.len()),
        _ => Err(GgufError::NoTokenizer),
    }
}

/// Checks that every tensor has a supported quantisation and ends within the `length` bytes of the file.
fn check_tensors(content: &Content, length: u64) -> Result<(), GgufError> {
    for (name, info) in &content.tensor_infos {
        let name = shorten_name(name, 80);
        let dtype = info.ggml_dtype;
        if !QUANTISATIONS.contains(&dtype) {
            return Err(GgufError::UnsupportedQuantisation { name, dtype });
        }
        let count = info
            .shape
            .dims()
            .iter()
            .try_fold(1_u64, |product, n| product.checked_mul(u64::try_from(*n).ok()?));
        let (block_size, block_bytes) = (dtype.block_size() as u64, dtype.type_size() as u64);
        let end = count
            .and_then(|count| count.div_ceil(block_size).checked_mul(block_bytes))
            .and_then(|bytes| bytes.checked_add(info.offset))
            .and_then(|end| end.checked_add(content.tensor_data_offset));
        match end {
            Some(end) if end <= length => {}
            Some(end) => return Err(GgufError::CutOff { name, end, length }),
            None => return Err(GgufError::ImpossibleSize(name)),
        }
    }
    Ok(())
}
