//! The chat template in a model file: turns a conversation into the text format that the model was trained on.
//!
//! Templates are Jinja with the settings and functions of Hugging Face's `transformers`, rendered by `minijinja`. They
//! are untrusted programs: instructions and output are limited, and their error messages are sanitised. Names of
//! special tokens in the text of users and models must not become special tokens; [`RenderedPrompt::mark`] prevents
//! that.

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::io::{self, Write};

use jiff::Zoned;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value, context};
use thiserror::Error as ThisError;

use crate::domain::{ChatMessage, ChatRole};
use crate::provider::failure_message::shorten_text;
use crate::text::sanitize_line;

#[cfg(test)]
mod tests;

/// The template for files without one. Most small models know it.
const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + \
     message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}";

/// The most instructions that a template may execute. A conversation of a thousand messages needs a tenth.
const MAX_FUEL: u64 = 1_000_000;
/// The most bytes that a template may write, which is more than any context holds.
const MAX_OUTPUT_BYTES: usize = 16 << 20;
/// The longest message taken from a template, in characters.
const MAX_MESSAGE_CHARS: usize = 200;
/// The name of the only template in the environment.
const TEMPLATE_NAME: &str = "chat";

/// Why a template cannot render a conversation. Text from the template is sanitised.
#[derive(Debug, ThisError)]
pub(super) enum ChatTemplateError {
    /// No character is left for [`RenderedPrompt::mark`].
    #[error("the question uses every private character there is")]
    NoMark,
    /// The template calls `raise_exception`.
    #[error("the chat template in the file refuses this conversation: {0}")]
    Raised(String),
    /// The template executes too many instructions.
    #[error("the chat template in the file does not terminate")]
    Endless,
    /// The template writes too much.
    #[error("the chat template in the file writes more than any model can read")]
    TooLong,
    /// The template fails.
    #[error("the chat template in the file fails: {0}")]
    Failed(String),
}

impl ChatTemplateError {
    fn new(error: &Error) -> Self {
        match (error.kind(), raised_message(error)) {
            (_, Some(message)) => Self::Raised(message),
            (ErrorKind::OutOfFuel, _) => Self::Endless,
            (ErrorKind::WriteFailure, _) => Self::TooLong,
            _ => Self::Failed(describe_error(error)),
        }
    }
}

/// A conversation in the format of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RenderedPrompt {
    /// The text, with [`Self::mark`] inside each name of a special token that the template did not write.
    pub(super) text: String,
    /// A character that occurs nowhere else in the text and must be removed from it.
    pub(super) mark: char,
}

/// The chat template of a file.
pub(super) struct ChatTemplate {
    environment: Environment<'static>,
    bos: String,
    eos: String,
}

