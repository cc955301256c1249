//! A matrix of weights, cut into bands of rows that are multiplied side by side.
//!
//! candle has a pool of its own whose threads spin at a barrier behind every product: on a machine that also does something
//! else they wait for each other most of the time (measured: 2 tokens a second instead of 40 beside a compiler). It is told
//! to stay on one thread (see `main`), and the bands go through rayon instead: a core that is busy elsewhere just takes
//! fewer of them. Bands change no number: every row is computed as it would be in one piece.

use std::borrow::Cow;
use std::sync::Arc;

use candle_core::quantized::{QStorage, QTensor};
use candle_core::{Result, Tensor};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

/// Bands begin at multiples of this: the quick kernels take so many rows at once.
const TILE: usize = 16;
/// Matrices of fewer rows stay in one piece.
const WORTH_IT: usize = 512;

/// A matrix of weights; clones are the same one.
#[derive(Clone)]
pub(super) struct Matrix {
    bands: Arc<Vec<QTensor>>,
    /// Rows in a band; the last may have fewer.
    rows: usize,
}

impl Matrix {
    /// Cuts `whole` into `bands` bands at the most.
    pub(super) fn new(whole: QTensor, bands: usize) -> Result<Self> {
        let (rows, columns) = whole.shape().dims2()?;
        let band = rows.div_ceil(bands.max(1)).next_multiple_of(TILE);
        if rows < WORTH_IT || band >= rows {
            return Ok(Self { bands: Arc::new(vec![whole]), rows });
        }
        let kind = whole.dtype();
        let row_bytes = columns / kind.block_size() * kind.type_size();
        let data = whole.data()?;
        let bands = data
            .chunks(band * row_bytes)
            .map(|bytes| {
                let storage = QStorage::Cpu(kind.from_data(Cow::Borrowed(bytes)));
                QTensor::new(storage, (bytes.len() / row_bytes, columns))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { bands: Arc::new(bands), rows: band })
    }

    /// Every row of `x` times the matrix.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if let [whole] = self.bands.as_slice() {
            return x.apply_op1_no_bwd(whole);
        }
        let parts = self
            .bands
            .par_iter()
            .map(|band| x.apply_op1_no_bwd(band))
            .collect::<Result<Vec<Tensor>>>()?;
        Tensor::cat(&parts, 1)
    }

    /// The rows of these numbers, turned from their quantisation into f32.
    pub(super) fn rows(&self, numbers: &[u32]) -> Result<Tensor> {
        let rows = numbers
            .iter()
            .map(|number| {
                let number = *number as usize;
                let Some(band) = self.bands.get(number / self.rows) else {
                    candle_core::bail!("there is no row {number}")
                };
                let within = u32::try_from(number % self.rows).unwrap_or(u32::MAX);
                band.embedding(&Tensor::new(&[within], &band.device())?)
            })
            .collect::<Result<Vec<Tensor>>>()?;
        Tensor::cat(&rows, 0)
    }
}
