//! Plans the headings that the program writes into an answer: which sections of the persona's contract, in which order, and
//! with how many tokens each.
//!
//! The weights are in [`FACET_TOKENS`] and [`QUESTION_SIZES`]; the rest is arithmetic. The provider writes the headings.

use super::outline_question;
use crate::domain::{Applies, Contract, Facet, Scaffold, ScaffoldSection, TableRule};

/// Tokens of a section by facet, the most important facets first: what does not fit is left out from the end.
const FACET_TOKENS: &[(Facet, u32)] = &[
    (Facet::Recommendation, 70),
    (Facet::Assumptions, 60),
    (Facet::Risks, 65),
    (Facet::Validation, 65),
    (Facet::Implementation, 90),
    (Facet::Options, 70),
    (Facet::Operations, 60),
    (Facet::Cost, 50),
    (Facet::Questions, 45),
];

/// For questions up to a number of words: the most sections, and the percentage of the tokens.
const QUESTION_SIZES: &[(usize, usize, u32)] =
    &[(12, 5, 85), (60, usize::MAX, 100), (usize::MAX, usize::MAX, 120)];

/// Percentage of the tokens for a question with documents.
const ATTACHED_PERCENT: u32 = 120;

/// A question with fewer words gets no scaffold, unless it has documents.
const MIN_QUESTION_WORDS: usize = 4;

/// Percentage of a small model's tokens that other models may write in a section.
const LARGE_MODEL_PERCENT: u32 = 300;

/// Tokens of the lead that a contract opens with: one or two sentences.
const LEAD_TOKENS: u32 = 45;

/// The facet that a table belongs to, by a word of its purpose.
const TABLE_FACETS: &[(&str, Facet)] = &[
    ("option", Facet::Options),
    ("alternative", Facet::Options),
    ("trade", Facet::Options),
    ("cost", Facet::Cost),
    ("risk", Facet::Risks),
    ("assumption", Facet::Assumptions),
    ("step", Facet::Implementation),
    ("phase", Facet::Implementation),
    ("alert", Facet::Operations),
    ("metric", Facet::Validation),
];

/// Columns of a table at most; a wider table is left to the model.
const MAX_TABLE_COLUMNS: usize = 7;
/// Rows of a table at most: for small models, for others.
const TABLE_ROWS: (u32, u32) = (4, 8);
/// Tokens of a table cell.
const CELL_TOKENS: u32 = 6;

/// A section that may be written.
struct SectionCandidate {
    title: String,
    table: Option<Vec<String>>,
    facet: Facet,
    /// The contract is broken without it: it is left out last.
    promised: bool,
    /// Number of sections with the same facet that are more important: the earlier ones, and the one that must come last.
    others: usize,
    lead: bool,
}

/// Plans the headings for an answer to `question` of at most `limit` tokens; none when the persona promises no sections, or
/// none for such a question.
pub fn plan_scaffold(
    contract: &Contract,
    question: &str,
    limit: u32,
    small: bool,
) -> Option<Scaffold> {
    let words = outline_question(question);
    let attached = words != question;
    let count = words.split_whitespace().count();
    let quick = count < MIN_QUESTION_WORDS && !attached && contract.applies != Applies::Always;
    let mut candidates = list_candidates(contract);
    if quick || candidates.is_empty() {
        return None;
    }
    let (_, most, percent) = QUESTION_SIZES.iter().copied().find(|(words, ..)| count <= *words)?;
    let (most, percent) = if attached { (usize::MAX, ATTACHED_PERCENT) } else { (most, percent) };
    let wanted = if small { percent } else { percent * LARGE_MODEL_PERCENT / 100 };
    while candidates.len() > most.max(1)
        || (candidates.len() > 1 && sum_tokens(&candidates, wanted.min(100), small) > limit)
    {
        drop(candidates.remove(least_important(&candidates)?));
    }
    // The remaining sections get their full percentage, or as much of it as there is room for.
    let percent =
        (wanted.min(100)..=wanted).rev().find(|p| sum_tokens(&candidates, *p, small) <= limit);
    let sections = candidates.into_iter().map(|candidate| {
        let tokens = match percent {
            Some(percent) => section_tokens(&candidate, percent, small),
            None => limit,
        };
        ScaffoldSection { title: candidate.title, table: candidate.table, tokens: tokens.max(1) }
    });
    Some(Scaffold { sections: sections.collect() })
}

