use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::jsonl_output::JsonlOutput;
use super::text_output::TextOutput;
use super::*;
use crate::app::reading::carry_out;
use crate::app::{Answerer, Roster, Submission};
use crate::domain::{ModelProfile, ModelRef, Panel, Persona, PersonaId, PersonaSource, Usage};
use crate::runtime::provider_pool::ProviderPool;

/// The state after the question was asked, and the effects that keep it; no run is started.
fn asked(ids: &[&str]) -> (State, Effects) {
    let persona = |id: &&str| {
        let id = PersonaId::parse(id).unwrap();
        let name = id.as_str().to_uppercase();
        let mut persona = Persona::from_prompt(id, name, "You answer.", PersonaSource::BuiltIn);
        persona.view = "view".into();
        Arc::new(persona)
    };
    let personas: Vec<Arc<Persona>> = ids.iter().map(persona).collect();
    let answerer = Answerer {
        model: ModelRef::parse("fake:m").unwrap(),
        reason: String::new(),
        profile: ModelProfile::default(),
        host: None,
        weights: None,
    };
    let panel = personas.iter().map(|persona| persona.id.clone()).collect();
    let roster = Roster {
        models: personas.iter().map(|p| (p.id.clone(), Ok(answerer.clone()))).collect(),
        panel: Panel { name: "p".into(), personas: panel, model: None },
        panels: Vec::new(),
        synonyms: crate::config::facets::built_in(),
        personas,
    };
    let mut state = State::without_screen(roster);
    let mut effects = Effects::new();
    let submission = Submission { question: "q".into(), sent: "q".into(), ..Submission::default() };
    update(&mut state, Msg::Submit(submission), &mut effects);
    let mut kept = Effects::new();
    kept.extend(effects.into_iter().filter(|effect| !matches!(effect, Effect::Ask(_))));
    (state, kept)
}

/// Waits until all answers are read.
fn read(asking: &mut Asking<'_>) {
    while asking.state.readings.count_answers() > 0 {
        let message = asking.readings.blocking_recv().unwrap();
        asking.on_read(message);
    }
}

#[test]
fn other_runs_do_not_wait_for_an_answer_to_be_read() {
    static GATE: Mutex<()> = Mutex::new(());
    let (state, effects) = asked(&["a", "b"]);
    let mut output = Events::default();
    let starter = RunStarter::new(ProviderPool::new(BTreeMap::new()), Store::in_memory());
    let mut asking = Asking::new(state, &mut output, starter, |results| {
        ReadingWorker::spawn_reader(results, |request| {
            let _open = GATE.lock();
            carry_out(request)
        })
    });
    asking.start(effects);
    let ids: Vec<RunId> = runs_of(&asking.state).iter().map(RunRef::id).collect();
    let closed = GATE.lock().unwrap();
    let heavy = format!("## Risks\n\n- Lag.\n\n{}\n", "x".repeat(40_000));
    asking.on_run_updates(ids[0], vec![RunUpdate::Text(heavy), RunUpdate::Ended(Ending::Done)]);
    asking.on_run_updates(ids[1], vec![RunUpdate::Text("b".into())]);
    asking.on_run_updates(ids[1], vec![RunUpdate::Ended(Ending::Cancelled)]);
    assert!(asking.is_busy() && !asking.state.is_live());
    drop(closed);
    read(&mut asking);
    assert!(!asking.is_busy());
    let finished = asking.finish();
    assert_eq!(output.0[..2], ["0 text", "1 text"]);
    // The end comes with what the reading noted.
    assert!(output.0.contains(&"0 end, 1 notes".to_owned()), "{:?}", output.0);
    assert_eq!(finished.session().unwrap().recommendations().count(), 1);
}

/// Keeps what happened, in order.
#[derive(Default)]
struct Events(Vec<String>);

impl Output for Events {
    fn write_turn(&mut self, _: &Session) -> io::Result<()> {
        Ok(())
    }

