//! When the next frame is due: keys at once, streams at 30 a second, nothing when nothing changed.
//!
//! Pure: all times are since the program's start.

use std::time::Duration;

/// The frame scheduler.
#[derive(Debug, Default)]
pub struct FrameSchedule {
    last: Option<Duration>,
    due: Option<Duration>,
}

impl FrameSchedule {
    /// The shortest time between two frames that only streams ask for.
    pub const STREAM_GAP: Duration = Duration::from_millis(33);

    /// The longest time between two frames while keys come faster than they can be drawn.
    pub const BURST_GAP: Duration = Duration::from_millis(100);

    /// Requests a frame at once: the user did something.
    pub fn request_now(&mut self, now: Duration) {
        self.due = Some(now);
    }

    /// Requests a frame for streamed text: when the last frame is [`FrameSchedule::STREAM_GAP`] old.
    pub fn request_for_stream(&mut self, now: Duration) {
        let due = self.last.map_or(now, |last| now.max(last + Self::STREAM_GAP));
        self.due = Some(self.due.map_or(due, |have| have.min(due)));
    }

    /// Requests a frame at `at`, when the screen changes without an event (a clock, a notice that expires).
    pub fn request_at(&mut self, at: Duration) {
        self.due = Some(self.due.map_or(at, |have| have.min(at)));
    }

    /// When the next frame is due, if one is.
    pub fn due(&self) -> Option<Duration> {
        self.due
    }

    /// True when a frame is due.
    pub fn is_due(&self, now: Duration) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// True when the last frame is [`FrameSchedule::BURST_GAP`] old: a burst of keys may not delay the next one longer.
    pub fn is_overdue(&self, now: Duration) -> bool {
        self.last.is_none_or(|last| last + Self::BURST_GAP <= now)
    }

    /// A frame was drawn.
    pub fn on_drawn(&mut self, now: Duration) {
        self.last = Some(now);
        self.due = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_wait_keys_do_not_and_idle_is_idle() {
        let ms = Duration::from_millis;
        let mut frames = FrameSchedule::default();
        assert_eq!(frames.due(), None);
        frames.request_for_stream(ms(5));
        assert!(frames.is_due(ms(5)));
        frames.on_drawn(ms(6));
        assert_eq!(frames.due(), None);
        frames.request_for_stream(ms(7));
        frames.request_for_stream(ms(20));
        assert_eq!(frames.due(), Some(ms(39)));
        frames.request_now(ms(21));
        assert_eq!(frames.due(), Some(ms(21)));
        frames.on_drawn(ms(21));
        frames.request_at(ms(1000));
        frames.request_for_stream(ms(990));
        assert_eq!(frames.due(), Some(ms(990)));
    }
}
