//! How much streamed text a frame takes: less after slow frames, so that keys never wait long.
//!
//! Pure: the time that a frame took is passed in.

use std::time::Duration;

/// The budget of the next frame.
#[derive(Debug)]
pub struct StreamBudget {
    bytes: usize,
}

impl StreamBudget {
    /// Budget of the first frame, and the largest: 256 KiB.
    pub const MAX_BYTES: usize = 256 * 1024;
    /// The smallest budget: 4 KiB, the text of thirty models in one frame.
    pub const MIN_BYTES: usize = 4 * 1024;
    /// A frame that takes longer halves the budget.
    const SLOW_FRAME: Duration = Duration::from_millis(16);
    /// A frame that takes less doubles it.
    const FAST_FRAME: Duration = Duration::from_millis(6);

    /// Bytes of text that the next frame may take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A frame took `spent` to take its text in and to draw it.
    pub fn on_frame(&mut self, spent: Duration) {
        if spent > Self::SLOW_FRAME {
            self.bytes = (self.bytes / 2).max(Self::MIN_BYTES);
        } else if spent < Self::FAST_FRAME {
            self.bytes = (self.bytes * 2).min(Self::MAX_BYTES);
        }
    }
}

impl Default for StreamBudget {
    fn default() -> Self {
        Self { bytes: Self::MAX_BYTES }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_frames_take_less_and_fast_ones_more() {
        let mut budget = StreamBudget::default();
        budget.on_frame(Duration::from_millis(40));
        budget.on_frame(Duration::from_millis(10));
        assert_eq!(budget.bytes(), StreamBudget::MAX_BYTES / 2);
        for _ in 0..20 {
            budget.on_frame(Duration::from_millis(40));
        }
        assert_eq!(budget.bytes(), StreamBudget::MIN_BYTES);
        for _ in 0..20 {
            budget.on_frame(Duration::from_millis(1));
        }
        assert_eq!(budget.bytes(), StreamBudget::MAX_BYTES);
    }
}
