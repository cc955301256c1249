//! `plenary persona`.

use std::path::Path;

use plenary::cli::ListFormat;
use plenary::cli::persona::{CommandOutput, PersonaCommand, render_persona_command};
use plenary::config::Flags;

use super::{PLAIN, SHIPPED, built_in, fixture, write_folder};

pub(super) fn show_persona(
    persona: &str,
    prompt: bool,
) -> Result<CommandOutput, plenary::cli::CliError> {
    let persona = persona.to_owned();
    render_persona_command(
        PersonaCommand::Show { persona, prompt, format: ListFormat::Text },
        &Flags::default(),
    )
}

#[test]
fn show_prompt_prints_only_the_prompt() {
    for id in SHIPPED {
        assert_eq!(show_persona(id, true).unwrap().out, *built_in(id).prompt);
    }
}

#[test]
fn show_lists_the_contract() {
    let out = show_persona("edge", false).unwrap().out;
    for line in [
        "Kai Lennox (edge)",
        "Principal Lead Edge Computing Engineer",
        "source      built in",
        "Sections (applies: substantial)",
        "   1  Restated constraints and assumptions              assumptions",
        "  options compared: Option | Latency | Power | Cost | Resilience | Burden",
        "  nodes: How many nodes, and how heterogeneous? (insists)",
    ] {
        assert!(out.lines().any(|l| l == line), "{line}\n{out}");
    }
    assert!(!out.contains("# Kai Lennox"));
    let json = render_persona_command(
        PersonaCommand::Show {
            persona: "edge".to_owned(),
            prompt: false,
            format: ListFormat::Json,
        },
        &Flags::default(),
    );
    let json: serde_json::Value = serde_json::from_str(&json.unwrap().out).unwrap();
    assert_eq!(json["contract"]["sections"][1]["facet"], "recommendation");
    assert_eq!(json["prompt"], *built_in("edge").prompt);
}

#[test]
fn unknown_personas_are_usage_errors_with_the_nearest_id() {
    let error = show_persona("egde", false).unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (2, "there is no persona `egde`; did you mean `edge`?")
    );
    let error = show_persona("zzzzzz", false).unwrap_err();
    assert!(error.message.contains("known are ai-lead, brief, devops, edge"), "{}", error.message);
    assert!(
        show_persona("./none.md", false).unwrap_err().message.contains("none.md: cannot be read")
    );
    let many = fixture("plain").display().to_string();
    assert!(
        show_persona(&many, false)
            .unwrap_err()
            .message
            .ends_with("holds 4 personas; name one of its files")
    );
}

#[test]
fn check_lists_errors_warnings_hidden_characters_and_sizes() {
    let folder = write_folder(&[
        ("good.md", PLAIN),
        ("hidden.md", "# H\n\nvisible\u{202e} text\u{200b}\n".as_bytes()),
        ("wrong.md", b"---\nid: w\nbreif: x\ntop_p: 9\n---\nbody\n"),
        ("esc.md", b"---\nid: \"\\e[31m\"\n---\nbody\n"),
    ]);
    let check = |names: &[&str]| {
        let files = names.iter().map(|n| folder.path().join(n)).collect();
        let printed =
            render_persona_command(PersonaCommand::Check { files }, &Flags::default()).unwrap();
        (printed.code, printed.out.replace(&format!("{}/", folder.path().display()), ""))
    };
    assert_eq!(
        check(&["good.md", "hidden.md"]),
        (
            0,
            "good.md: good-one, Good one: prompt about 5 tokens\n\
             hidden.md:3: invisible character U+202E, bidirectional control (warning)\n\
             hidden.md:3: invisible character U+200B, zero-width space (warning)\n\
             hidden.md: h, H: prompt about 5 tokens\n\
             2 personas, 0 errors, 2 warnings\n"
                .to_owned()
        )
    );
    assert_eq!(
        check(&["wrong.md"]),
        (
            1,
            "wrong.md:3: breif: unknown key, not used; did you mean `brief`? (warning)\n\
             wrong.md:4: top_p: `9` is not a number from 0 to 1, or null\n\
             0 personas, 1 error, 1 warning\n"
                .to_owned()
        )
    );
    let (code, out) = check(&["esc.md"]);
    assert_eq!(code, 1);
    assert!(!out.contains('\u{1b}'), "{out:?}");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("personas");
    let printed =
        render_persona_command(PersonaCommand::Check { files: vec![shipped] }, &Flags::default())
            .unwrap();
    assert_eq!(printed.code, 0);
    assert!(printed.out.ends_with("6 personas, 0 errors, 0 warnings\n"), "{}", printed.out);
}
