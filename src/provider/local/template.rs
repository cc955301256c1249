//! The chat template inside a file of weights: a conversation to the text that the model was trained on.
//!
//! Jinja as Hugging Face's `transformers` sets it up, rendered by `minijinja`. A template is a stranger's program: it
//! gets fuel and a limit for what it writes, and its messages are cleaned. What people and models wrote may name special
//! tokens; [`Rendered::mark`] keeps such a name from becoming one. Not for token ids (`tokens`). The engine makes one for
//! each file.

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::io::{self, Write};

use jiff::Zoned;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value, context};

use crate::domain::{ChatMessage, ChatRole};
use crate::text::sanitize_line;

#[cfg(test)]
mod tests;

/// What files without a template are given; most small models know it.
const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + \
     message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}";

/// Instructions that a template may take: a conversation of a thousand messages needs a tenth.
const FUEL: u64 = 1_000_000;
/// The most bytes that a template may write: more than any context holds.
const MOST_BYTES: usize = 16 << 20;
/// The name of the only template.
const NAME: &str = "chat";

/// A conversation as the model was trained to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    /// The text, with [`Self::mark`] in each name of a special token that the template did not write.
    pub(super) text: String,
    /// A character that occurs nowhere else in the text, to be taken out of it.
    pub(super) mark: char,
}

/// The chat template of a file.
pub(super) struct Template {
    environment: Environment<'static>,
    bos: String,
    eos: String,
}

impl Template {
    /// Of a template's source and the texts of the special tokens that it may write. A file without a template, or with
    /// one that cannot be read, gets `ChatML`, and words that say so.
    #[expect(clippy::disallowed_methods, reason = "templates may print today's date; tests set it")]
    pub(super) fn new(
        source: Option<&str>,
        bos: Option<&str>,
        eos: Option<&str>,
    ) -> (Self, Option<String>) {
        Self::with_clock(source, bos, eos, Zoned::now)
    }

    fn with_clock(
        source: Option<&str>,
        bos: Option<&str>,
        eos: Option<&str>,
        now: fn() -> Zoned,
    ) -> (Self, Option<String>) {
        let mut environment = environment(now);
        let note = match source.map(|s| environment.add_template_owned(NAME, s.to_owned())) {
            None => Some("this file has no chat template: ChatML is used".to_owned()),
            Some(Ok(())) => None,
            Some(Err(error)) => Some(format!(
                "the chat template in this file cannot be read ({}): ChatML is used",
                words(&error)
            )),
        };
        if note.is_some()
            && let Err(error) = environment.add_template(NAME, CHATML)
        {
            tracing::error!(%error, "ChatML cannot be read");
        }
        let own = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (Self { environment, bos: own(bos), eos: own(eos) }, note)
    }

    /// Renders a conversation, up to where the model answers. `disarm` sets a mark into the names of special tokens.
    ///
    /// A template that cannot do with a system prompt, or leaves it out, is given it at the head of the first question.
    ///
    /// # Errors
    /// Words about why the template fails.
    pub(super) fn render(
        &self,
        system: &str,
        messages: &[ChatMessage],
        disarm: impl Fn(&str, char) -> String,
    ) -> Result<Rendered, String> {
        let mark = unused(std::iter::once(system).chain(messages.iter().map(|m| &*m.text)))
            .ok_or("the question uses every private character there is")?;
        let system = disarm(system, mark);
        let turns: Vec<(&'static str, String)> =
            messages.iter().map(|m| (role(m.role), disarm(&m.text, mark))).collect();
        let text = self.conversation(&system, &turns)?;
        Ok(Rendered { text, mark })
    }

    fn conversation(&self, system: &str, turns: &[(&str, String)]) -> Result<String, String> {
        if system.trim().is_empty() {
            return self.text(None, turns).map_err(|error| failure(&error));
        }
        let first = self.text(Some(system), turns);
        match &first {
            Ok(text) if text.contains(system.trim()) => return Ok(text.clone()),
            Err(error) if !worth_another_try(error) => return Err(failure(error)),
            _ => {}
        }
        let mut joined = turns.to_vec();
        if let Some((_, question)) = joined.iter_mut().find(|(role, _)| *role == "user") {
            *question = format!("{}\n\n{question}", system.trim_end());
        }
        match (self.text(None, &joined), first) {
            (Ok(text), _) | (Err(_), Ok(text)) => Ok(text),
            (Err(_), Err(error)) => Err(failure(&error)),
        }
    }

    fn text(&self, system: Option<&str>, turns: &[(&str, String)]) -> Result<String, Error> {
        let messages: Vec<Value> = system
            .map(|text| ("system", text))
            .into_iter()
            .chain(turns.iter().map(|(role, text)| (*role, text.as_str())))
            .map(|(role, content)| context! { role, content })
            .collect();
        let mut out = Limited(Vec::new());
        self.environment.get_template(NAME)?.render_captured_to(
            context! {
                messages,
                bos_token => self.bos.as_str(),
                eos_token => self.eos.as_str(),
                add_generation_prompt => true,
                tools => (),
                documents => (),
            },
            &mut out,
        )?;
        String::from_utf8(out.0)
            .map_err(|error| Error::new(ErrorKind::WriteFailure, "text").with_source(error))
    }
}

fn role(role: ChatRole) -> &'static str {
    match role {
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
    }
}

/// Jinja as `transformers` sets it up, with the functions that it adds.
fn environment(now: fn() -> Zoned) -> Environment<'static> {
    let mut environment = Environment::new();
    match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        Ok(syntax) => environment.set_syntax(syntax),
        Err(error) => tracing::error!(%error, "the syntax of templates cannot be set"),
    }
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, "").with_source(Raised(message)))
    });
    environment.add_function("strftime_now", move |format: String| {
        jiff::fmt::strtime::format(&format, &now())
            .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
    });
    environment
}

/// What a template said with `raise_exception`.
#[derive(Debug)]
struct Raised(String);

impl Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Raised {}

/// A text that does not grow without bound.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.0.len() + part.len() > MOST_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A private character that occurs in none of the texts.
fn unused<'a>(texts: impl Iterator<Item = &'a str>) -> Option<char> {
    let private = |c: &char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}');
    let used: HashSet<char> = texts.flat_map(str::chars).filter(private).collect();
    ('\u{e000}'..='\u{f8ff}').chain('\u{f0000}'..='\u{ffffd}').find(|c| !used.contains(c))
}

/// A template that ran out of fuel or room would do so again.
fn worth_another_try(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::OutOfFuel | ErrorKind::WriteFailure)
}

fn failure(error: &Error) -> String {
    match (error.kind(), raised(error)) {
        (_, Some(message)) => {
            format!("the chat template in the file refuses this conversation: {message}")
        }
        (ErrorKind::OutOfFuel, _) => {
            "the chat template in the file does not come to an end".to_owned()
        }
        (ErrorKind::WriteFailure, _) => {
            "the chat template in the file writes more than any model can read".to_owned()
        }
        _ => format!("the chat template in the file fails: {}", words(error)),
    }
}

fn raised(error: &Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(Raised(message)) = error.downcast_ref() {
            return Some(short(message));
        }
        next = error.source();
    }
    None
}

/// An error in one clean line.
fn words(error: &Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    short(&format!("{}{line}{detail}", error.kind()))
}

/// What a stranger wrote, made fit for a message.
fn short(message: &str) -> String {
    let line = sanitize_line(message);
    match line.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
