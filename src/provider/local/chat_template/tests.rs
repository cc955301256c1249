use std::path::Path;

use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::*;

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/local").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn test_time() -> Zoned {
    date(2026, 11, 21).at(14, 10, 50, 0).to_zoned(TimeZone::UTC).unwrap()
}

/// Parses a valid template.
fn template_from(source: &str) -> ChatTemplate {
    let (template, note) =
        ChatTemplate::with_clock(Some(source), Some("<s>"), Some("</s>"), test_time);
    assert_eq!(note, None);
    template
}

fn without_mark(text: &str, _: char) -> String {
    text.to_owned()
}

/// The prompt for one question, or the error as text.
fn render_question(
    template: &ChatTemplate,
    system: &str,
    question: &str,
) -> Result<String, String> {
    template
        .render_prompt(system, &[ChatMessage::user(question)], without_mark)
        .map(|rendered| rendered.text)
        .map_err(|error| error.to_string())
}

#[test]
fn templates_of_real_files_render_as_jinja2_does() {
    let rows: Vec<Json> = serde_json::from_str(&fixture("renderings.json")).unwrap();
    assert_eq!(rows.len(), 30);
    let mut rejected = 0;
    for row in rows {
        let name = row["template"].as_str().unwrap();
        let source = fixture(&format!("{name}.jinja"));
        let (template, note) = ChatTemplate::with_clock(
            Some(&source),
            row["bos"].as_str(),
            row["eos"].as_str(),
            test_time,
        );
        assert_eq!(note, None, "{name}");
        let mut system = "";
        let mut messages = Vec::new();
        for message in row["messages"].as_array().unwrap() {
            let text = message["content"].as_str().unwrap();
            match message["role"].as_str().unwrap() {
                "system" => system = text,
                "user" => messages.push(ChatMessage::user(text)),
                _ => messages.push(ChatMessage::assistant(text)),
            }
        }
        let rendered = template.render_prompt(system, &messages, without_mark).unwrap().text;
        if row.get("raises").is_some() {
            rejected += 1;
            let first = format!("{system}\n\n{}", messages[0].text);
            messages[0] = ChatMessage::user(first);
            let joined = template.render_prompt("", &messages, without_mark).unwrap().text;
            assert_eq!(rendered, joined, "{name}");
            assert!(rendered.contains("<start_of_turn>user\nYou are Kael Voss."), "{rendered}");
        } else {
            assert_eq!(rendered, row["text"].as_str().unwrap(), "{name}");
        }
    }
    assert_eq!(rejected, 3, "Gemma knows no system role");
}

#[test]
fn a_file_without_a_template_gets_chatml_and_a_note() {
    let (template, note) = ChatTemplate::new(None, None, None);
    assert_eq!(note.as_deref(), Some("this file has no chat template: ChatML is used"));
    let messages =
        [ChatMessage::user("Hm?"), ChatMessage::assistant("Yes."), ChatMessage::user("Why?\n")];
    assert_eq!(
        template.render_prompt("Be brief.", &messages, without_mark).unwrap().text,
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHm?<|im_end|>\n\
         <|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nWhy?\n<|im_end|>\n\
         <|im_start|>assistant\n"
    );
}

#[test]
fn an_invalid_template_is_replaced_by_chatml_with_a_note() {
    let (template, note) = ChatTemplate::new(Some("a\n{% for m in \u{1b}[2J %}"), None, None);
    let note = note.unwrap();
    assert!(
        note.starts_with("the chat template in this file cannot be read (syntax error in line 2:")
    );
    assert!(note.ends_with("): ChatML is used") && !note.contains('\u{1b}'), "{note}");
    assert!(render_question(&template, "", "Hm?").unwrap().starts_with("<|im_start|>user\nHm?"));
}

#[test]
fn endless_templates_and_endless_output_are_errors() {
    let loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    assert_eq!(
        render_question(&template_from(loops), "s", "q").unwrap_err(),
        "the chat template in the file does not terminate"
    );
    let floods = "{% for a in range(99999) %}{{ 'x' * 9999 }}{% endfor %}";
    assert_eq!(
        render_question(&template_from(floods), "s", "q").unwrap_err(),
        "the chat template in the file writes more than any model can read"
    );
    let recursive = "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}";
    let error = render_question(&template_from(recursive), "s", "q").unwrap_err();
    assert!(error.starts_with("the chat template in the file fails: "), "{error}");
}

#[test]
fn exceptions_of_templates_are_one_sanitised_line() {
    let raises = format!("{{{{ raise_exception('No \u{1b}[31mway\nout {}') }}}}", "x".repeat(300));
    let error = render_question(&template_from(&raises), "", "q").unwrap_err();
    assert!(
        error.starts_with("the chat template in the file refuses this conversation: No "),
        "{error}"
    );
    assert!(error.ends_with("xx…") && error.chars().count() < 280, "{error}");
    assert!(!error.contains(['\u{1b}', '\n']), "{error}");

    let fails =
        render_question(&template_from("{{ messages[0].content.nothing.at_all }}"), "", "q")
            .unwrap_err();
    assert!(fails.starts_with("the chat template in the file fails: undefined value"), "{fails}");
}

#[test]
fn an_ignored_system_prompt_is_put_before_the_first_question() {
    let ignoring = template_from(
        "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endfor %}",
    );
    assert_eq!(render_question(&ignoring, "Be brief.\n", "Hm?").unwrap(), "[user]Be brief.\n\nHm?");
    assert_eq!(render_question(&ignoring, " \n", "Hm?").unwrap(), "[user]Hm?");

    let rejecting = template_from("{{ raise_exception('no ' ~ messages[0].role) }}");
    assert!(render_question(&rejecting, "Be brief.", "Hm?").unwrap_err().ends_with(": no system"));
}

#[test]
fn templates_get_the_functions_and_values_they_expect() {
    let source = "{{ bos_token }}{{ strftime_now('%d %b %Y') }}{{ eos_token }}\
        {% if tools is none and add_generation_prompt %}{{ ' a b '.strip().split(' ')[-1] }}{% endif %}\
        {% for m in messages %}{% break %}{% endfor %}";
    assert_eq!(render_question(&template_from(source), "", "q").unwrap(), "<s>21 Nov 2026</s>b");
    let bad = template_from("{{ strftime_now('%!') }}");
    assert!(
        render_question(&bad, "", "q")
            .unwrap_err()
            .starts_with("the chat template in the file fails: ")
    );
}

#[test]
fn the_mark_occurs_in_no_message() {
    let (template, _) = ChatTemplate::new(None, None, None);
    let taken: String = ('\u{e000}'..='\u{e0ff}').collect();
    let messages = [ChatMessage::user(taken.as_str()), ChatMessage::assistant("\u{e101}")];
    let marked = |text: &str, mark: char| text.replace('\u{e0ff}', &format!("\u{e0ff}{mark}"));
    let rendered = template.render_prompt("\u{e100}", &messages, marked).unwrap();
    assert_eq!(rendered.mark, '\u{e102}');
    assert_eq!(rendered.text.matches('\u{e102}').count(), 1);
}
