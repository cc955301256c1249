//! A session as a folder: the question, each answer, the decisions and the decision record, one file each.
//!
//! Produces names and texts; writes nothing to disk. `decisions.json` is the JSON export, in which spans can be looked up;
//! the answer files are for reading. Names are derived from persona ids and are valid on every file system.

use std::fmt::{self, Write};

use super::inert_markdown::escape_markdown;
use super::{ReadingInput, adr, json, markdown, session_header};
use crate::domain::{PersonaId, Run, Session};
use crate::text::{sanitize, sanitize_line};

/// The files: the path inside the folder, with `/`, and the text.
pub fn export_folder(session: &Session, reading: &ReadingInput<'_>) -> Vec<(String, String)> {
    let answers = list_answers(session);
    let mut files = vec![(
        "question.md".to_owned(),
        write_to_string(|out| write_question(session, &answers, out)),
    )];
    for answer in &answers {
        let text = write_to_string(|out| write_answer(session, answer, out));
        files.push((answer.path.clone(), text));
    }
    files.push(("decisions.json".to_owned(), json::write_json(session, reading)));
    files.push(("adr.md".to_owned(), adr::write_adr(session, reading)));
    files
}

/// An answer and the path of its file.
struct AnswerFile<'a> {
    turn: usize,
    run: &'a Run,
    path: String,
}

/// Names that some file systems reserve for devices.
const DEVICES: &[&str] = &[
    "con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7",
    "com8", "com9", "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The current answers: `answers/infra.md`; with several questions, the number comes first: `answers/2-infra.md`.
fn list_answers(session: &Session) -> Vec<AnswerFile<'_>> {
    let several = session.turns.len() > 1;
    let mut answers: Vec<AnswerFile<'_>> = Vec::new();
    for (turn, asked) in (1..).zip(&session.turns) {
        for run in asked.current_answers() {
            // A persona id is a safe name unless the store was tampered with.
            let id = PersonaId::from_name(run.persona.as_str());
            let number = if several { format!("{turn}-") } else { String::new() };
            let device = if DEVICES.contains(&id.as_str()) { "_" } else { "" };
            let mut path = format!("answers/{number}{id}{device}.md");
            let mut n = 2;
            while answers.iter().any(|other| other.path == path) {
                path = format!("answers/{number}{}.md", id.with_number(n));
                n += 1;
            }
            answers.push(AnswerFile { turn, run, path });
        }
    }
    answers
}

fn write_to_string(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    write(&mut out).unwrap_or_default();
    out
}

fn write_question(session: &Session, answers: &[AnswerFile<'_>], out: &mut String) -> fmt::Result {
    writeln!(out, "# {}", escape_markdown(sanitize_line(&session.title).trim()))?;
    markdown::write_head(session, out)?;
    let several = session.turns.len() > 1;
    if several {
        writeln!(
            out,
            "\nThe answers to question N are `answers/N-ID.md`, ID being the persona's."
        )?;
    }
    for (number, turn) in (1..).zip(&session.turns) {
        let number_of = if several { format!(" {number}") } else { String::new() };
        writeln!(
            out,
            "\n## Question{number_of}\n\n{}",
            super::embed_markdown::quote_markdown(&sanitize(&turn.question), "")
        )?;
        markdown::write_panel(turn, out)?;
        writeln!(out)?;
        for answer in answers.iter().filter(|answer| answer.turn == number) {
            let name = escape_markdown(&session_header::persona_name(answer.run));
            writeln!(out, "- [{name}]({}), {}", answer.path, answer.run.state.as_str())?;
        }
    }
    writeln!(
        out,
        "\nThe decisions are in [adr.md](adr.md) for people and in [decisions.json](decisions.json), with all texts, for \
         programs."
    )
}

fn write_answer(session: &Session, answer: &AnswerFile<'_>, out: &mut String) -> fmt::Result {
    let run = answer.run;
    let (name, view) = (
        escape_markdown(&session_header::persona_name(run)),
        escape_markdown(&session_header::persona_view(run)),
    );
    writeln!(out, "# {name} · {view} · {}", run.state.as_str())?;
    writeln!(
        out,
        "\n**{}** · {}",
        session_header::summarize_session(session),
        escape_markdown(&session_header::model_name(run))
    )?;
    let number = if session.turns.len() > 1 { format!(" {}", answer.turn) } else { String::new() };
    let date = session_header::format_date(session.created_at);
    writeln!(out, "\nAn answer to [question{number}](../question.md) of {date}")?;
    markdown::write_answer(run, 2, out)
}
