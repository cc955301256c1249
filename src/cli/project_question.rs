//! The question before the screen opens: is exactly this content of the project's folder trusted?
//!
//! Asked on an ordinary terminal, which stays as it is. Without a terminal nothing is asked and nothing is trusted.

use std::io::{self, BufRead as _, Write as _};

use super::project_review::{format_parts, format_texts};
use super::{CliError, load_setup, print_message, terminal, trust};
use crate::config::project::ReviewPart;
use crate::config::{Flags, Paths, Setup, read_project_status};
use crate::runtime::headless::StopSignal;

/// What the user decided.
pub(super) enum ProjectDecision {
    /// Continue with this setup.
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
        let status =
            read_project_status(&flags).map_err(|error| CliError::usage(error.to_string()))?;
        if let Some(fault) = &status.trust_fault {
            let advice = "--ignore-project opens the screen without this folder's .plenary";
            return Err(CliError::usage(format!("{fault}; {advice}")));
        }
        let parts: Vec<ReviewPart> = status.parts_to_review().cloned().collect();
        let is_usable = !parts.is_empty() && status.fault.is_none();
        let Some(folder) = status.folder.filter(|_| is_usable) else { break };
        if !terminal::can_prompt() {
            print_message(
                "the project's folder is not trusted, and there is no terminal to ask on",
            );
            break;
        }
        let shown: Vec<&ReviewPart> = parts.iter().collect();
        write_text(&format_parts(&folder, &shown));
        match ask(&shown) {
            Answer::Without => break,
            Answer::Quit => return Ok(ProjectDecision::Quit(0)),
            Answer::Interrupted => {
                return Ok(ProjectDecision::Quit(StopSignal::Interrupt.exit_code()));
            }
            // What was shown is trusted. If the files have changed meanwhile, the new content is asked about.
            Answer::Trust | Answer::Show | Answer::Unclear => {
                flags.trusted_contents.extend(parts.iter().map(|part| part.sha256.clone()));
                if let Err(error) = trust::remember(&Paths::of_process(), &folder, &parts) {
                    print_message(&format!("{error}; trusted until you quit"));
                }
            }
        }
    }
    Ok(ProjectDecision::Continue(Box::new(load_setup(&flags)?)))
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
