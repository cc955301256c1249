//! Computes a decoder-only transformer: the logits after a few tokens of several conversations at once.
//!
//! All rows of a step go through every matrix together, so that the weights are read from memory once for all
//! conversations; attention is computed for each conversation separately. The architectures `llama`, `qwen2` and
//! `qwen3` differ in biases, norms of heads and the rotation of heads, all of which follow from the file. Text and
//! sampling are not handled here.

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::{rms_norm, softmax_last_dim};

use super::gguf::Rope;
use super::kv_cache::{KvCache, KvShape};
use super::load_weights::{Linear, TransformerLayer, Weights};

/// Converts a position or the size of a head.
#[allow(
    clippy::cast_precision_loss,
    reason = "a context has fewer than 2^24 tokens; gguf checks it"
)]
fn to_f32(n: usize) -> f32 {
    n as f32
}

/// The most rows that a step should have. From 32 on, candle packs the weights a second time for AMX, which takes
/// gigabytes and is no faster here.
pub(super) const MAX_STEP_ROWS: usize = 31;

/// The new tokens of one conversation.
pub(super) struct TokenBatch<'a> {
    /// The cache of the conversation, to which the new tokens are added.
    pub(super) kv: &'a mut KvCache,
    /// The new tokens, at least one.
    pub(super) tokens: &'a [u32],
    /// Whether the logits after the last token are needed.
    pub(super) needs_logits: bool,
}

/// The result of a step: for each batch its logits, if they are needed.
pub(super) type Logits = Vec<Option<Vec<f32>>>;

/// A loaded network.
pub(super) struct Transformer {
    weights: Weights,
    /// The angle of each pair of a head at position 1, in radians.
    rotation_frequencies: Vec<f32>,
}

/// The rotation of one row: cosine and sine for each pair.
type Rotation = Vec<(f32, f32)>;

/// The inputs that all layers of a step share.
struct StepInputs {
    rotations: Vec<Rotation>,
    /// For each batch a mask of the tokens that each of its tokens cannot see. None for a single token, which sees all.
    masks: Vec<Option<Tensor>>,
}

impl Transformer {
    /// A network with these weights.
    pub(super) fn new(weights: Weights) -> Self {
        let shape = &weights.shape;
        let pairs = shape.head_size / 2;
        let rotation_frequencies = (0..pairs)
            .map(|pair| {
                let exponent = to_f32(pair) * 2.0 / to_f32(shape.head_size);
                let factor =
                    weights.rope_factors.as_ref().and_then(|f| f.get(pair)).copied().unwrap_or(1.0);
                shape.rope_base.powf(-exponent) / factor / shape.rope_scale
            })
            .collect();
        Self { weights, rotation_frequencies }
    }

    /// An empty cache for a conversation.
    pub(super) fn new_kv_cache(&self) -> KvCache {
        KvCache::new(self.kv_shape())
    }

    /// The dimensions of a cache.
    pub(super) fn kv_shape(&self) -> KvShape {
        let shape = &self.weights.shape;
        KvShape { layers: shape.layers, heads: shape.kv_heads, head_size: shape.head_size }
    }

