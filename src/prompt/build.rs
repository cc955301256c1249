//! Builds a request from persona, earlier exchanges and question, within the token budget.
//!
//! What does not fit is left out in a fixed order: first the oldest exchanges, then the persona's full text in favour of its
//! short prompt, which small models get in any case. The question is never cut. Notes say what was left out.

use std::sync::Arc;

use super::budget::{PromptBudget, message_tokens};
use super::{Exchange, PromptInput, plan_scaffold};
use crate::domain::format::{format_quantity, format_thousands};
use crate::domain::{ChatMessage, ChatRequest, Persona, RunNotes};

/// A request that fits its budget.
#[derive(Debug, Clone, PartialEq)]
pub struct BuiltPrompt {
    /// The request.
    pub request: ChatRequest,
    /// Notes for the user: about the model, then what was left out.
    pub notes: RunNotes,
    /// Estimated tokens of the request.
    pub tokens: u32,
    /// Why the request must not be sent: it exceeds its limit by more than the estimate can be wrong.
    pub too_large: Option<String>,
}

/// Builds the request. Drops the oldest exchanges first, then uses the persona's short prompt.
///
/// The system prompt is the persona's text, verbatim. A line after it says that a trigger activated the persona, another
/// one that the headings are written for the model. A request that does not fit is built all the same; a note says so, and
/// above twice the limit [`BuiltPrompt::too_large`] is set.
pub fn build_prompt(ask: PromptInput<'_>) -> BuiltPrompt {
    let profile = ask.profile;
    let budget = PromptBudget::new(profile.context, ask.persona.context_limit, profile.max_tokens);
    let text = build_system_prompts(&ask);
    let question = message_tokens(ask.question);
    let room = |system: &str| {
        let used = message_tokens(system).saturating_add(question);
        budget.map_or(Some(u32::MAX), |b| b.prompt.checked_sub(used))
    };
    let (system, room, shortened) = match (room(&text.usual), text.shorter) {
        (Some(room), _) => (text.usual, Some(room), false),
        (None, Some(brief)) => {
            let room = room(&brief);
            (brief, room, true)
        }
        (None, None) => (text.usual, None, false),
    };
    let kept = latest_fitting(ask.history, room.unwrap_or(0));
    let tokens = kept
        .iter()
        .map(exchange_tokens)
        .fold(message_tokens(&system).saturating_add(question), u32::saturating_add);
    let too_large = budget
        .filter(|b| room.is_none() && tokens > b.limit.saturating_mul(2))
        .map(|b| refuse_request(ask.persona, tokens, b));
    let mut notes = RunNotes::new(profile.note.clone());
    if text.for_small {
        notes.push("short form of the persona: a small model reads it better".to_owned());
    }
    if let Some(budget) = budget {
        let over = (room.is_none() && too_large.is_none()).then_some(tokens);
        notes.extend(describe_omissions(ask.history.len() - kept.len(), shortened, over, budget));
    }
    let max_tokens = profile.max_tokens.map(|most| answer_limit(most, tokens, budget));
    let limit = max_tokens.unwrap_or(u32::MAX);
    let planned = || plan_scaffold(&ask.persona.contract, ask.question, limit, profile.small);
    let request = ChatRequest {
        model: ask.model.to_owned(),
        system,
        messages: build_messages(kept, ask.question),
        temperature: ask.persona.temperature,
        top_p: ask.persona.top_p,
        max_tokens,
        scaffold: if profile.scaffold { planned() } else { None },
    };
    BuiltPrompt { request, notes, tokens, too_large }
}

/// The candidates for the system prompt.
struct SystemPrompts {
    /// The persona's text; for a small model its short prompt.
    usual: Arc<str>,
    /// A shorter one, if there is one.
    shorter: Option<Arc<str>>,
    /// The usual one is the short prompt, because the model is small.
    for_small: bool,
}

fn build_system_prompts(ask: &PromptInput<'_>) -> SystemPrompts {
    // Independent of the question: a changed system prompt would invalidate the provider's prefix cache.
    let scaffolded = ask.profile.scaffold && !ask.persona.contract.sections.is_empty();
    let system = |text: &str| build_system_prompt(ask.persona, text, ask.triggered, scaffolded);
    let full = system(&ask.persona.prompt);
    let brief =
        ask.persona.short_prompt.as_deref().map(system).filter(|brief| brief.len() < full.len());
    match brief {
        Some(brief) if ask.profile.small => {
            SystemPrompts { usual: brief, shorter: None, for_small: true }
        }
        shorter => SystemPrompts { usual: full, shorter, for_small: false },
    }
}

