//! The question before the screen opens: is exactly this content of the project's folder trusted?
//!
//! Asked on an ordinary terminal, which stays as it is. Without a terminal nothing is asked and nothing is trusted.

use std::io::{self, BufRead as _, Write as _};

use super::project_review::{format_parts, format_texts};
use super::{CliError, load_setup, print_message, terminal, trust};
use crate::config::project::ReviewPart;
use crate::config::{Flags, Setup};
use crate::runtime::headless::StopSignal;

/// What the user decided.
pub(super) enum ProjectDecision {
    /// Go on with this setup.
    Continue(Box<Setup>),
    /// End with this exit code.
    Quit(u8),
}

/// An answer to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Trust,
    Without,
    Show,
    Quit,
    Interrupted,
    Unclear,
}

/// Loads the setup of the screen. If the project has content that is not trusted, the user decides about it first.
///
/// # Errors
/// The configuration is invalid, or it cannot be found out what is trusted.
pub(super) fn load_setup_or_ask(flags: &Flags) -> Result<ProjectDecision, CliError> {
    let mut flags = flags.clone();
    loop {
        let setup = load_setup(&flags)?;
        if let Some(fault) = &setup.project.trust_fault {
            return Err(CliError::usage(format!(
                "{fault}; --ignore-project opens the screen without it"
            )));
        }
        let (folder, fault) = (setup.project.folder.clone(), setup.project.fault.is_some());
        let parts: Vec<ReviewPart> = setup.project.parts_to_review().cloned().collect();
        let Some(folder) = folder.filter(|_| !parts.is_empty() && !fault) else {
            return Ok(ProjectDecision::Continue(Box::new(setup)));
        };
        if !terminal::can_prompt() {
            for warning in &setup.warnings {
                print_message(warning);
            }
            return Ok(ProjectDecision::Continue(Box::new(setup)));
        }
        let shown: Vec<&ReviewPart> = parts.iter().collect();
        write_text(&format_parts(&folder, &shown));
        match ask(&shown) {
            Answer::Without => return Ok(ProjectDecision::Continue(Box::new(setup))),
            Answer::Quit => return Ok(ProjectDecision::Quit(0)),
            Answer::Interrupted => {
                return Ok(ProjectDecision::Quit(StopSignal::Interrupt.exit_code()));
            }
            // What was shown is trusted. If the files have changed meanwhile, the new content is asked about.
            Answer::Trust | Answer::Show | Answer::Unclear => {
                flags.trusted_contents.extend(parts.iter().map(|part| part.sha256.clone()));
                if let Err(error) = trust::remember(&setup.paths, &folder, &parts) {
                    print_message(&format!("{error}; trusted until you quit"));
                }
            }
        }
    }
}

/// Asks until the answer is clear.
fn ask(parts: &[&ReviewPart]) -> Answer {
    loop {
        write_text(
            "Trust exactly this? [t]rust and remember, [n]ot now, [s]how the text, [q]uit: ",
        );
        match read_answer() {
            Answer::Show => write_text(&format_texts(parts)),
            Answer::Unclear => {}
            answer => return answer,
        }
    }
}

/// Reads a line, or notices Ctrl+C. The end of the input quits.
fn read_answer() -> Answer {
    let Ok(runtime) = super::build_runtime() else { return Answer::Quit };
    let answer = runtime.block_on(async {
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            read.ok().filter(|bytes| *bytes > 0).map(|_| line)
        });
        tokio::select! {
            line = line => line.ok().flatten().map_or(Answer::Quit, |line| parse_answer(&line)),
            _ = tokio::signal::ctrl_c() => Answer::Interrupted,
        }
    });
    // The thread that reads cannot be stopped; the program ends without it.
    runtime.shutdown_background();
    if matches!(answer, Answer::Interrupted) {
        write_text("\n");
    }
    answer
}

fn parse_answer(line: &str) -> Answer {
    match line.trim().to_lowercase().as_str() {
        "t" | "trust" => Answer::Trust,
        "n" | "no" | "not now" => Answer::Without,
        "s" | "show" => Answer::Show,
        "q" | "quit" => Answer::Quit,
        _ => Answer::Unclear,
    }
}

/// Writes to standard error. Write errors are ignored: there is no other place to report them.
fn write_text(text: &str) {
    let mut stderr = io::stderr().lock();
    let written = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    drop(written);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_answer_trusts() {
        for (line, answer) in [
            ("t\n", Answer::Trust),
            (" Trust \n", Answer::Trust),
            ("n\n", Answer::Without),
            ("s\n", Answer::Show),
            ("q\n", Answer::Quit),
            ("\n", Answer::Unclear),
            ("y\n", Answer::Unclear),
            ("tn\n", Answer::Unclear),
        ] {
            assert_eq!(parse_answer(line), answer, "{line:?}");
        }
    }
}
