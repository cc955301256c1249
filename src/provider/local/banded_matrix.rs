//! A matrix of weights, cut into bands of rows that are multiplied in parallel.
//!
//! candle's own threads spin at a barrier after every product: on a machine that runs other programs too, they wait for
//! each other most of the time (measured beside a compiler: 2 tokens a second instead of 40). `main` limits candle to
//! one thread, and rayon multiplies the bands instead: a busy core takes fewer of them. Bands change no result, because
//! every row is computed independently.

use std::borrow::Cow;
use std::sync::Arc;

use candle_core::quantized::{QStorage, QTensor};
use candle_core::{Result, Tensor};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

/// The number of rows that candle's fast kernels compute at once. Bands begin at multiples of it.
const TILE_ROWS: usize = 16;
/// Smaller matrices are not cut.
const MIN_BANDED_ROWS: usize = 512;

/// A matrix of weights. Clones share the weights.
#[derive(Clone)]
pub(super) struct BandedMatrix {
    bands: Arc<Vec<QTensor>>,
    /// Rows in a band, except that the last may have fewer.
    band_rows: usize,
}

impl BandedMatrix {
    /// Cuts `matrix` into at most `max_bands` bands.
    pub(super) fn new(matrix: QTensor, max_bands: usize) -> Result<Self> {
        let (rows, columns) = matrix.shape().dims2()?;
        let band_rows = rows.div_ceil(max_bands.max(1)).next_multiple_of(TILE_ROWS);
        if rows < MIN_BANDED_ROWS || band_rows >= rows {
            return Ok(Self { bands: Arc::new(vec![matrix]), band_rows: rows });
        }
        let dtype = matrix.dtype();
        let row_bytes = columns / dtype.block_size() * dtype.type_size();
        let data = matrix.data()?;
        let bands = data
            .chunks(band_rows * row_bytes)
            .map(|bytes| {
                let storage = QStorage::Cpu(dtype.from_data(Cow::Borrowed(bytes)));
                QTensor::new(storage, (bytes.len() / row_bytes, columns))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { bands: Arc::new(bands), band_rows })
    }

    /// Multiplies every row of `x` with the matrix.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if let [matrix] = self.bands.as_slice() {
            return x.apply_op1_no_bwd(matrix);
        }
        let parts = self
            .bands
            .par_iter()
            .map(|band| x.apply_op1_no_bwd(band))
            .collect::<Result<Vec<Tensor>>>()?;
        Tensor::cat(&parts, 1)
    }

    /// Dequantises the rows with these indices to f32.
    pub(super) fn dequantize_rows(&self, indices: &[u32]) -> Result<Tensor> {
        let rows = indices
            .iter()
            .map(|index| {
                let index = *index as usize;
                let Some(band) = self.bands.get(index / self.band_rows) else {
                    candle_core::bail!("there is no row {index}")
                };
                let index_in_band = u32::try_from(index % self.band_rows).unwrap_or(u32::MAX);
                band.embedding(&Tensor::new(&[index_in_band], &band.device())?)
            })
            .collect::<Result<Vec<Tensor>>>()?;
        Tensor::cat(&rows, 0)
    }
}
