//! Which column of a table says what is to be done, what it is about, how much it matters.
//!
//! Read from the headings of the columns. Used by `recommend`.

/// Words of a heading whose column says what is to be done, the most telling first.
const VERDICT: &[&str] = &[
    "recommendation",
    "recommendations",
    "recommended",
    "recommend",
    "verdict",
    "decision",
    "decisions",
    "action",
    "actions",
    "mitigation",
    "mitigations",
    "countermeasure",
    "countermeasures",
    "empfehlung",
    "entscheidung",
    "maßnahme",
    "maßnahmen",
    "gegenmaßnahme",
    "gegenmaßnahmen",
    "recommandation",
    "décision",
    "recomendación",
    "decisión",
    "acción",
    "推荐",
    "建议",
    "推奨",
    "判断",
    "対策",
];

/// Words of a heading whose column says how much it matters.
const SEVERITY: &[&str] = &[
    "severity",
    "priority",
    "prio",
    "schwere",
    "priorität",
    "sévérité",
    "priorité",
    "severidad",
    "prioridad",
];

/// Words of a heading whose column says what is chosen for the subject.
const CHOICE: &[&str] =
    &["tool", "choice", "technology", "option", "service", "product", "pick", "werkzeug"];

/// Headings of columns that only number the rows.
const NUMBERING: &[&str] = &["", "#", "no", "no.", "nr", "nr.", "id"];

/// The columns that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    /// What a row is about.
    pub(super) subject: usize,
    /// What is chosen for it: the tool.
    pub(super) choice: Option<usize>,
    /// What is to be done.
    pub(super) verdict: Option<usize>,
    /// How much it matters.
    pub(super) severity: Option<usize>,
}

impl Columns {
    /// The columns of these headings.
    pub(super) fn of(headings: &[&str]) -> Self {
        let column = |words: &[&str]| {
            words
                .iter()
                .find_map(|word| headings.iter().position(|heading| has_word(heading, word)))
        };
        let verdict = column(VERDICT);
        let subject = headings.iter().enumerate().position(|(at, heading)| {
            Some(at) != verdict && !NUMBERING.contains(&heading.trim().to_lowercase().as_str())
        });
        let subject = subject.unwrap_or(0);
        let choice = column(CHOICE).filter(|at| *at != subject && Some(*at) != verdict);
        Self { subject, choice, verdict, severity: column(SEVERITY) }
    }
}

impl Columns {
    /// What a row is about: its subject and what is chosen for it.
    pub(super) fn about(&self, cells: &[&str]) -> String {
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default().trim();
        let subject = cell(self.subject);
        match self.choice.map(cell).filter(|choice| !choice.is_empty()) {
            Some(choice) => format!("{subject}: {choice}"),
            None => subject.to_owned(),
        }
    }
}

fn has_word(heading: &str, word: &str) -> bool {
    let heading = heading.to_lowercase();
    // Scripts without blanks: the heading as a whole.
    heading.trim() == word || heading.split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_headings() {
        let of = |headings: &[&str]| {
            let columns = Columns::of(headings);
            (columns.subject, columns.verdict, columns.severity)
        };
        assert_eq!(
            of(&["#", "Risk", "Severity", "Mitigation and decision"]),
            (1, Some(3), Some(2))
        );
        assert_eq!(of(&["Option", "Cost", "**Recommendation**"]), (0, Some(2), None));
        assert_eq!(of(&["Verdict", "Tool"]), (1, Some(0), None));
        assert_eq!(of(&["Interaction", "Rate"]), (0, None, None));
        assert_eq!(of(&[]), (0, None, None));
        assert_eq!(Columns::of(&["Need", "Tool", "Verdict"]).choice, Some(1));
        assert_eq!(Columns::of(&["Tool", "Verdict"]).choice, None);
    }
}
