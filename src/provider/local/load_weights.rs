//! Loads the tensors of a GGUF file into memory, once for all personas.
//!
//! The file is read, not mapped: a memory map would need `unsafe`, and a file that shrinks would kill the program.
//! Quantisations that candle computes without SIMD are converted to `Q8_0` and kept in the cache folder. Errors in that
//! folder cost time, never an answer.

use std::fs::{self, File};
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Content};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};

use super::banded_matrix::BandedMatrix;
use super::file_identity::FileIdentity;
use super::gguf::{GgufError, GgufHeader, ModelShape};
use crate::machine::AtomicFile;

/// Quantisations for which candle has no SIMD kernel on x86-64. They are many times faster as `Q8_0`, with almost the
/// same results.
const SCALAR_QUANTISATIONS: &[GgmlDType] = &[GgmlDType::Q4_1, GgmlDType::Q5_0, GgmlDType::Q5_1];

/// A linear map: a matrix and a bias.
pub(super) struct Linear {
    /// The matrix.
    pub(super) weight: BandedMatrix,
    /// Added to the product.
    pub(super) bias: Option<Tensor>,
}

/// The weights of one layer.
pub(super) struct TransformerLayer {
    pub(super) attention_norm: Tensor,
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    /// Norms of the heads of queries and keys, where the architecture has them.
    pub(super) head_norms: Option<(Tensor, Tensor)>,
    pub(super) output: Linear,
    pub(super) feed_forward_norm: Tensor,
    pub(super) gate: Linear,
    pub(super) up: Linear,
    pub(super) down: Linear,
}

/// All weights of a model.
pub(super) struct Weights {
    /// The sizes.
    pub(super) shape: ModelShape,
    /// One row for each token.
    pub(super) embedding: BandedMatrix,
    /// The layers.
    pub(super) layers: Vec<TransformerLayer>,
    /// The last norm.
    pub(super) norm: Tensor,
    /// Maps a hidden state to logits; in many models the same as the embedding.
    pub(super) output: BandedMatrix,
    /// Divisors of the rotation frequencies, where the file has them (Llama 3).
    pub(super) rope_factors: Option<Vec<f32>>,
}

/// Loads the weights of the file at `path` with this header. Matrices are cut into at most `bands` bands, one for each
/// core.
pub(super) fn load_weights(
    path: &Path,
    header: &GgufHeader,
    cache: &Path,
    identity: &FileIdentity,
    bands: usize,
) -> Result<Weights, GgufError> {
    let file = BufReader::new(File::open(path)?);
    let requantised = RequantisedCache::open(cache, identity);
    let mut reader = TensorReader { content: &header.content, file, requantised, bands };
    let weights = reader.read_weights(&header.shape)?;
    reader.requantised.save();
    Ok(weights)
}

struct TensorReader<'a> {
    content: &'a Content,
    file: BufReader<File>,
    requantised: RequantisedCache,
    bands: usize,
}

