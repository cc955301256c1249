//! Plans the headings that the program writes into an answer: which sections of the persona's contract, in which order,
//! with how many tokens each.
//!
//! What a facet is worth stands in [`FACETS`], what a question's size changes in [`SIZES`]; the rest is arithmetic. Called by
//! `build` for models that cannot keep a contract on their own; the headings are written by the provider.

use super::outline;
use crate::domain::{Applies, Contract, Facet, Scaffold, ScaffoldSection, TableRule};

/// Tokens of a facet's section, the most important facets first: what does not fit is left out from the end.
const FACETS: &[(Facet, u32)] = &[
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

/// What the words of a question, and what is attached, change: up to so many words, at most so many sections, so many
/// percent of the tokens.
const SIZES: &[(usize, usize, u32)] =
    &[(12, 5, 85), (60, usize::MAX, 100), (usize::MAX, usize::MAX, 120)];

/// Percent of the tokens for a question with something attached.
const ATTACHED: u32 = 120;

/// A question of fewer words is quick, unless something is attached.
const QUICK: usize = 4;

/// How much more than a small model others may write in a section, in percent.
const LARGE: u32 = 300;

/// Tokens of the lead that a contract opens with: one or two sentences.
const LEAD: u32 = 45;

/// Which facet a table belongs to, by a word of what it is for.
const TABLES: &[(&str, Facet)] = &[
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

/// Columns that a table has at most; a wider one is left to the model.
const COLUMNS: usize = 7;
/// Rows that a small model fills at most, and others.
const ROWS: (u32, u32) = (4, 8);
/// Tokens of a table's cell.
const CELL: u32 = 6;

/// A section that may be written.
struct Candidate {
    title: String,
    table: Option<Vec<String>>,
    facet: Facet,
    /// The contract breaks without it: it is left out last.
    promised: bool,
    /// Other sections of its facet that are worth more: those before it, and the one that must come last.
    others: usize,
    lead: bool,
}

/// The headings for an answer to `question` of at most `limit` tokens; none when the persona promises no sections, or
/// none for a question like this.
pub fn scaffold(contract: &Contract, question: &str, limit: u32, small: bool) -> Option<Scaffold> {
    let words = outline(question);
    let attached = words != question;
    let count = words.split_whitespace().count();
    let quick = count < QUICK && !attached && contract.applies != Applies::Always;
    let mut candidates = candidates(contract);
    if quick || candidates.is_empty() {
        return None;
    }
    let (_, most, percent) = SIZES.iter().copied().find(|(words, ..)| count <= *words)?;
    let (most, percent) = if attached { (usize::MAX, ATTACHED) } else { (most, percent) };
    let wanted = if small { percent } else { percent * LARGE / 100 };
    while candidates.len() > most.max(1)
        || (candidates.len() > 1 && sum(&candidates, wanted.min(100), small) > limit)
    {
        drop(candidates.remove(least(&candidates)?));
    }
    // What is left gets what it is worth, or as much more as there is room for.
    let percent = (wanted.min(100)..=wanted).rev().find(|p| sum(&candidates, *p, small) <= limit);
    let sections = candidates.into_iter().map(|candidate| {
        let tokens = match percent {
            Some(percent) => tokens(&candidate, percent, small),
            None => limit,
        };
        ScaffoldSection { title: candidate.title, table: candidate.table, tokens: tokens.max(1) }
    });
    Some(Scaffold { sections: sections.collect() })
}

/// The contract's sections in its order, its lead first, its last word last.
fn candidates(contract: &Contract) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let opens = contract.opens_with.as_deref().filter(|lead| !lead.trim().is_empty());
    if let Some(lead) = opens {
        candidates.push(Candidate {
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
        let same = |c: &&Candidate| c.facet == facet && !c.lead;
        let earlier = candidates.iter().filter(same).count();
        let promised = closes(title);
        let twin_of_last = !promised && closing.is_some_and(|(_, last)| last == facet);
        candidates.push(Candidate {
            title: title.to_owned(),
            table: if earlier == 0 { table(&contract.tables, facet) } else { None },
            facet,
            promised,
            others: earlier + usize::from(twin_of_last),
            lead: false,
        });
    }
    candidates
}

/// The columns of the table that belongs to `facet`.
fn table(tables: &[TableRule], facet: Facet) -> Option<Vec<String>> {
    let belongs = |rule: &&TableRule| {
        let when = rule.when.to_lowercase();
        TABLES.iter().find(|(word, _)| when.contains(word)).is_some_and(|(_, of)| *of == facet)
            && (2..=COLUMNS).contains(&rule.columns.len())
    };
    tables.iter().find(belongs).map(|rule| rule.columns.clone())
}

/// Which section goes first: one whose facet another has too, then one of the least important facet.
fn least(candidates: &[Candidate]) -> Option<usize> {
    let rank = |facet: Facet| FACETS.iter().position(|(f, _)| *f == facet).unwrap_or(FACETS.len());
    let weight = |c: &Candidate| (!c.promised, c.others, rank(c.facet));
    let (at, _) = candidates.iter().enumerate().max_by_key(|(_, c)| weight(c))?;
    Some(at)
}

fn sum(candidates: &[Candidate], percent: u32, small: bool) -> u32 {
    candidates.iter().map(|c| tokens(c, percent, small)).fold(0, u32::saturating_add)
}

/// Tokens for one section at `percent` of its worth.
fn tokens(candidate: &Candidate, percent: u32, small: bool) -> u32 {
    if let Some(columns) = &candidate.table {
        let most = if small { ROWS.0 } else { ROWS.1 };
        let rows = (ROWS.0 * percent / 100).clamp(2, most);
        return rows * u32::try_from(columns.len()).unwrap_or(0) * CELL;
    }
    let base = FACETS.iter().find(|(facet, _)| *facet == candidate.facet).map_or(60, |(_, n)| *n);
    (if candidate.lead { LEAD } else { base }) * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Section;

    const QUESTION: &str =
        "Split one Kubernetes cluster of twelve services per team, per environment, or not at all?";

    fn contract(sections: &[(&str, Facet)]) -> Contract {
        let section = |(title, facet): &(&str, Facet)| Section {
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
        let plan = scaffold(&contract, QUESTION, 700, true);
        assert_eq!(titles(plan.as_ref()), ["In short:", "Given", "Advice", "Last"]);
        contract.closes_with = Some("Farewell".to_owned());
        let plan = scaffold(&contract, QUESTION, 700, true);
        assert_eq!(titles(plan.as_ref()), ["In short:", "Last", "Given", "Advice", "Farewell"]);
    }

    #[test]
    fn who_promises_nothing_or_is_asked_little_gets_no_scaffold() {
        assert_eq!(scaffold(&Contract::default(), QUESTION, 700, true), None);
        let mut contract = contract(&[("Advice", Facet::Recommendation)]);
        let attached = format!("why?\n\n{}", crate::prompt::attachment("a.md", "text"));
        for (question, always, planned) in [
            ("hi", false, false),
            ("is it up?", false, false),
            ("is it up again?", false, true),
            ("hi", true, true),
            (attached.as_str(), false, true),
        ] {
            contract.applies = if always { Applies::Always } else { Applies::Substantial };
            let plan = scaffold(&contract, question, 700, true);
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
            let plan = scaffold(&contract, QUESTION, limit, true);
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
        let plan = |question: &str, limit, small| scaffold(&contract, question, limit, small);
        let tokens = |plan: &Option<Scaffold>| {
            plan.iter().flat_map(|p| &p.sections).map(|s| s.tokens).sum::<u32>()
        };
        let short = plan("How many replicas do we need?", 700, true);
        assert_eq!(titles(short.as_ref()), ["A", "B", "D", "E", "F"]);
        let usual = plan(QUESTION, 700, true);
        let attached = format!("{QUESTION}\n\n{}", crate::prompt::attachment("a.md", "text"));
        let more = plan(&attached, 700, true);
        assert!(tokens(&short) < tokens(&usual) && tokens(&usual) < tokens(&more));
        // More only as far as the limit allows: no section goes for it.
        let tight = plan(&attached, tokens(&usual) + 10, true);
        assert_eq!(titles(tight.as_ref()), titles(usual.as_ref()));
        assert!(tokens(&tight) <= tokens(&usual) + 10 && tokens(&tight) > tokens(&usual));
        assert_eq!(tokens(&plan(QUESTION, 10_000, false)), tokens(&usual) * 3);
    }

    #[test]
    fn a_table_stands_in_the_first_section_of_its_facet() {
        let mut contract = contract(&[
            ("Advice", Facet::Recommendation),
            ("Ways", Facet::Options),
            ("More ways", Facet::Options),
        ]);
        let columns = |n: usize| (0..n).map(|i| format!("C{i}")).collect::<Vec<_>>();
        let rule = |when: &str, n| TableRule { when: when.to_owned(), columns: columns(n) };
        contract.tables = vec![rule("workloads placed", 3), rule("Options compared", 5)];
        let plan = scaffold(&contract, QUESTION, 700, true).unwrap();
        let tables: Vec<usize> =
            plan.sections.iter().map(|s| s.table.as_ref().map_or(0, Vec::len)).collect();
        assert_eq!(tables, [0, 5, 0]);
        assert_eq!(plan.sections[1].tokens, 4 * 5 * CELL);
        contract.tables = vec![rule("Options compared", 8)];
        let plan = scaffold(&contract, QUESTION, 700, true).unwrap();
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
            assert_eq!(FACETS.iter().filter(|(f, _)| *f == facet).count(), 1, "{facet:?}");
        }
    }
}
