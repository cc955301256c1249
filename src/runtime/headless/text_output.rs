//! `--format text`: the answers one after the other, in the order of the panel.
//!
//! The first answer that is not finished is written as it arrives; later ones wait for their turn. Also
//! [`NoOutput`], for the formats that are written when everything has ended.

use std::io::{self, Write};

use super::{HeadlessEvent, Output, ending_of};
use crate::app::RunRef;
use crate::domain::{Ending, Session, mark_project, project_tag};
use crate::text::sanitize_line;

/// Writes answers as text, and retries as lines to `progress_out`.
pub struct TextOutput<W: Write, E: Write> {
    to: W,
    progress_out: E,
    /// What this wake-up has to say.
    text: String,
    /// The run whose answer is being written.
    at: usize,
    /// Set once its header is out.
    open: bool,
}

impl<W: Write, E: Write> TextOutput<W, E> {
    /// Writes answers to `to` and retries to `progress_out`.
    pub fn new(to: W, progress_out: E) -> Self {
        Self { to, progress_out, text: String::new(), at: 0, open: false }
    }

    /// Writes what is not written yet of the first unfinished answer, and all finished ones after it.
    fn catch_up(&mut self, runs: &[RunRef<'_>], new: Option<&str>) {
        let mut new = new;
        while let Some(live) = runs.get(self.at) {
            match new.take().filter(|_| self.open) {
                Some(new) => self.text.push_str(new),
                None if self.open => {}
                None if live.document.is_empty() && ending_of(live).is_none() => return,
                None => {
                    self.push_header(live);
                    self.text.push_str(live.document.source());
                }
            }
            let Some(ending) = ending_of(live) else { return };
            self.push_footer(live, ending);
            self.at += 1;
            self.open = false;
        }
    }

    fn push_header(&mut self, live: &RunRef<'_>) {
        let run = &live.run;
        let view = if run.view.is_empty() { run.persona.as_str() } else { &run.view };
        let name = mark_project(&run.persona_name, run.notes.is_project());
        let head = format!("== {name} · {view} · {} ==", run.model);
        let blank = if self.at == 0 { "" } else { "\n" };
        self.text.push_str(blank);
        self.text.push_str(&sanitize_line(&head));
        self.text.push('\n');
        for note in run.notes.iter() {
            self.text.push_str(&sanitize_line(&format!("({note})")));
            self.text.push('\n');
        }
        self.text.push('\n');
        self.open = true;
    }

    fn push_footer(&mut self, live: &RunRef<'_>, ending: &Ending) {
        if !live.document.is_empty() && !live.document.source().ends_with('\n') {
            self.text.push('\n');
        }
        if !ending.is_done() {
            let blank = if live.document.is_empty() { "" } else { "\n" };
            self.text.push_str(blank);
            self.text.push_str(&sanitize_line(&format!("[{ending}]")));
            self.text.push('\n');
        }
    }
}

impl<W: Write, E: Write> Output for TextOutput<W, E> {
    fn write_turn(&mut self, _session: &Session) -> io::Result<()> {
        Ok(())
    }

    fn write_event(
        &mut self,
        runs: &[RunRef<'_>],
        at: usize,
        event: &HeadlessEvent<'_>,
    ) -> io::Result<()> {
        match event {
            HeadlessEvent::Delta(new) if at == self.at => self.catch_up(runs, Some(new)),
            HeadlessEvent::End if at == self.at => self.catch_up(runs, None),
            HeadlessEvent::Retry { attempt, of, wait, reason } => {
                if let Some(live) = runs.get(at) {
                    let seconds = wait.as_secs_f64();
                    let who = project_tag(live.run.persona.as_str(), live.run.notes.is_project());
                    let words =
                        format!("{who}: {reason}; trying again in {seconds:.1} s ({attempt}/{of})");
                    // Standard error may be closed; the answers matter more.
                    let written = writeln!(self.progress_out, "{}", sanitize_line(&words));
                    drop(written);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        self.to.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.to.flush()
    }

    fn write_summary(&mut self, _session: &Session, runs: &[RunRef<'_>]) -> io::Result<()> {
        self.catch_up(runs, None);
        Ok(())
    }
}

/// Says nothing while answers arrive.
pub struct NoOutput;

impl Output for NoOutput {
    fn write_turn(&mut self, _session: &Session) -> io::Result<()> {
        Ok(())
    }

    fn write_event(
        &mut self,
        _runs: &[RunRef<'_>],
        _at: usize,
        _event: &HeadlessEvent<'_>,
    ) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn write_summary(&mut self, _session: &Session, _runs: &[RunRef<'_>]) -> io::Result<()> {
        Ok(())
    }
}
