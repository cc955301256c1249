//! One step of a model: hidden states of a few tokens, of several conversations at once.
//!
//! All rows of a step go through every matrix together: weights are read from memory once for four personas, not four
//! times. Attention is each conversation's own. Architectures `llama`, `qwen2` and `qwen3`: they differ in biases, norms
//! of heads and in how heads are rotated, and the files say which of these they have. Knows no text and no sampling;
//! driven by `engine`.

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::{rms_norm, softmax_last_dim};

use super::gguf::Rope;
use super::kv::{Kv, KvShape};
use super::load::{Layer, Linear, Weights};

/// Positions and sizes of a head are far below what an f32 holds exactly.
#[allow(
    clippy::cast_precision_loss,
    reason = "a context has fewer than 2^24 tokens; gguf checks it"
)]
fn real(n: usize) -> f32 {
    n as f32
}

/// Rows that a step should have at most. From 32 on, candle packs the weights a second time for AMX, which costs
/// gigabytes and gains nothing here.
pub(super) const ROWS: usize = 31;

/// The new tokens of one conversation.
pub(super) struct Span<'a> {
    /// What it remembers; the new tokens are added.
    pub(super) kv: &'a mut Kv,
    /// The new tokens, at least one.
    pub(super) tokens: &'a [u32],
    /// Whether the logits behind the last of them are wanted.
    pub(super) logits: bool,
}

/// What a step brought: for each span the logits that were wanted.
pub(super) type Logits = Vec<Option<Vec<f32>>>;

/// A loaded model.
pub(super) struct Decoder {
    weights: Weights,
    /// Angle a position turns each pair of a head by.
    turns: Vec<f32>,
}

/// Rotation of one row: cosine and sine of each pair.
type Rotation = Vec<(f32, f32)>;

/// What is the same for all layers of a step.
struct Rows {
    rotations: Vec<Rotation>,
    /// For each span what its tokens may not see; none for a single token, which sees all.
    masks: Vec<Option<Tensor>>,
}

impl Decoder {
    /// A decoder of these weights.
    pub(super) fn new(weights: Weights) -> Self {
        let shape = &weights.shape;
        let pairs = shape.head / 2;
        let turns = (0..pairs)
            .map(|pair| {
                let exponent = real(pair) * 2.0 / real(shape.head);
                let factor =
                    weights.rope_factors.as_ref().and_then(|f| f.get(pair)).copied().unwrap_or(1.0);
                shape.rope_base.powf(-exponent) / factor / shape.rope_scale
            })
            .collect();
        Self { weights, turns }
    }

    /// An empty memory for a conversation.
    pub(super) fn kv(&self) -> Kv {
        Kv::new(self.kv_shape())
    }

    /// What a conversation's memory is made of.
    pub(super) fn kv_shape(&self) -> KvShape {
        let shape = &self.weights.shape;
        KvShape { layers: shape.layers, heads: shape.kv_heads, width: shape.head }
    }

