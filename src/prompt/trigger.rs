//! Triggers: phrases in a question that add a persona to the turn.
//!
//! Any case, whole words, any white space between the words. Only finds them; adding and dismissing personas is not done here.

use crate::domain::Persona;
use crate::text::find_phrase;

/// True when the question contains one of the persona's triggers as whole words, in any case.
pub fn is_triggered(persona: &Persona, question: &str) -> bool {
    if persona.triggers.is_empty() {
        return false;
    }
    let question = normalize_words(question);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    persona
        .triggers
        .iter()
        .any(|phrase| find_phrase(&question, &normalize_words(phrase), is_word).next().is_some())
}

/// Lower case, with one space between words.
fn normalize_words(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PersonaId, PersonaSource};

    #[test]
    fn triggers_are_whole_words_in_any_case() {
        let id = PersonaId::from_name("gitops");
        let mut persona = Persona::from_prompt(id, "G".to_owned(), "P", PersonaSource::BuiltIn);
        assert!(!is_triggered(&persona, "Deploy this"));
        persona.triggers =
            ["Deploy this", "Set up CI/CD", "Server is down"].map(str::to_owned).to_vec();
        for (question, expected) in [
            ("Deploy this", true),
            ("please DEPLOY  this, now", true),
            ("deploy\n\tthis!", true),
            ("deploy\u{a0}this", true),
            ("\"set up ci/cd\" for me", true),
            ("The server is down?", true),
            ("redeploy this", false),
            ("deploy thisness", false),
            ("deploy_this", false),
            ("redeploy this, then deploy this", true),
            ("deploy that", false),
            ("set up ci/cds", false),
            ("the server is downstream", false),
            ("my-server is down", true),
            ("ärserver is down", false),
            ("", false),
        ] {
            assert_eq!(is_triggered(&persona, question), expected, "{question:?}");
        }
    }

    #[test]
    fn an_empty_trigger_triggers_nothing() {
        let id = PersonaId::from_name("x");
        let mut persona = Persona::from_prompt(id, "X".to_owned(), "P", PersonaSource::BuiltIn);
        persona.triggers = vec![String::new(), " ".to_owned()];
        assert!(!is_triggered(&persona, "anything  at all"));
    }
}