    /// Runs one step. Returns none if `should_stop` returned true at one of the layers; the caches are unchanged then.
    ///
    /// # Errors
    /// candle fails; the caches are unchanged then, too.
    pub(super) fn run_step(
        &self,
        batches: &mut [TokenBatch<'_>],
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Logits>> {
        let lengths_before: Vec<usize> = batches.iter().map(|batch| batch.kv.len()).collect();
        let result = self.run_layers(batches, should_stop).and_then(|hidden| match hidden {
            Some(hidden) => self.compute_logits(&hidden, batches).map(Some),
            None => Ok(None),
        });
        for (batch, length_before) in batches.iter_mut().zip(lengths_before) {
            match result {
                Ok(Some(_)) => batch.kv.count_tokens(batch.tokens.len()),
                _ => batch.kv.truncate(length_before),
            }
        }
        result
    }

    fn run_layers(
        &self,
        batches: &mut [TokenBatch<'_>],
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Tensor>> {
        let ids: Vec<u32> = batches.iter().flat_map(|batch| batch.tokens.iter().copied()).collect();
        let rotations: Vec<Rotation> = batches
            .iter()
            .flat_map(|batch| (0..batch.tokens.len()).map(|n| self.rotation_at(batch.kv.len() + n)))
            .collect();
        let masks = batches.iter().map(|batch| causal_mask(batch)).collect::<Result<Vec<_>>>()?;
        let inputs = StepInputs { rotations, masks };
        let mut hidden = self.weights.embedding.dequantize_rows(&ids)?;
        for (n, layer) in self.weights.layers.iter().enumerate() {
            if should_stop() {
                return Ok(None);
            }
            let attended = self.compute_attention(n, layer, &hidden, batches, &inputs)?;
            hidden = (hidden + attended)?;
            hidden = (&hidden + self.compute_feed_forward(layer, &hidden)?)?;
        }
        Ok(Some(hidden))
    }

    fn compute_feed_forward(&self, layer: &TransformerLayer, x: &Tensor) -> Result<Tensor> {
        let x = rms_norm(x, &layer.feed_forward_norm, self.weights.shape.epsilon)?;
        let gate = layer.gate.forward(&x)?.silu()?;
        layer.down.forward(&(gate * layer.up.forward(&x)?)?)
    }

    fn compute_attention(
        &self,
        n: usize,
        layer: &TransformerLayer,
        x: &Tensor,
        batches: &mut [TokenBatch<'_>],
        inputs: &StepInputs,
    ) -> Result<Tensor> {
        let shape = &self.weights.shape;
        let x = rms_norm(x, &layer.attention_norm, shape.epsilon)?;
        let norms = layer.head_norms.as_ref();
        let mut queries = self.normalize_heads(&layer.query.forward(&x)?, norms.map(|n| &n.0))?;
        let mut keys = self.normalize_heads(&layer.key.forward(&x)?, norms.map(|n| &n.1))?;
        let values: Vec<f32> = layer.value.forward(&x)?.flatten_all()?.to_vec1()?;
        self.rotate_rows(&mut queries, shape.heads, &inputs.rotations);
        self.rotate_rows(&mut keys, shape.kv_heads, &inputs.rotations);
        let (query_width, kv_width) = (shape.heads * shape.head_size, shape.kv_width());
        let mut out = Vec::with_capacity(queries.len());
        let mut row = 0;
        for (batch, mask) in batches.iter_mut().zip(&inputs.masks) {
            let end = row + batch.tokens.len();
            let batch_rows = |all: &[f32], width: usize| {
                all.get(row * width..end * width).unwrap_or_default().to_vec()
            };
            let (keys, values) = (batch_rows(&keys, kv_width), batch_rows(&values, kv_width));
            batch.kv.append_to_layer(n, &keys, &values);
            out.extend(self.attend(n, batch_rows(&queries, query_width), batch, mask.as_ref())?);
            row = end;
        }
        layer.output.forward(&Tensor::from_vec(out, (row, query_width), &Device::Cpu)?)
    }

    /// The numbers of `rows`, each head normalised where the architecture requires it.
    fn normalize_heads(&self, rows: &Tensor, norm: Option<&Tensor>) -> Result<Vec<f32>> {
        let Some(norm) = norm else { return rows.flatten_all()?.to_vec1() };
        let heads = rows.reshape(((), self.weights.shape.head_size))?;
        rms_norm(&heads, norm, self.weights.shape.epsilon)?.flatten_all()?.to_vec1()
    }

    /// Computes the attention of the new tokens of one conversation. All queries that share a head of keys are
    /// multiplied together.
    fn attend(
        &self,
        layer: usize,
        queries: Vec<f32>,
        batch: &TokenBatch<'_>,
        mask: Option<&Tensor>,
    ) -> Result<Vec<f32>> {
        let shape = &self.weights.shape;
        let (groups, group_size) = (shape.kv_heads, shape.heads / shape.kv_heads);
        let head_size = shape.head_size;
        let new = batch.tokens.len();
        let all = batch.kv.len() + new;
        let (keys, values) = batch.kv.read_layer(layer);
        let keys = Tensor::from_vec(keys, (groups, all, head_size), &Device::Cpu)?;
        let values = Tensor::from_vec(values, (groups, all, head_size), &Device::Cpu)?;
        let queries =
            Tensor::from_vec(queries, (new, groups, group_size, head_size), &Device::Cpu)?
                .permute((1, 2, 0, 3))?
                .reshape((groups, group_size * new, head_size))?;
        let scores = (queries.matmul(&keys.t()?)? / f64::from(to_f32(head_size)).sqrt())?;
        let scores = match mask {
            Some(mask) => scores
                .reshape((groups * group_size, new, all))?
                .broadcast_add(mask)?
                .reshape((groups, group_size * new, all))?,
            None => scores,
        };
        softmax_last_dim(&scores)?
            .matmul(&values)?
            .reshape((groups, group_size, new, head_size))?
            .permute((2, 0, 1, 3))?
            .flatten_all()?
            .to_vec1()
    }

    fn rotation_at(&self, position: usize) -> Rotation {
        self.rotation_frequencies
            .iter()
            .map(|frequency| {
                let (sin, cos) = (to_f32(position) * frequency).sin_cos();
                (cos, sin)
            })
            .collect()
    }

    /// Rotates every head of every row.
    fn rotate_rows(&self, rows: &mut [f32], heads: usize, rotations: &[Rotation]) {
        let head_size = self.weights.shape.head_size;
        let uses_halves = self.weights.shape.rope == Rope::Halves;
        for (row, rotation) in rows.chunks_exact_mut(heads * head_size).zip(rotations) {
            for head in row.chunks_exact_mut(head_size) {
                if uses_halves {
                    let (left, right) = head.split_at_mut(rotation.len());
                    for ((a, b), angle) in left.iter_mut().zip(right).zip(rotation) {
                        rotate_pair(a, b, *angle);
                    }
                } else {
                    for (pair, angle) in head.chunks_exact_mut(2).zip(rotation) {
                        if let [a, b] = pair {
                            rotate_pair(a, b, *angle);
                        }
                    }
                }
            }
        }
    }

    fn compute_logits(&self, hidden: &Tensor, batches: &[TokenBatch<'_>]) -> Result<Logits> {
        let mut row = 0_u32;
        let mut needed_rows = Vec::new();
        for batch in batches {
            row += u32::try_from(batch.tokens.len()).unwrap_or(u32::MAX);
            if batch.needs_logits {
                needed_rows.push(row - 1);
            }
        }
        if needed_rows.is_empty() {
            return Ok(batches.iter().map(|_| None).collect());
        }
        let x = hidden.index_select(&Tensor::new(needed_rows.as_slice(), &Device::Cpu)?, 0)?;
        let x = rms_norm(&x, &self.weights.norm, self.weights.shape.epsilon)?;
        // Row by row: for several rows, candle would pack the largest matrix a second time, a seventh of all memory.
        let output = &self.weights.output;
        let mut rows = (0..needed_rows.len())
            .map(|row| output.forward(&x.narrow(0, row, 1)?)?.flatten_all()?.to_vec1())
            .collect::<Result<Vec<Vec<f32>>>>()?
            .into_iter();
        let next_if_needed =
            |batch: &TokenBatch<'_>| if batch.needs_logits { rows.next() } else { None };
        Ok(batches.iter().map(next_if_needed).collect())
    }
}

impl Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let product = self.weight.forward(x)?;
        match &self.bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }
}

fn rotate_pair(a: &mut f32, b: &mut f32, (cos, sin): (f32, f32)) {
    let (x, y) = (*a, *b);
    *a = x * cos - y * sin;
    *b = x * sin + y * cos;
}

/// Hides from each new token of a batch the tokens after it.
fn causal_mask(batch: &TokenBatch<'_>) -> Result<Option<Tensor>> {
    let (new, before) = (batch.tokens.len(), batch.kv.len());
    if new < 2 {
        return Ok(None);
    }
    let all = before + new;
    let bias = |row: usize, column: usize| {
        if column > before + row { f32::NEG_INFINITY } else { 0.0 }
    };
    let mask: Vec<f32> =
        (0..new).flat_map(|row| (0..all).map(move |column| bias(row, column))).collect();
    Tensor::from_vec(mask, (1, new, all), &Device::Cpu).map(Some)
}