impl TensorReader<'_> {
    fn read_weights(&mut self, shape: &ModelShape) -> Result<Weights, GgufError> {
        let embedding = self.read_matrix("token_embd.weight", (shape.vocabulary, shape.hidden))?;
        let layers =
            (0..shape.layers).map(|n| self.read_layer(n, shape)).collect::<Result<_, _>>()?;
        let output = if self.has_tensor("output.weight") {
            self.read_matrix("output.weight", (shape.vocabulary, shape.hidden))?
        } else {
            embedding.clone()
        };
        let rope_factors = if self.has_tensor("rope_freqs.weight") {
            Some(self.read_vector("rope_freqs.weight", shape.head_size / 2)?.to_vec1()?)
        } else {
            None
        };
        Ok(Weights {
            shape: shape.clone(),
            embedding,
            layers,
            norm: self.read_vector("output_norm.weight", shape.hidden)?,
            output,
            rope_factors,
        })
    }

    fn read_layer(&mut self, n: usize, shape: &ModelShape) -> Result<TransformerLayer, GgufError> {
        let (hidden, wide) = (shape.hidden, shape.feed_forward);
        let (queries, keys) = (shape.heads * shape.head_size, shape.kv_width());
        let head_norms = if self.has_tensor(&format!("blk.{n}.attn_q_norm.weight")) {
            Some((
                self.read_vector(&format!("blk.{n}.attn_q_norm.weight"), shape.head_size)?,
                self.read_vector(&format!("blk.{n}.attn_k_norm.weight"), shape.head_size)?,
            ))
        } else {
            None
        };
        Ok(TransformerLayer {
            attention_norm: self.read_vector(&format!("blk.{n}.attn_norm.weight"), hidden)?,
            query: self.read_linear(&format!("blk.{n}.attn_q"), (queries, hidden))?,
            key: self.read_linear(&format!("blk.{n}.attn_k"), (keys, hidden))?,
            value: self.read_linear(&format!("blk.{n}.attn_v"), (keys, hidden))?,
            head_norms,
            output: self.read_linear(&format!("blk.{n}.attn_output"), (hidden, queries))?,
            feed_forward_norm: self.read_vector(&format!("blk.{n}.ffn_norm.weight"), hidden)?,
            gate: self.read_linear(&format!("blk.{n}.ffn_gate"), (wide, hidden))?,
            up: self.read_linear(&format!("blk.{n}.ffn_up"), (wide, hidden))?,
            down: self.read_linear(&format!("blk.{n}.ffn_down"), (hidden, wide))?,
        })
    }

    fn has_tensor(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    fn read_linear(&mut self, name: &str, size: (usize, usize)) -> Result<Linear, GgufError> {
        let weight = self.read_matrix(&format!("{name}.weight"), size)?;
        let bias = format!("{name}.bias");
        let bias =
            if self.has_tensor(&bias) { Some(self.read_vector(&bias, size.0)?) } else { None };
        Ok(Linear { weight, bias })
    }

    fn read_vector(&mut self, name: &str, length: usize) -> Result<Tensor, GgufError> {
        self.check_dims(name, &[length])?;
        let tensor = self.content.tensor(&mut self.file, name, &Device::Cpu)?;
        Ok(tensor.dequantize(&Device::Cpu)?)
    }

    fn read_matrix(&mut self, name: &str, size: (usize, usize)) -> Result<BandedMatrix, GgufError> {
        let tensor = self.read_tensor(name, size)?;
        Ok(BandedMatrix::new(tensor, self.bands)?)
    }

    /// Reads a matrix in one piece, requantised if necessary.
    fn read_tensor(&mut self, name: &str, size: (usize, usize)) -> Result<QTensor, GgufError> {
        self.check_dims(name, &[size.0, size.1])?;
        let infos = &self.content.tensor_infos;
        let is_scalar =
            infos.get(name).is_some_and(|info| SCALAR_QUANTISATIONS.contains(&info.ggml_dtype));
        if is_scalar && let Some(cached) = self.requantised.get(name, size) {
            return Ok(cached);
        }
        let tensor = self.content.tensor(&mut self.file, name, &Device::Cpu)?;
        if !is_scalar {
            return Ok(tensor);
        }
        let tensor = QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)?;
        let storage = QStorage::Cpu(tensor.dtype().from_data(tensor.data()?));
        let copy = QTensor::new(storage, tensor.shape())?;
        self.requantised.added.push((name.to_owned(), copy));
        Ok(tensor)
    }

    fn check_dims(&self, name: &str, expected: &[usize]) -> Result<(), GgufError> {
        let Some(info) = self.content.tensor_infos.get(name) else {
            return Err(GgufError::NoTensor(name.to_owned()));
        };
        let found = info.shape.dims();
        if found == expected {
            return Ok(());
        }
        Err(GgufError::WrongShape {
            name: name.to_owned(),
            found: found.to_vec(),
            expected: expected.to_vec(),
        })
    }
}

/// The cache of requantised tensors: a GGUF file that contains nothing else.
struct RequantisedCache {
    /// None when there is no cache folder.
    path: Option<PathBuf>,
    cached: Option<(Content, BufReader<File>)>,
    /// Tensors that were requantised because they were not cached.
    added: Vec<(String, QTensor)>,
}

impl RequantisedCache {
    fn open(cache: &Path, identity: &FileIdentity) -> Self {
        let has_cache = !cache.as_os_str().is_empty();
        let path = has_cache.then(|| cache.join("requantised").join(format!("{identity}.gguf")));
        let cached = path.as_deref().and_then(|path| {
            let mut file = BufReader::new(File::open(path).ok()?);
            let content =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Content::read(&mut file)));
            Some((content.ok()?.ok()?, file))
        });
        Self { path, cached, added: Vec::new() }
    }

    fn get(&mut self, name: &str, size: (usize, usize)) -> Option<QTensor> {
        let (content, file) = self.cached.as_mut()?;
        let info = content.tensor_infos.get(name)?;
        if info.ggml_dtype != GgmlDType::Q8_0 || info.shape.dims() != [size.0, size.1] {
            return None;
        }
        content.tensor(file, name, &Device::Cpu).ok()
    }

    /// Writes the cache if there are new tensors. Errors are only logged.
    fn save(self) {
        let Some(path) = self.path.filter(|_| !self.added.is_empty()) else { return };
        if let Err(error) = write_tensors(&path, &self.added) {
            tracing::warn!("{}: requantised weights are not kept: {error}", path.display());
        }
    }
}

/// Writes a GGUF file of `tensors` completely or not at all.
fn write_tensors(path: &Path, tensors: &[(String, QTensor)]) -> Result<(), GgufError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let tensors: Vec<(&str, &QTensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut file = AtomicFile::create(path, 0o600)?;
    let mut buffered = io::BufWriter::new(file.file_mut());
    gguf_file::write(&mut buffered, &[], &tensors)?;
    buffered.flush()?;
    drop(buffered);
    Ok(file.replace_target()?)
}
