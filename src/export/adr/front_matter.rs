//! The front matter of a decision record: the keys of MADR, and the panel for programs.
//!
//! Every value from outside is a double-quoted YAML scalar that its content cannot end.

use std::fmt::{self, Write};

use super::record_status;
use crate::domain::{Run, Turn};
use crate::export::session_header::{self, EndingCounts, UsageTotals};
use crate::export::session_reading::SessionReading;
use crate::text::sanitize_line;

/// Writes the front matter with the lines around it.
pub(super) fn write_front_matter(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    let session = review.session;
    writeln!(out, "---\nstatus: {}", record_status(review))?;
    writeln!(out, "date: {}", quote_yaml(&session_header::format_day(decision_time(review))))?;
    writeln!(out, "decision-makers: [] # plenary keeps no names: write in who decided")?;
    let consulted = list_consulted(review);
    if consulted.is_empty() {
        writeln!(out, "consulted: []")?;
    } else {
        writeln!(out, "consulted:")?;
        consulted.iter().try_for_each(|who| writeln!(out, "  - {}", quote_yaml(who)))?;
    }
    let counts = EndingCounts::from_turns(&session.turns);
    writeln!(out, "panel:\n  name: {}", quote_yaml(&sanitize_line(&session.panel)))?;
    writeln!(out, "  asked: {}\n  answered: {}", counts.asked, counts.answered)?;
    for (word, n) in counts.not_answered() {
        if word != "not finished" || n > 0 {
            writeln!(out, "  {}: {n}", word.replace(' ', "-"))?;
        }
    }
    let models: Vec<String> =
        session_header::list_models(session).iter().map(|model| quote_yaml(model)).collect();
    writeln!(out, "models: [{}]", models.join(", "))?;
    let spent = UsageTotals::from_session(session);
    if spent.tokens_known > 0 {
        writeln!(out, "tokens: {{ in: {}, out: {} }}", spent.input, spent.output)?;
    }
    if let Some(cost) = spent.format_cost() {
        writeln!(out, "cost: {}", quote_yaml(&cost))?;
    }
    writeln!(out, "session: {}\n---", quote_yaml(&session.id.to_string()))
}

/// When the decision was last changed, else when the last question was asked; ms since the Unix epoch.
fn decision_time(review: &SessionReading<'_>) -> i64 {
    let session = review.session;
    let edited = session.history.done.iter().map(|edit| edit.at).max();
    let asked = || session.turns.iter().map(|turn| turn.asked_at).max();
    edited.or_else(asked).unwrap_or(session.created_at)
}

/// `Kael Voss, Principal Infrastructure Engineer (infra)`, each persona once; with the ending of a run that is not done.
fn list_consulted(review: &SessionReading<'_>) -> Vec<String> {
    let mut last: Vec<&Run> = Vec::new();
    for run in review.session.turns.iter().flat_map(Turn::latest_runs) {
        match last.iter_mut().find(|known| known.persona == run.persona) {
            Some(known) => *known = run,
            None => last.push(run),
        }
    }
    let words = |run: &Run| {
        let title = review.reading.find_persona(&run.persona).map(|persona| persona.title.as_str());
        let title = title.filter(|title| !title.trim().is_empty()).map(sanitize_line);
        let title = title.map(|title| format!(", {title}")).unwrap_or_default();
        let answered = run.state.as_str() == "done";
        let state = if answered { String::new() } else { format!(", {}", run.state.as_str()) };
        format!(
            "{}{title} ({}){state}",
            session_header::persona_name(run),
            session_header::persona_id(run)
        )
    };
    last.into_iter().map(words).collect()
}

/// A double-quoted YAML scalar. JSON strings are valid YAML except for two characters.
fn quote_yaml(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{FFFE}', "\\uFFFE").replace('\u{FFFF}', "\\uFFFF")
}
