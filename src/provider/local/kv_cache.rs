//! The attention keys and values of one conversation, as f16.
//!
//! The cache grows at its end and can be cut there: a follow-up continues it, an empty section is cut off, and a
//! snapshot copies its beginning.

use half::f16;
use half::slice::HalfFloatSliceExt as _;

/// Keys and values of one head of one layer, `head_size` numbers a token each. Heads are stored separately because
/// attention multiplies head by head.
#[derive(Debug, Clone, Default, PartialEq)]
struct KvHead {
    keys: Vec<f16>,
    values: Vec<f16>,
}

/// The keys and values of one conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KvCache {
    /// The heads of all layers, `heads_per_layer` each.
    heads: Vec<KvHead>,
    heads_per_layer: usize,
    head_size: usize,
    tokens: usize,
}

/// The dimensions of a [`KvCache`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KvShape {
    /// Number of layers.
    pub(super) layers: usize,
    /// Heads of keys and values in a layer.
    pub(super) heads: usize,
    /// Numbers in a head.
    pub(super) head_size: usize,
}

impl KvCache {
    /// An empty cache.
    pub(super) fn new(shape: KvShape) -> Self {
        Self {
            heads: vec![KvHead::default(); shape.layers * shape.heads],
            heads_per_layer: shape.heads,
            head_size: shape.head_size,
            tokens: 0,
        }
    }

    /// Number of tokens.
    pub(super) fn len(&self) -> usize {
        self.tokens
    }

    /// Size in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.heads.len() * self.tokens * self.head_size * 2 * size_of::<f16>()
    }

    /// Removes all but the first `tokens` tokens.
    pub(super) fn truncate(&mut self, tokens: usize) {
        self.tokens = self.tokens.min(tokens);
        let numbers = self.tokens * self.head_size;
        for head in &mut self.heads {
            head.keys.truncate(numbers);
            head.values.truncate(numbers);
        }
    }

    /// A copy of the first `tokens` tokens.
    pub(super) fn copy_prefix(&self, tokens: usize) -> Self {
        let tokens = tokens.min(self.tokens);
        let numbers = tokens * self.head_size;
        let copy = |all: &[f16]| all.get(..numbers).unwrap_or_default().to_vec();
        let heads = self
            .heads
            .iter()
            .map(|head| KvHead { keys: copy(&head.keys), values: copy(&head.values) })
            .collect();
        Self { heads, heads_per_layer: self.heads_per_layer, head_size: self.head_size, tokens }
    }

    /// Appends keys and values of new tokens to one layer, the heads of each token side by side. When all layers have
    /// the tokens, [`KvCache::count_tokens`] must follow.
    pub(super) fn append_to_layer(&mut self, layer: usize, keys: &[f32], values: &[f32]) {
        let first = layer * self.heads_per_layer;
        let Some(heads) = self.heads.get_mut(first..first + self.heads_per_layer) else { return };
        let row = self.heads_per_layer * self.head_size;
        for (keys, values) in keys.chunks_exact(row).zip(values.chunks_exact(row)) {
            let head_rows =
                keys.chunks_exact(self.head_size).zip(values.chunks_exact(self.head_size));
            for (head, (keys, values)) in heads.iter_mut().zip(head_rows) {
                append_as_f16(&mut head.keys, keys);
                append_as_f16(&mut head.values, values);
            }
        }
    }

    /// Counts tokens that were appended to every layer.
    pub(super) fn count_tokens(&mut self, tokens: usize) {
        self.tokens += tokens;
    }

    /// Keys and values of a layer as f32, head after head, including tokens that are not counted yet.
    pub(super) fn read_layer(&self, layer: usize) -> (Vec<f32>, Vec<f32>) {
        let first = layer * self.heads_per_layer;
        let heads = self.heads.get(first..first + self.heads_per_layer).unwrap_or_default();
        let numbers = heads.iter().map(|head| head.keys.len()).sum();
        let (mut keys, mut values) = (vec![0.0; numbers], vec![0.0; numbers]);
        let mut at = 0;
        for head in heads {
            let end = at + head.keys.len();
            if let (Some(keys), Some(values)) = (keys.get_mut(at..end), values.get_mut(at..end)) {
                head.keys.convert_to_f32_slice(keys);
                head.values.convert_to_f32_slice(values);
            }
            at = end;
        }
        (keys, values)
    }

    /// All numbers, head after head, keys before values.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[f16]> {
        self.heads.iter().flat_map(|head| [head.keys.as_slice(), head.values.as_slice()])
    }

    /// The inverse of [`KvCache::parts`]. None when the parts do not fit `tokens` tokens of this shape.
    pub(super) fn from_parts(
        shape: KvShape,
        tokens: usize,
        parts: impl IntoIterator<Item = Vec<f16>>,
    ) -> Option<Self> {
        let mut kv = Self::new(shape);
        let mut parts = parts.into_iter();
        for head in &mut kv.heads {
            head.keys = parts.next()?;
            head.values = parts.next()?;
            if head.keys.len() != tokens * kv.head_size
                || head.values.len() != tokens * kv.head_size
            {
                return None;
            }
        }
        kv.tokens = tokens;
        parts.next().is_none().then_some(kv)
    }
}

fn append_as_f16(to: &mut Vec<f16>, numbers: &[f32]) {
    let start = to.len();
    to.resize(start + numbers.len(), f16::ZERO);
    if let Some(end) = to.get_mut(start..) {
        end.convert_from_f32_slice(numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: KvShape = KvShape { layers: 2, heads: 2, head_size: 1 };

    fn filled_cache(tokens: u8) -> KvCache {
        let mut kv = KvCache::new(SHAPE);
        for token in 0..tokens {
            let x = f32::from(token);
            for layer in 0..2 {
                kv.append_to_layer(layer, &[x, -x], &[x + 0.5, 1.0]);
            }
            kv.count_tokens(1);
        }
        kv
    }

    #[test]
    fn truncating_restores_the_earlier_cache() {
        let mut kv = filled_cache(5);
        kv.truncate(3);
        assert_eq!(kv, filled_cache(3));
        assert_eq!(filled_cache(5).copy_prefix(3), filled_cache(3));
        assert_eq!(filled_cache(2).copy_prefix(9), filled_cache(2));
        kv.truncate(9);
        assert_eq!(kv.len(), 3);
        assert_eq!(kv.bytes(), 2 * 2 * 3 * 2 * 2);
    }

    #[test]
    fn a_layer_is_read_head_after_head() {
        let (keys, values) = filled_cache(2).read_layer(1);
        assert_eq!((keys, values), (vec![0.0, 1.0, 0.0, -1.0], vec![0.5, 1.5, 1.0, 1.0]));
    }

    #[test]
    fn parts_of_the_wrong_size_are_rejected() {
        let kv = filled_cache(3);
        let parts = || kv.parts().map(<[f16]>::to_vec).collect::<Vec<_>>();
        assert_eq!(KvCache::from_parts(SHAPE, 3, parts()), Some(kv.clone()));
        assert_eq!(KvCache::from_parts(SHAPE, 4, parts()), None);
        for layers in [1, 3] {
            assert_eq!(KvCache::from_parts(KvShape { layers, ..SHAPE }, 3, parts()), None);
        }
    }
}