/// Tells the model that its headings are written for it; without this it writes the persona's rules about form under them.
const HEADINGS_INSTRUCTION: &str = "Where an answer needs headings, they are written for you. Under each, write only what you say \
     about the question: no headings, nothing about these instructions, nothing that was said before.";

/// The persona's text, followed by a line when a trigger activated it, and one when the headings are written for it.
fn build_system_prompt(
    persona: &Persona,
    text: &str,
    triggered: bool,
    scaffolded: bool,
) -> Arc<str> {
    if !triggered && !scaffolded && text == &*persona.prompt {
        return Arc::clone(&persona.prompt);
    }
    let mode = persona.mode.as_deref().unwrap_or("Your trigger mode");
    let mode =
        format!("{mode} is active: the user's question contains one of your trigger phrases.");
    let lines = [(triggered, mode.as_str()), (scaffolded, HEADINGS_INSTRUCTION)];
    let said = lines.iter().filter(|(said, _)| *said).map(|(_, line)| format!("\n\n{line}\n"));
    Arc::from(std::iter::once(text.to_owned()).chain(said).collect::<String>())
}

/// The latest exchanges that fit into `room` tokens.
fn latest_fitting(history: &[Exchange], room: u32) -> &[Exchange] {
    let mut left = room;
    let mut kept = 0;
    for exchange in history.iter().rev() {
        match left.checked_sub(exchange_tokens(exchange)) {
            Some(rest) => left = rest,
            None => break,
        }
        kept += 1;
    }
    history.get(history.len() - kept..).unwrap_or_default()
}

fn exchange_tokens(exchange: &Exchange) -> u32 {
    message_tokens(&exchange.question).saturating_add(message_tokens(&exchange.answer))
}

/// Exchanges and question as messages. An exchange without an answer (it failed before any text came) is joined with the
/// next one: several providers reject two messages of one role in a row, and all reject an empty message.
fn build_messages(history: &[Exchange], question: &str) -> Vec<ChatMessage> {
    let mut messages = Vec::with_capacity(history.len() * 2 + 1);
    let mut pending = String::new();
    for exchange in history {
        let unanswered = exchange.answer.trim().is_empty();
        if unanswered && *exchange.question == *question {
            // The same question again: once is enough.
        } else if unanswered {
            pending.push_str(&exchange.question);
            pending.push_str("\n\n");
        } else if pending.is_empty() {
            messages.push(ChatMessage::user(Arc::clone(&exchange.question)));
            messages.push(ChatMessage::assistant(Arc::clone(&exchange.answer)));
        } else {
            pending.push_str(&exchange.question);
            messages.push(ChatMessage::user(std::mem::take(&mut pending)));
            messages.push(ChatMessage::assistant(Arc::clone(&exchange.answer)));
        }
    }
    pending.push_str(question);
    messages.push(ChatMessage::user(pending));
    messages
}

/// Tokens for the answer: providers reject a request whose prompt and answer together exceed the context.
fn answer_limit(most: u32, tokens: u32, budget: Option<PromptBudget>) -> u32 {
    let Some(budget) = budget else { return most };
    most.min(budget.limit.saturating_sub(tokens)).max(1)
}

/// The message for a request of more than twice its limit.
fn refuse_request(persona: &Persona, tokens: u32, budget: PromptBudget) -> String {
    format!(
        "not sent: about {} tokens, and {} takes {}; shorten the question, attach less, or raise \
         context_limit under [persona.{}] (or context of its provider) in config.toml",
        format_thousands(tokens),
        persona.name,
        format_thousands(budget.limit),
        persona.id
    )
}

/// Notes on what was left out. `over` is the size of the request when it exceeds the budget.
fn describe_omissions(
    dropped: usize,
    shortened: bool,
    over: Option<u32>,
    budget: PromptBudget,
) -> Vec<String> {
    let limit = format_thousands(budget.limit);
    let mut notes = Vec::new();
    if dropped > 0 {
        let dropped = format_quantity(dropped, "older question");
        notes.push(format!("left out {dropped} to fit {limit} tokens"));
    }
    if shortened {
        notes.push(format!("short form of the persona, to fit {limit} tokens"));
    }
    if let Some(tokens) = over {
        notes.push(format!(
            "about {} tokens, more than the {} that {limit} tokens leave for a question: the question was sent in full, ask for less or choose a larger model",
            format_thousands(tokens),
            format_thousands(budget.prompt),
        ));
    }
    notes
}

#[cfg(test)]
mod tests;