    /// One step. None when `stop` said so in the middle of it: then no conversation has changed.
    ///
    /// # Errors
    /// What candle says; conversations are as they were then, too.
    pub(super) fn step(
        &self,
        spans: &mut [Span<'_>],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Logits>> {
        let before: Vec<usize> = spans.iter().map(|span| span.kv.len()).collect();
        let done = self.layers(spans, stop).and_then(|x| match x {
            Some(x) => self.logits(&x, spans).map(Some),
            None => Ok(None),
        });
        for (span, before) in spans.iter_mut().zip(before) {
            match done {
                Ok(Some(_)) => span.kv.advance(span.tokens.len()),
                _ => span.kv.truncate(before),
            }
        }
        done
    }

    fn layers(
        &self,
        spans: &mut [Span<'_>],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Tensor>> {
        let ids: Vec<u32> = spans.iter().flat_map(|span| span.tokens.iter().copied()).collect();
        let rotations: Vec<Rotation> = spans
            .iter()
            .flat_map(|span| (0..span.tokens.len()).map(|n| self.rotation(span.kv.len() + n)))
            .collect();
        let masks = spans.iter().map(|span| mask(span)).collect::<Result<Vec<_>>>()?;
        let rows = Rows { rotations, masks };
        let mut x = self.weights.embedding.rows(&ids)?;
        for (n, layer) in self.weights.layers.iter().enumerate() {
            if stop() {
                return Ok(None);
            }
            let attended = self.attention(n, layer, &x, spans, &rows)?;
            x = (x + attended)?;
            x = (&x + self.feed_forward(layer, &x)?)?;
        }
        Ok(Some(x))
    }

    fn feed_forward(&self, layer: &Layer, x: &Tensor) -> Result<Tensor> {
        let x = rms_norm(x, &layer.feed_forward_norm, self.weights.shape.epsilon)?;
        let gate = layer.gate.forward(&x)?.silu()?;
        layer.down.forward(&(gate * layer.up.forward(&x)?)?)
    }

    fn attention(
        &self,
        n: usize,
        layer: &Layer,
        x: &Tensor,
        spans: &mut [Span<'_>],
        rows: &Rows,
    ) -> Result<Tensor> {
        let shape = &self.weights.shape;
        let x = rms_norm(x, &layer.attention_norm, shape.epsilon)?;
        let norms = layer.head_norms.as_ref();
        let mut queries = self.heads(&layer.query.forward(&x)?, norms.map(|n| &n.0))?;
        let mut keys = self.heads(&layer.key.forward(&x)?, norms.map(|n| &n.1))?;
        let values: Vec<f32> = layer.value.forward(&x)?.flatten_all()?.to_vec1()?;
        self.rotate(&mut queries, shape.heads, &rows.rotations);
        self.rotate(&mut keys, shape.kv_heads, &rows.rotations);
        let (wide, narrow) = (shape.heads * shape.head, shape.kv_width());
        let mut out = Vec::with_capacity(queries.len());
        let mut row = 0;
        for (span, mask) in spans.iter_mut().zip(&rows.masks) {
            let end = row + span.tokens.len();
            let of = |all: &[f32], width: usize| {
                all.get(row * width..end * width).unwrap_or_default().to_vec()
            };
            span.kv.push(n, &of(&keys, narrow), &of(&values, narrow));
            out.extend(self.attend(n, of(&queries, wide), span, mask.as_ref())?);
            row = end;
        }
        layer.output.forward(&Tensor::from_vec(out, (row, wide), &Device::Cpu)?)
    }

    /// Rows as numbers, each head normed where the architecture does that.
    fn heads(&self, rows: &Tensor, norm: Option<&Tensor>) -> Result<Vec<f32>> {
        let Some(norm) = norm else { return rows.flatten_all()?.to_vec1() };
        let heads = rows.reshape(((), self.weights.shape.head))?;
        rms_norm(&heads, norm, self.weights.shape.epsilon)?.flatten_all()?.to_vec1()
    }

    /// Attention of the new tokens of one conversation. Queries that each a head of keys are multiplied together.
    fn attend(
        &self,
        layer: usize,
        queries: Vec<f32>,
        span: &Span<'_>,
        mask: Option<&Tensor>,
    ) -> Result<Vec<f32>> {
        let shape = &self.weights.shape;
        let (groups, each, head) = (shape.kv_heads, shape.heads / shape.kv_heads, shape.head);
        let new = span.tokens.len();
        let all = span.kv.len() + new;
        let (keys, values) = span.kv.read(layer);
        let keys = Tensor::from_vec(keys, (groups, all, head), &Device::Cpu)?;
        let values = Tensor::from_vec(values, (groups, all, head), &Device::Cpu)?;
        let queries = Tensor::from_vec(queries, (new, groups, each, head), &Device::Cpu)?
            .permute((1, 2, 0, 3))?
            .reshape((groups, each * new, head))?;
        let scores = (queries.matmul(&keys.t()?)? / f64::from(real(head)).sqrt())?;
        let scores = match mask {
            Some(mask) => scores
                .reshape((groups * each, new, all))?
                .broadcast_add(mask)?
                .reshape((groups, each * new, all))?,
            None => scores,
        };
        softmax_last_dim(&scores)?
            .matmul(&values)?
            .reshape((groups, each, new, head))?
            .permute((2, 0, 1, 3))?
            .flatten_all()?
            .to_vec1()
    }

    fn rotation(&self, position: usize) -> Rotation {
        self.turns
            .iter()
            .map(|turn| {
                let (sin, cos) = (real(position) * turn).sin_cos();
                (cos, sin)
            })
            .collect()
    }

    /// Turns every head of every row by its position.
    fn rotate(&self, rows: &mut [f32], heads: usize, rotations: &[Rotation]) {
        let head = self.weights.shape.head;
        let halves = self.weights.shape.rope == Rope::Halves;
        for (row, rotation) in rows.chunks_exact_mut(heads * head).zip(rotations) {
            for head in row.chunks_exact_mut(head) {
                if halves {
                    let (left, right) = head.split_at_mut(rotation.len());
                    for ((a, b), turn) in left.iter_mut().zip(right).zip(rotation) {
                        turn_pair(a, b, *turn);
                    }
                } else {
                    for (pair, turn) in head.chunks_exact_mut(2).zip(rotation) {
                        if let [a, b] = pair {
                            turn_pair(a, b, *turn);
                        }
                    }
                }
            }
        }
    }

    fn logits(&self, x: &Tensor, spans: &[Span<'_>]) -> Result<Logits> {
        let mut row = 0_u32;
        let mut wanted = Vec::new();
        for span in spans {
            row += u32::try_from(span.tokens.len()).unwrap_or(u32::MAX);
            if span.logits {
                wanted.push(row - 1);
            }
        }
        if wanted.is_empty() {
            return Ok(spans.iter().map(|_| None).collect());
        }
        let x = x.index_select(&Tensor::new(wanted.as_slice(), &Device::Cpu)?, 0)?;
        let x = rms_norm(&x, &self.weights.norm, self.weights.shape.epsilon)?;
        // Row by row: for several rows candle would pack the largest matrix a second time, a seventh of all memory.
        let mut rows = (0..wanted.len())
            .map(|row| self.weights.head.forward(&x.narrow(0, row, 1)?)?.flatten_all()?.to_vec1())
            .collect::<Result<Vec<Vec<f32>>>>()?
            .into_iter();
        Ok(spans.iter().map(|span| if span.logits { rows.next() } else { None }).collect())
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

fn turn_pair(a: &mut f32, b: &mut f32, (cos, sin): (f32, f32)) {
    let (x, y) = (*a, *b);
    *a = x * cos - y * sin;
    *b = x * sin + y * cos;
}

/// What the new tokens of a span may not see: those behind them.
fn mask(span: &Span<'_>) -> Result<Option<Tensor>> {
    let (new, before) = (span.tokens.len(), span.kv.len());
    if new < 2 {
        return Ok(None);
    }
    let all = before + new;
    let hidden = |row: usize, at: usize| if at > before + row { f32::NEG_INFINITY } else { 0.0 };
    let mask: Vec<f32> = (0..new).flat_map(|row| (0..all).map(move |at| hidden(row, at))).collect();
    Tensor::from_vec(mask, (1, new, all), &Device::Cpu).map(Some)
}
