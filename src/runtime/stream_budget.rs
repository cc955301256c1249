//! How much streamed text a frame takes: less after slow frames, so that keys never wait long.
//!
//! Pure: the time that a frame took is passed in.

use std::time::Duration;

use crate::app::{KeyCode, KeyPress, Msg};

/// The budget of the next frame.
#[derive(Debug)]
pub struct StreamBudget {
    bytes: usize,
    /// Time that taking in the text of the next frame took.
    taking: Duration,
}

impl StreamBudget {
    /// Budget of the first frame, and the largest: 256 KiB.
    pub const MAX_BYTES: usize = 256 * 1024;
    /// The smallest budget, 8 KiB: more than thirty models write during a frame, even on a terminal that takes a second for
    /// one.
    pub const MIN_BYTES: usize = 8 * 1024;
    /// A frame that takes longer halves the budget.
    const SLOW_FRAME: Duration = Duration::from_millis(16);
    /// A frame that takes less doubles it.
    const FAST_FRAME: Duration = Duration::from_millis(6);

    /// Bytes of text that the next frame may take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How much of the text that has arrived `msg` must wait for. A key acts on everything: a cancelled answer keeps it. A
    /// character that is typed into the composer acts on none.
    pub fn bytes_before(msg: &Msg, is_composing: bool) -> usize {
        match msg {
            Msg::Key(KeyPress { code: KeyCode::Char(_), ctrl: false, alt: false, .. })
                if is_composing =>
            {
                Self::MIN_BYTES
            }
            _ => usize::MAX,
        }
    }

    /// The text of the next frame took `spent` to take in.
    pub fn add_time(&mut self, spent: Duration) {
        self.taking += spent;
    }

    /// The frame took `drawing` to draw.
    pub fn on_frame(&mut self, drawing: Duration) {
        let spent = std::mem::take(&mut self.taking) + drawing;
        if spent > Self::SLOW_FRAME {
            self.bytes = (self.bytes / 2).max(Self::MIN_BYTES);
        } else if spent < Self::FAST_FRAME {
            self.bytes = (self.bytes * 2).min(Self::MAX_BYTES);
        }
    }
}

impl Default for StreamBudget {
    fn default() -> Self {
        Self { bytes: Self::MAX_BYTES, taking: Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_frames_take_less_and_fast_ones_more() {
        let mut budget = StreamBudget::default();
        budget.add_time(Duration::from_millis(30));
        budget.on_frame(Duration::from_millis(10));
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