    fn write_event(
        &mut self,
        runs: &[RunRef<'_>],
        index: usize,
        event: &HeadlessEvent<'_>,
    ) -> io::Result<()> {
        match event {
            HeadlessEvent::Delta(_) => self.0.push(format!("{index} text")),
            HeadlessEvent::End => {
                self.0.push(format!("{index} end, {} notes", runs[index].run.notes.iter().count()));
            }
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn write_summary(&mut self, _: &Session, _: &[RunRef<'_>]) -> io::Result<()> {
        Ok(())
    }
}

/// Each step is one wake-up of one run.
fn play(
    output: &mut dyn Output,
    (state, effects): (State, Effects),
    steps: Vec<(usize, Vec<RunUpdate>)>,
) -> Finished {
    let starter = RunStarter::new(ProviderPool::new(BTreeMap::new()), Store::in_memory());
    let mut asking = Asking::new(state, output, starter, ReadingWorker::spawn);
    asking.start(effects);
    let ids: Vec<RunId> = runs_of(&asking.state).iter().map(RunRef::id).collect();
    for (index, updates) in steps {
        asking.on_run_updates(ids[index], updates);
        read(&mut asking);
        asking.flush();
    }
    asking.finish()
}

fn played(output: &mut dyn Output, ids: &[&str], steps: Vec<(usize, Vec<RunUpdate>)>) -> Finished {
    play(output, asked(ids), steps)
}

fn text(text: &str) -> RunUpdate {
    RunUpdate::Text(text.into())
}

fn done() -> RunUpdate {
    RunUpdate::Ended(Ending::Done)
}

#[test]
fn text_is_in_the_order_of_the_panel_and_streams_the_first_unfinished() {
    let (mut to, mut progress_out) = (Vec::new(), Vec::new());
    {
        let mut plain = TextOutput::new(&mut to, &mut progress_out);
        let finished = played(
            &mut plain,
            &["a", "b", "c"],
            vec![
                (1, vec![text("second ")]),
                (0, vec![text("first ")]),
                (2, vec![text("third"), done()]),
                (0, vec![text("more")]),
                (0, vec![done()]),
                (1, vec![text("half"), RunUpdate::Ended(Ending::Cut("length limit".into()))]),
            ],
        );
        assert_eq!(finished.answered(), 2);
    }
    let to = String::from_utf8(to).unwrap();
    assert_eq!(
        to,
        "== A · view · fake:m ==\n\nfirst more\n\n== B · view · fake:m ==\n\nsecond half\n\n\
         [cut: length limit]\n\n== C · view · fake:m ==\n\nthird\n"
    );
}

/// Remembers what was written at each flush.
#[derive(Default)]
struct Flushes(Vec<String>, String);

impl io::Write for &mut Flushes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.push_str(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.1);
        self.0.push(text);
        Ok(())
    }
}

#[test]
fn text_of_the_first_unfinished_answer_leaves_at_once() {
    let mut to = Flushes::default();
    let mut plain = TextOutput::new(&mut to, io::sink());
    played(
        &mut plain,
        &["a", "b"],
        vec![
            (1, vec![text("later")]),
            (0, vec![text("now")]),
            (0, vec![text(" and")]),
            (0, vec![done()]),
            (1, vec![done()]),
        ],
    );
    assert_eq!(
        to.0,
        ["== A · view · fake:m ==\n\nnow", " and", "\n\n== B · view · fake:m ==\n\nlater", "\n"]
    );
}

#[test]
fn a_run_without_text_says_why() {
    let mut to = Vec::new();
    let mut plain = TextOutput::new(&mut to, io::sink());
    played(
        &mut plain,
        &["a"],
        vec![(0, vec![RunUpdate::Ended(Ending::Failed("401 from\nthe provider".into()))])],
    );
    assert_eq!(
        String::from_utf8(to).unwrap(),
        "== A · view · fake:m ==\n\n[failed: 401 from the provider]\n"
    );
}

#[test]
fn what_was_left_out_of_the_prompt_is_below_the_head() {
    let mut to = Vec::new();
    let (mut state, effects) = asked(&["a", "b"]);
    let session = state.session.as_mut().unwrap();
    session.turns[0].runs[1].notes =
        vec!["short form of\nthe persona".to_owned(), "2 turns left out".to_owned()].into();
    let steps = vec![(0, vec![text("one"), done()]), (1, vec![text("two"), done()])];
    play(&mut TextOutput::new(&mut to, io::sink()), (state, effects), steps);
    assert_eq!(
        String::from_utf8(to).unwrap(),
        "== A · view · fake:m ==\n\none\n\n== B · view · fake:m ==\n(short form of the persona)\n\
         (2 turns left out)\n\ntwo\n"
    );
}

#[test]
fn jsonl_writes_each_event_and_its_deltas_join_to_the_end() {
    let mut to = Vec::new();
    let usage = Usage { input: 3, output: 2, cached: 0, reasoning: 0, cost_microusd: None };
    let wait = Duration::from_secs(3);
    played(
        &mut JsonlOutput::new(&mut to, BTreeMap::new()),
        &["a"],
        vec![
            (0, vec![RunUpdate::Queued, RunUpdate::Connecting { attempt: 1 }]),
            (0, vec![RunUpdate::Retry { attempt: 2, of: 4, wait, reason: "429".into() }]),
            (0, vec![RunUpdate::Connecting { attempt: 2 }]),
            (0, vec![RunUpdate::Reasoning("hm".into()), text("one ")]),
            (0, vec![text("two"), RunUpdate::Usage(usage), done()]),
            (0, vec![text("after the end")]),
        ],
    );
    let lines: Vec<serde_json::Value> = String::from_utf8(to)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["turn", "start", "retry", "start", "reasoning", "delta", "delta", "end", "summary"]
    );
    assert_eq!(lines[0]["personas"], serde_json::json!(["a"]));
    assert_eq!(lines[0]["turn"], 1);
    assert_eq!(
        lines[2],
        serde_json::json!(
            {"type":"retry","persona":"a","attempt":2,"of":4,"in_ms":3000,"reason":"429"}
        )
    );
    let deltas: String = lines.iter().filter_map(|line| line["text"].as_str()).collect();
    assert_eq!(deltas, "hmone twoone two");
    let end = &lines[7];
    assert_eq!(end["state"], "done");
    assert_eq!(end["reason"], serde_json::Value::Null);
    assert_eq!(end["usage"], serde_json::json!({"input":3,"output":2,"cached":0,"reasoning":0}));
    assert!(end["ms"].is_u64());
    assert_eq!((&lines[8]["asked"], &lines[8]["answered"]), (&1.into(), &1.into()));
}

#[test]
fn what_never_ended_is_cancelled_and_keeps_its_text() {
    let mut to = Vec::new();
    let finished = played(
        &mut JsonlOutput::new(&mut to, BTreeMap::new()),
        &["a"],
        vec![(0, vec![text("part")])],
    );
    assert_eq!(finished.runs()[0].run.text, "part");
    assert_eq!(ending_of(&finished.runs()[0]), Some(&Ending::Cancelled));
    assert_eq!(finished.answered(), 0);
}

#[test]
fn a_full_disk_is_reported_once_and_the_runs_are_kept() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let finished = played(
        &mut JsonlOutput::new(Full, BTreeMap::new()),
        &["a"],
        vec![(0, vec![text("part"), done()])],
    );
    assert_eq!(finished.output.as_ref().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(finished.runs()[0].run.text, "part");
}
