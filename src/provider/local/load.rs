//! Weights in memory: the tensors of a GGUF file, named and checked, one set for all personas.
//!
//! Read once, with plain reads (a memory map would need `unsafe`, and a file that shrinks would kill the program).
//! Quantisations that candle computes without SIMD are turned into `Q8_0` and kept in the cache folder; whatever is wrong
//! with that folder costs time, never an answer. Used by `engine`.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Content};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};

use super::gguf::{self, Head, Shape};
use super::identity::Identity;
use super::matrix::Matrix;

/// What candle computes number by number on x86-64, and many times faster as `Q8_0`, which loses next to nothing.
const SCALAR: &[GgmlDType] = &[GgmlDType::Q4_1, GgmlDType::Q5_0, GgmlDType::Q5_1];

/// A matrix, and what is added to its product.
pub(super) struct Linear {
    /// The matrix.
    pub(super) weight: Matrix,
    /// What is added.
    pub(super) bias: Option<Tensor>,
}

/// One layer.
pub(super) struct Layer {
    pub(super) attention_norm: Tensor,
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    /// Norms of single heads, where the architecture has them.
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
    pub(super) shape: Shape,
    /// One row a token; rows are turned into numbers only as they are looked up.
    pub(super) embedding: Matrix,
    /// The layers.
    pub(super) layers: Vec<Layer>,
    /// The last norm.
    pub(super) norm: Tensor,
    /// From a hidden state to one number a token; often the embedding.
    pub(super) head: Matrix,
    /// Divisors of the rotation's frequencies, where the file has them (Llama 3).
    pub(super) rope_factors: Option<Vec<f32>>,
}

/// Loads the weights of the file at `path`, whose head was read before, in `bands` bands: as many as there are cores.
pub(super) fn load(
    path: &Path,
    head: &Head,
    cache: &Path,
    identity: &Identity,
    bands: usize,
) -> Result<Weights, String> {
    let wrong = |what: String| format!("{}: {what}", path.display());
    let file = File::open(path).map_err(|e| wrong(e.to_string()))?;
    let requantised = Requantised::open(cache, identity);
    let mut reader =
        Reader { content: &head.content, file: BufReader::new(file), requantised, bands };
    let weights = reader.weights(&head.shape).map_err(wrong)?;
    reader.requantised.keep();
    Ok(weights)
}

struct Reader<'a> {
    content: &'a Content,
    file: BufReader<File>,
    requantised: Requantised,
    bands: usize,
}