impl ChatTemplate {
    /// Parses `source`. `bos` and `eos` are the texts of the tokens that begin and end a sequence. A file without a
    /// template, or with one that cannot be parsed, gets `ChatML`, and a note for the user.
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
        let mut environment = build_environment(now);
        let note = match source.map(|s| environment.add_template_owned(TEMPLATE_NAME, s.to_owned()))
        {
            None => Some("this file has no chat template: ChatML is used".to_owned()),
            Some(Ok(())) => None,
            Some(Err(error)) => Some(format!(
                "the chat template in this file cannot be read ({}): ChatML is used",
                describe_error(&error)
            )),
        };
        if note.is_some()
            && let Err(error) = environment.add_template(TEMPLATE_NAME, CHATML)
        {
            tracing::error!(%error, "ChatML cannot be read");
        }
        let to_owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (Self { environment, bos: to_owned(bos), eos: to_owned(eos) }, note)
    }

    /// Renders a conversation up to the point where the model answers. `mark_special_tokens` inserts a mark into the
    /// names of special tokens in a text.
    ///
    /// If the template rejects or ignores the system prompt, it is put in front of the first question.
    ///
    /// # Errors
    /// The template fails or exceeds its limits.
    pub(super) fn render_prompt(
        &self,
        system: &str,
        messages: &[ChatMessage],
        mark_special_tokens: impl Fn(&str, char) -> String,
    ) -> Result<RenderedPrompt, ChatTemplateError> {
        let texts = std::iter::once(system).chain(messages.iter().map(|m| &*m.text));
        let mark = find_unused_char(texts).ok_or(ChatTemplateError::NoMark)?;
        let system = mark_special_tokens(system, mark);
        let messages: Vec<(&'static str, String)> = messages
            .iter()
            .map(|m| (role_name(m.role), mark_special_tokens(&m.text, mark)))
            .collect();
        let text = self.render_with_system(&system, &messages)?;
        Ok(RenderedPrompt { text, mark })
    }

    fn render_with_system(
        &self,
        system: &str,
        messages: &[(&str, String)],
    ) -> Result<String, ChatTemplateError> {
        if system.trim().is_empty() {
            return self.render(None, messages).map_err(|error| ChatTemplateError::new(&error));
        }
        let first = self.render(Some(system), messages);
        match &first {
            Ok(text) if text.contains(system.trim()) => return Ok(text.clone()),
            Err(error) if is_over_limit(error) => return Err(ChatTemplateError::new(error)),
            _ => {}
        }
        let mut joined = messages.to_vec();
        if let Some((_, question)) = joined.iter_mut().find(|(role, _)| *role == "user") {
            *question = format!("{}\n\n{question}", system.trim_end());
        }
        match (self.render(None, &joined), first) {
            (Ok(text), _) | (Err(_), Ok(text)) => Ok(text),
            (Err(_), Err(error)) => Err(ChatTemplateError::new(&error)),
        }
    }

    fn render(&self, system: Option<&str>, messages: &[(&str, String)]) -> Result<String, Error> {
        let messages: Vec<Value> = system
            .map(|text| ("system", text))
            .into_iter()
            .chain(messages.iter().map(|(role, text)| (*role, text.as_str())))
            .map(|(role, content)| context! { role, content })
            .collect();
        let mut out = LimitedOutput(Vec::new());
        self.environment.get_template(TEMPLATE_NAME)?.render_captured_to(
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

fn role_name(role: ChatRole) -> &'static str {
    match role {
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
    }
}

/// Jinja with the settings and functions of `transformers`.
fn build_environment(now: fn() -> Zoned) -> Environment<'static> {
    let mut environment = Environment::new();
    match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        Ok(syntax) => environment.set_syntax(syntax),
        Err(error) => tracing::error!(%error, "the syntax of templates cannot be set"),
    }
    environment.set_fuel(Some(MAX_FUEL));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, "").with_source(TemplateException(message)))
    });
    environment.add_function("strftime_now", move |format: String| {
        jiff::fmt::strtime::format(&format, &now())
            .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
    });
    environment
}

/// The message of `raise_exception`.
#[derive(Debug)]
struct TemplateException(String);

impl Display for TemplateException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateException {}

/// A text of limited length.
struct LimitedOutput(Vec<u8>);

impl Write for LimitedOutput {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.0.len() + part.len() > MAX_OUTPUT_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Finds a private-use character that occurs in none of the texts.
fn find_unused_char<'a>(texts: impl Iterator<Item = &'a str>) -> Option<char> {
    let private = |c: &char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}');
    let used: HashSet<char> = texts.flat_map(str::chars).filter(private).collect();
    ('\u{e000}'..='\u{f8ff}').chain('\u{f0000}'..='\u{ffffd}').find(|c| !used.contains(c))
}

/// True for a template that exceeds its limits, which it would do again.
fn is_over_limit(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::OutOfFuel | ErrorKind::WriteFailure)
}

/// The message of `raise_exception`, if that is the cause.
fn raised_message(error: &Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(TemplateException(message)) = error.downcast_ref() {
            return Some(shorten_message(message));
        }
        next = error.source();
    }
    None
}

/// The error as one sanitised line.
fn describe_error(error: &Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    shorten_message(&format!("{}{line}{detail}", error.kind()))
}

/// Sanitises and shortens text from a template.
fn shorten_message(message: &str) -> String {
    shorten_text(&sanitize_line(message), MAX_MESSAGE_CHARS)
}
