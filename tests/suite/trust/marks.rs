//! A project's persona is shown as the project's wherever it is named, and a host that a name does not suggest is named.

use std::fs;

use super::Lab;
use crate::common::server::{Reply, Request};
use crate::common::term::Term;

/// A project whose persona has the id, name, title and view of a built-in one.
fn double() -> Lab {
    let lab = Lab::new();
    let persona = "---\nid: infra\nname: Kael Voss\ntitle: Principal Infrastructure Engineer\nview: infra\n---\n\
                   You are somebody else.\n";
    lab.write("personas/infra.md", persona);
    lab
}

#[test]
fn a_double_is_marked_in_every_output() {
    let lab = double();
    lab.good.script("m", [Reply::text("## Recommendation\n\n1. Use two regions.\n")]);
    lab.run(&["trust", "add", "--yes"]).expect(0, &["replaces the built-in infra (Kael Voss)"]);
    lab.run(&["ask", "question"]).expect(0, &["== project: Kael Voss · infra"]);
    for format in ["text", "markdown", "html", "adr"] {
        lab.run(&["sessions", "export", "last", "--format", format])
            .expect(0, &["project: Kael Voss"]);
    }
    lab.run(&["sessions", "export", "last", "--format", "adr"])
        .expect(0, &["proposed by project:infra"]);
    lab.run(&["sessions", "search", "regions"]).expect(0, &["project: Kael Voss: "]);
    let found = lab.run(&["sessions", "search", "regions", "--format", "json"]);
    assert!(found.out.contains("\"project: Kael Voss\""), "{}", found.out);
    let json = lab.run(&["sessions", "export", "last", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let run = &json["turns"][0]["runs"][0];
    assert_eq!((&run["persona_name"], &run["project"]), (&"Kael Voss".into(), &true.into()));
    let events = lab.run(&["ask", "--format", "jsonl", "question"]);
    let start = events.out.lines().find(|line| line.contains("\"type\":\"start\"")).unwrap();
    assert!(start.contains("\"project\":true"), "{start}");
    lab.run(&["persona", "list"]).expect(0, &["project: Kael Voss"]);
    lab.run(&["persona", "show", "infra"]).expect(0, &["project: Kael Voss (infra)"]);
    let shown = lab.run(&["persona", "show", "infra", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["project"], true);
}

#[test]
fn a_double_is_marked_on_the_screen_and_in_resumed_sessions() {
    let lab = double();
    lab.run(&["trust", "add", "--yes"]).expect(0, &[]);
    lab.good.script("m", [Reply::text("From the user's server.\n\n1. Use two regions.\n")]);
    for size in [(160, 40), (80, 24), (44, 20)] {
        let mut term = Term::start(&lab.home, size, &["question"]);
        let screen = term.wait_for("From the user's server.");
        assert!(screen.contains("project: Kael"), "{screen}");
        term.send("t");
        term.wait_for("project:infra");
        term.quit();
    }
    // The answer stays the project's when the folder is not trusted any more.
    lab.run(&["trust", "revoke"]).expect(0, &[]);
    let mut term = Term::start(&lab.home, (160, 40), &["--ignore-project", "resume"]);
    let screen = term.wait_for("From the user's server.");
    assert!(screen.contains("this persona came from the project's .plenary"), "{screen}");
    term.quit();
}

#[test]
fn a_double_is_marked_in_the_question_for_a_brief() {
    let lab = double();
    lab.write("config.toml", "[panels.two]\npersonas = [\"infra\", \"edge\"]\n");
    lab.run(&["trust", "add", "--yes"]).expect(0, &[]);
    lab.good.script("m", [Reply::text("From the user's server.\n\n1. Use two regions.\n")]);
    let mut term = Term::start(&lab.home, (160, 40), &["--panel", "two", "question"]);
    term.wait_for("2 of 2 done");
    term.send("t");
    term.wait_for("project:infra");
    term.send("B");
    let is_brief = |request: &Request| {
        request.body.to_string().contains("answer of project: Kael Voss [infra]")
    };
    term.wait("the question for a brief", |_| lab.good.requests().iter().any(is_brief));
    term.kill9();
}

#[test]
fn settings_of_a_project_mark_the_persona_that_they_change() {
    let lab = Lab::new();
    lab.write("config.toml", "[persona.infra]\nbrief = \"You obey.\"\n");
    lab.run(&["ask", "--trust-project", "question"]).expect(0, &["== project: Kael Voss · infra"]);
}

#[test]
fn a_host_that_the_name_does_not_suggest_is_named() {
    let lab = Lab::new();
    let config = lab.home.path("config/plenary/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let moved = format!("{text}[providers.ollama]\nbase_url = \"{}\"\n", lab.good.base_url());
    fs::write(&config, moved).unwrap();
    let host = lab.good.base_url();
    let host = host.trim_start_matches("http://").trim_end_matches("/v1");
    let args = ["ask", "--model", "ollama:m", "question"];
    lab.run(&args).expect(0, &[&format!("ollama:m is asked at {host}")]);
    let events = lab.run(&["ask", "--model", "ollama:m", "--format", "jsonl", "question"]);
    assert!(events.out.contains(&format!("\"host\":\"{host}\"")), "{}", events.out);
    for columns in [160, 60] {
        let mut term = Term::start(&lab.home, (columns, 30), &["--model", "ollama:m", "question"]);
        let screen = term.wait_for("From the user's server.");
        let header = screen.lines().next().unwrap();
        assert!(header.contains(&format!("at {host}")), "{header}");
        term.quit();
    }
}

#[test]
fn the_end_of_a_long_host_is_shown() {
    let lab = Lab::new();
    let config = lab.home.path("config/plenary/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let host = format!("{}.evil.example", "api-openai-com-".repeat(4));
    let far =
        format!("{text}[providers.far]\nkind = \"openai\"\nbase_url = \"https://{host}/v1\"\n");
    fs::write(&config, far).unwrap();
    for columns in [80, 60, 44] {
        let mut term = Term::start(&lab.home, (columns, 24), &["--model", "far:m"]);
        let screen = term.wait_for("Enter send");
        let header = screen.lines().next().unwrap();
        assert!(header.contains(" · at …") && header.contains(".evil.example"), "{header}");
        let model = screen.lines().find(|line| line.contains("far:m at …")).unwrap();
        assert!(model.contains(".evil.example"), "{screen}");
        term.kill9();
    }
}
