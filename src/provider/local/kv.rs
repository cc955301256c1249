//! Keys and values of one conversation, as f16: what a decoder remembers of the tokens it has seen.
//!
//! A list that grows at its end and may be cut there: a follow-up continues it, a section that came out empty is taken
//! back, a snapshot is a copy of its beginning. Knows no model; `decoder` writes and reads it.

use half::f16;
use half::slice::HalfFloatSliceExt as _;

/// Keys and values of one head of one layer, `width` numbers a token each. Heads lie apart because attention multiplies
/// head by head.
#[derive(Debug, Clone, Default, PartialEq)]
struct Head {
    keys: Vec<f16>,
    values: Vec<f16>,
}

/// Keys and values of one conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kv {
    /// Of all layers, `per_layer` each.
    heads: Vec<Head>,
    per_layer: usize,
    width: usize,
    tokens: usize,
}

/// What a conversation's memory is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KvShape {
    /// Layers.
    pub(super) layers: usize,
    /// Heads of keys and values in a layer.
    pub(super) heads: usize,
    /// Numbers in a head.
    pub(super) width: usize,
}

impl Kv {
    /// An empty one.
    pub(super) fn new(shape: KvShape) -> Self {
        Self {
            heads: vec![Head::default(); shape.layers * shape.heads],
            per_layer: shape.heads,
            width: shape.width,
            tokens: 0,
        }
    }

    /// Tokens that it holds.
    pub(super) fn len(&self) -> usize {
        self.tokens
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.heads.len() * self.tokens * self.width * 2 * size_of::<f16>()
    }

    /// Forgets all but the first `tokens` tokens.
    pub(super) fn truncate(&mut self, tokens: usize) {
        self.tokens = self.tokens.min(tokens);
        let numbers = self.tokens * self.width;
        for head in &mut self.heads {
            head.keys.truncate(numbers);
            head.values.truncate(numbers);
        }
    }

    /// A copy of the first `tokens` tokens.
    pub(super) fn prefix(&self, tokens: usize) -> Self {
        let tokens = tokens.min(self.tokens);
        let numbers = tokens * self.width;
        let cut = |all: &[f16]| all.get(..numbers).unwrap_or_default().to_vec();
        let heads = self
            .heads
            .iter()
            .map(|head| Head { keys: cut(&head.keys), values: cut(&head.values) })
            .collect();
        Self { heads, per_layer: self.per_layer, width: self.width, tokens }
    }

    /// Adds keys and values of new tokens to one layer, a token's heads side by side; [`Kv::advance`] counts them once all
    /// layers have them.
    pub(super) fn push(&mut self, layer: usize, keys: &[f32], values: &[f32]) {
        let first = layer * self.per_layer;
        let Some(heads) = self.heads.get_mut(first..first + self.per_layer) else { return };
        let row = self.per_layer * self.width;
        for (keys, values) in keys.chunks_exact(row).zip(values.chunks_exact(row)) {
            let of_heads = keys.chunks_exact(self.width).zip(values.chunks_exact(self.width));
            for (head, (keys, values)) in heads.iter_mut().zip(of_heads) {
                append(&mut head.keys, keys);
                append(&mut head.values, values);
            }
        }
    }

    /// Counts `tokens` that every layer has got.
    pub(super) fn advance(&mut self, tokens: usize) {
        self.tokens += tokens;
    }

    /// Keys and values of a layer as f32, head after head, of all tokens including those that are not counted yet.
    pub(super) fn read(&self, layer: usize) -> (Vec<f32>, Vec<f32>) {
        let first = layer * self.per_layer;
        let heads = self.heads.get(first..first + self.per_layer).unwrap_or_default();
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

    /// All numbers, head after head, keys before values, for a file.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[f16]> {
        self.heads.iter().flat_map(|head| [head.keys.as_slice(), head.values.as_slice()])
    }

    /// The same the other way round; none when the parts are not those of `tokens` tokens of this shape.
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
            if head.keys.len() != tokens * kv.width || head.values.len() != tokens * kv.width {
                return None;
            }
        }
        kv.tokens = tokens;
        parts.next().is_none().then_some(kv)
    }
}

fn append(to: &mut Vec<f16>, numbers: &[f32]) {
    let start = to.len();
    to.resize(start + numbers.len(), f16::ZERO);
    if let Some(end) = to.get_mut(start..) {
        end.convert_from_f32_slice(numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: KvShape = KvShape { layers: 2, heads: 2, width: 1 };

    fn filled(tokens: u8) -> Kv {
        let mut kv = Kv::new(SHAPE);
        for token in 0..tokens {
            let x = f32::from(token);
            for layer in 0..2 {
                kv.push(layer, &[x, -x], &[x + 0.5, 1.0]);
            }
            kv.advance(1);
        }
        kv
    }

    #[test]
    fn what_is_cut_off_is_as_if_it_had_never_been() {
        let mut kv = filled(5);
        kv.truncate(3);
        assert_eq!(kv, filled(3));
        assert_eq!(filled(5).prefix(3), filled(3));
        assert_eq!(filled(2).prefix(9), filled(2));
        kv.truncate(9);
        assert_eq!(kv.len(), 3);
        assert_eq!(kv.bytes(), 2 * 2 * 3 * 2 * 2);
    }

    #[test]
    fn numbers_come_back_as_they_were_head_after_head() {
        let (keys, values) = filled(2).read(1);
        assert_eq!((keys, values), (vec![0.0, 1.0, 0.0, -1.0], vec![0.5, 1.5, 1.0, 1.0]));
    }

    #[test]
    fn parts_of_the_wrong_size_are_refused() {
        let kv = filled(3);
        let parts = || kv.parts().map(<[f16]>::to_vec).collect::<Vec<_>>();
        assert_eq!(Kv::from_parts(SHAPE, 3, parts()), Some(kv.clone()));
        assert_eq!(Kv::from_parts(SHAPE, 4, parts()), None);
        for layers in [1, 3] {
            assert_eq!(Kv::from_parts(KvShape { layers, ..SHAPE }, 3, parts()), None);
        }
    }
}