/// The contract's sections in order, with its lead first and its last words last.
fn list_candidates(contract: &Contract) -> Vec<SectionCandidate> {
    let mut candidates = Vec::new();
    let opens = contract.opens_with.as_deref().filter(|lead| !lead.trim().is_empty());
    if let Some(lead) = opens {
        candidates.push(SectionCandidate {
            title: lead.trim().to_owned(),
            table: None,
            facet: Facet::Recommendation,
            promised: true,
            others: 0,
            lead: true,
        });
    }
    let last = contract.closes_with.as_deref().filter(|title| !title.trim().is_empty());
    let closes = |title: &str| last == Some(title);
    let mut sections: Vec<_> = contract
        .sections
        .iter()
        .filter(|s| !s.optional && !closes(&s.title))
        .map(|s| (s.title.as_str(), s.facet))
        .collect();
    let known = contract.sections.iter().find(|s| closes(&s.title)).map(|s| s.facet);
    let closing = last.map(|title| (title, known.unwrap_or(Facet::Validation)));
    sections.extend(closing);
    for (title, facet) in sections {
        let same = |c: &&SectionCandidate| c.facet == facet && !c.lead;
        let earlier = candidates.iter().filter(same).count();
        let promised = closes(title);
        let twin_of_last = !promised && closing.is_some_and(|(_, last)| last == facet);
        candidates.push(SectionCandidate {
            title: title.to_owned(),
            table: if earlier == 0 { table_of_facet(&contract.tables, facet) } else { None },
            facet,
            promised,
            others: earlier + usize::from(twin_of_last),
            lead: false,
        });
    }
    candidates
}

/// The columns of the table that belongs to `facet`.
fn table_of_facet(tables: &[TableRule], facet: Facet) -> Option<Vec<String>> {
    let belongs = |rule: &&TableRule| {
        let when = rule.when.to_lowercase();
        TABLE_FACETS
            .iter()
            .find(|(word, _)| when.contains(word))
            .is_some_and(|(_, of)| *of == facet)
            && (2..=MAX_TABLE_COLUMNS).contains(&rule.columns.len())
    };
    tables.iter().find(belongs).map(|rule| rule.columns.clone())
}

/// The section to leave out: one whose facet another section has, else one with the least important facet.
fn least_important(candidates: &[SectionCandidate]) -> Option<usize> {
    let rank = |facet: Facet| {
        FACET_TOKENS.iter().position(|(f, _)| *f == facet).unwrap_or(FACET_TOKENS.len())
    };
    let weight = |c: &SectionCandidate| (!c.promised, c.others, rank(c.facet));
    let (at, _) = candidates.iter().enumerate().max_by_key(|(_, c)| weight(c))?;
    Some(at)
}

fn sum_tokens(candidates: &[SectionCandidate], percent: u32, small: bool) -> u32 {
    candidates.iter().map(|c| section_tokens(c, percent, small)).fold(0, u32::saturating_add)
}