impl Reader<'_> {
    fn weights(&mut self, shape: &Shape) -> Result<Weights, String> {
        let embedding = self.matrix("token_embd.weight", (shape.vocabulary, shape.hidden))?;
        let layers = (0..shape.layers).map(|n| self.layer(n, shape)).collect::<Result<_, _>>()?;
        let head = if self.has("output.weight") {
            self.matrix("output.weight", (shape.vocabulary, shape.hidden))?
        } else {
            embedding.clone()
        };
        let rope_factors = if self.has("rope_freqs.weight") {
            let factors = self.vector("rope_freqs.weight", shape.head / 2)?;
            Some(factors.to_vec1().map_err(|e| gguf::words(&e))?)
        } else {
            None
        };
        Ok(Weights {
            shape: shape.clone(),
            embedding,
            layers,
            norm: self.vector("output_norm.weight", shape.hidden)?,
            head,
            rope_factors,
        })
    }

    fn layer(&mut self, n: usize, shape: &Shape) -> Result<Layer, String> {
        let (hidden, wide) = (shape.hidden, shape.feed_forward);
        let (queries, keys) = (shape.heads * shape.head, shape.kv_width());
        let head_norms = if self.has(&format!("blk.{n}.attn_q_norm.weight")) {
            Some((
                self.vector(&format!("blk.{n}.attn_q_norm.weight"), shape.head)?,
                self.vector(&format!("blk.{n}.attn_k_norm.weight"), shape.head)?,
            ))
        } else {
            None
        };
        Ok(Layer {
            attention_norm: self.vector(&format!("blk.{n}.attn_norm.weight"), hidden)?,
            query: self.linear(&format!("blk.{n}.attn_q"), (queries, hidden))?,
            key: self.linear(&format!("blk.{n}.attn_k"), (keys, hidden))?,
            value: self.linear(&format!("blk.{n}.attn_v"), (keys, hidden))?,
            head_norms,
            output: self.linear(&format!("blk.{n}.attn_output"), (hidden, queries))?,
            feed_forward_norm: self.vector(&format!("blk.{n}.ffn_norm.weight"), hidden)?,
            gate: self.linear(&format!("blk.{n}.ffn_gate"), (wide, hidden))?,
            up: self.linear(&format!("blk.{n}.ffn_up"), (wide, hidden))?,
            down: self.linear(&format!("blk.{n}.ffn_down"), (hidden, wide))?,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    fn linear(&mut self, name: &str, size: (usize, usize)) -> Result<Linear, String> {
        let weight = self.matrix(&format!("{name}.weight"), size)?;
        let bias = format!("{name}.bias");
        let bias = if self.has(&bias) { Some(self.vector(&bias, size.0)?) } else { None };
        Ok(Linear { weight, bias })
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor, String> {
        self.expect(name, &[length])?;
        let read = self.content.tensor(&mut self.file, name, &Device::Cpu);
        read.and_then(|tensor| tensor.dequantize(&Device::Cpu)).map_err(|e| gguf::words(&e))
    }

    fn matrix(&mut self, name: &str, size: (usize, usize)) -> Result<Matrix, String> {
        let whole = self.whole(name, size)?;
        Matrix::new(whole, self.bands).map_err(|e| gguf::words(&e))
    }

    fn whole(&mut self, name: &str, size: (usize, usize)) -> Result<QTensor, String> {
        self.expect(name, &[size.0, size.1])?;
        let scalar = self
            .content
            .tensor_infos
            .get(name)
            .is_some_and(|info| SCALAR.contains(&info.ggml_dtype));
        if scalar && let Some(kept) = self.requantised.get(name, size) {
            return Ok(kept);
        }
        let mut read = || -> candle_core::Result<QTensor> {
            let tensor = self.content.tensor(&mut self.file, name, &Device::Cpu)?;
            if !scalar {
                return Ok(tensor);
            }
            QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)
        };
        let tensor = read().map_err(|e| gguf::words(&e))?;
        if scalar {
            let copy = tensor.data().and_then(|data| {
                let storage = QStorage::Cpu(tensor.dtype().from_data(data));
                QTensor::new(storage, tensor.shape())
            });
            self.requantised.made.push((name.to_owned(), copy.map_err(|e| gguf::words(&e))?));
        }
        Ok(tensor)
    }

    fn expect(&self, name: &str, dims: &[usize]) -> Result<(), String> {
        let Some(info) = self.content.tensor_infos.get(name) else {
            return Err(format!("tensor {name} is missing"));
        };
        let found = info.shape.dims();
        if found == dims {
            return Ok(());
        }
        Err(format!("tensor {name} has the size {found:?}; expected {dims:?}"))
    }
}

/// The cache of tensors that were turned into `Q8_0`: a GGUF file of nothing but those.
struct Requantised {
    /// Where it lies; none when there is no cache folder.
    path: Option<PathBuf>,
    have: Option<(Content, BufReader<File>)>,
    made: Vec<(String, QTensor)>,
}

impl Requantised {
    fn open(cache: &Path, identity: &Identity) -> Self {
        let usable = !cache.as_os_str().is_empty();
        let path = usable.then(|| cache.join("requantised").join(format!("{identity}.gguf")));
        let have = path.as_deref().and_then(|path| {
            let mut file = BufReader::new(File::open(path).ok()?);
            let content =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Content::read(&mut file)));
            Some((content.ok()?.ok()?, file))
        });
        Self { path, have, made: Vec::new() }
    }

    fn get(&mut self, name: &str, size: (usize, usize)) -> Option<QTensor> {
        let (content, file) = self.have.as_mut()?;
        let info = content.tensor_infos.get(name)?;
        if info.ggml_dtype != GgmlDType::Q8_0 || info.shape.dims() != [size.0, size.1] {
            return None;
        }
        content.tensor(file, name, &Device::Cpu).ok()
    }

    /// Writes what had to be made. It is only a cache: what goes wrong is a line in the log.
    fn keep(self) {
        let Some(path) = self.path.filter(|_| !self.made.is_empty()) else { return };
        if let Err(e) = write(&path, &self.made) {
            tracing::warn!("{}: requantised weights are not kept: {e}", path.display());
        }
    }
}

fn write(path: &Path, tensors: &[(String, QTensor)]) -> Result<(), String> {
    let text = |e: std::io::Error| e.to_string();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(text)?;
    }
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let tensors: Vec<(&str, &QTensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut file = std::io::BufWriter::new(File::create(&part).map_err(text)?);
    let written = gguf_file::write(&mut file, &[], &tensors)
        .map_err(|e| gguf::words(&e))
        .and_then(|()| file.into_inner().map_err(|e| e.to_string()))
        .and_then(|file| file.sync_all().map_err(text))
        .and_then(|()| fs::rename(&part, path).map_err(text));
    if written.is_err() {
        // Nothing to be done about what cannot be removed either.
        fs::remove_file(&part).unwrap_or_default();
    }
    written
}