/// Tokens of a section at `percent`.
fn section_tokens(candidate: &SectionCandidate, percent: u32, small: bool) -> u32 {
    if let Some(columns) = &candidate.table {
        let most = if small { TABLE_ROWS.0 } else { TABLE_ROWS.1 };
        let rows = (TABLE_ROWS.0 * percent / 100).clamp(2, most);
        return rows * u32::try_from(columns.len()).unwrap_or(0) * CELL_TOKENS;
    }
    let base =
        FACET_TOKENS.iter().find(|(facet, _)| *facet == candidate.facet).map_or(60, |(_, n)| *n);
    (if candidate.lead { LEAD_TOKENS } else { base }) * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SectionRule;

    const QUESTION: &str =
        "Split one Kubernetes cluster of twelve services per team, per environment, or not at all?";

    fn contract(sections: &[(&str, Facet)]) -> Contract {
        let section = |(title, facet): &(&str, Facet)| SectionRule {
            title: (*title).to_owned(),
            facet: *facet,
            optional: title.starts_with('('),
        };
        Contract { sections: sections.iter().map(section).collect(), ..Contract::default() }
    }

    fn titles(plan: Option<&Scaffold>) -> Vec<&str> {
        plan.iter().flat_map(|p| &p.sections).map(|s| s.title.as_str()).collect()
    }

    #[test]
    fn the_contract_s_order_is_kept_and_optional_sections_are_left_out() {
        let mut contract = contract(&[
            ("Last", Facet::Validation),
            ("Given", Facet::Assumptions),
            ("(Missing)", Facet::Questions),
            ("Advice", Facet::Recommendation),
        ]);
        contract.opens_with = Some("In short:".to_owned());
        contract.closes_with = Some("Last".to_owned());
        let plan = plan_scaffold(&contract, QUESTION, 700, true);
        assert_eq!(titles(plan.as_ref()), ["In short:", "Given", "Advice", "Last"]);
        contract.closes_with = Some("Farewell".to_owned());
        let plan = plan_scaffold(&contract, QUESTION, 700, true);
        assert_eq!(titles(plan.as_ref()), ["In short:", "Last", "Given", "Advice", "Farewell"]);
    }

    #[test]
    fn a_persona_without_contract_or_a_short_question_gets_no_scaffold() {
        assert_eq!(plan_scaffold(&Contract::default(), QUESTION, 700, true), None);
        let mut contract = contract(&[("Advice", Facet::Recommendation)]);
        let attached =
            format!("why?\n\n{}", crate::prompt::format_documents(&[("a.md", "text")], 7));
        for (question, always, planned) in [
            ("hi", false, false),
            ("is it up?", false, false),
            ("is it up again?", false, true),
            ("hi", true, true),
            (attached.as_str(), false, true),
        ] {
            contract.applies = if always { Applies::Always } else { Applies::Substantial };
            let plan = plan_scaffold(&contract, question, 700, true);
            assert_eq!(plan.is_some(), planned, "{question} {always}");
        }
    }

    #[test]
    fn what_does_not_fit_goes_in_the_order_of_the_data() {
        let contract = contract(&[
            ("A", Facet::Assumptions),
            ("O", Facet::Operations),
            ("R", Facet::Recommendation),
            ("R2", Facet::Recommendation),
            ("Q", Facet::Questions),
        ]);
        for (limit, left) in [
            (700, &["A", "O", "R", "R2", "Q"][..]),
            (300, &["A", "O", "R", "Q"]),
            (200, &["A", "O", "R"]),
            (140, &["A", "R"]),
            (80, &["R"]),
            (10, &["R"]),
        ] {
            let plan = plan_scaffold(&contract, QUESTION, limit, true);
            assert_eq!(titles(plan.as_ref()), left, "{limit}");
            let sum: u32 = plan.unwrap().sections.iter().map(|s| s.tokens).sum();
            assert!(sum <= limit, "{sum} > {limit}");
        }
    }

    #[test]
    fn size_and_attachments_change_tokens_and_sections() {
        let contract = contract(&[
            ("A", Facet::Assumptions),
            ("B", Facet::Options),
            ("C", Facet::Cost),
            ("D", Facet::Recommendation),
            ("E", Facet::Risks),
            ("F", Facet::Validation),
        ]);
        let plan = |question: &str, limit, small| plan_scaffold(&contract, question, limit, small);
        let tokens = |plan: &Option<Scaffold>| {
            plan.iter().flat_map(|p| &p.sections).map(|s| s.tokens).sum::<u32>()
        };
        let short = plan("How many replicas do we need?", 700, true);
        assert_eq!(titles(short.as_ref()), ["A", "B", "D", "E", "F"]);
        let usual = plan(QUESTION, 700, true);
        let attached =
            format!("{QUESTION}\n\n{}", crate::prompt::format_documents(&[("a.md", "text")], 7));
        let more = plan(&attached, 700, true);
        assert!(tokens(&short) < tokens(&usual) && tokens(&usual) < tokens(&more));
        // More only as far as the limit allows: no section goes for it.
        let tight = plan(&attached, tokens(&usual) + 10, true);
        assert_eq!(titles(tight.as_ref()), titles(usual.as_ref()));
        assert!(tokens(&tight) <= tokens(&usual) + 10 && tokens(&tight) > tokens(&usual));
        assert_eq!(tokens(&plan(QUESTION, 10_000, false)), tokens(&usual) * 3);
    }

    #[test]
    fn a_table_is_in_the_first_section_of_its_facet() {
        let mut contract = contract(&[
            ("Advice", Facet::Recommendation),
            ("Ways", Facet::Options),
            ("More ways", Facet::Options),
        ]);
        let columns = |n: usize| (0..n).map(|i| format!("C{i}")).collect::<Vec<_>>();
        let rule = |when: &str, n| TableRule { when: when.to_owned(), columns: columns(n) };
        contract.tables = vec![rule("workloads placed", 3), rule("Options compared", 5)];
        let plan = plan_scaffold(&contract, QUESTION, 700, true).unwrap();
        let tables: Vec<usize> =
            plan.sections.iter().map(|s| s.table.as_ref().map_or(0, Vec::len)).collect();
        assert_eq!(tables, [0, 5, 0]);
        assert_eq!(plan.sections[1].tokens, 4 * 5 * CELL_TOKENS);
        contract.tables = vec![rule("Options compared", 8)];
        let plan = plan_scaffold(&contract, QUESTION, 700, true).unwrap();
        assert!(plan.sections.iter().all(|s| s.table.is_none()));
    }

    #[test]
    fn every_facet_has_its_worth() {
        use Facet::{
            Assumptions, Cost, Implementation, Operations, Options, Questions, Recommendation,
            Risks, Validation,
        };
        for facet in [
            Recommendation,
            Assumptions,
            Options,
            Cost,
            Implementation,
            Risks,
            Validation,
            Operations,
            Questions,
        ] {
            assert_eq!(FACET_TOKENS.iter().filter(|(f, _)| *f == facet).count(), 1, "{facet:?}");
        }
    }
}
