//! The engine with tiny models of random weights: it loads, decodes, cancels, remembers, and says what is wrong.

mod real;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::decoder::{Decoder, Span};
use super::identity::Identity;
use super::kv::Kv;
use super::memories::Memories;
use super::snapshot::{LIMIT, Snapshots};
use super::tiny::Tiny;
use super::{gguf, load, open_with};
use crate::domain::{
    Catalogue, ChatMessage, ChatRequest, FailKind, Failure, LocalSpec, ProviderSpec, Scaffolding,
    StopReason, StreamEvent, Usage, Weights,
};
use crate::provider::Provider;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn weights(name: &str, memory: u64) -> Weights {
        Weights {
            id: name.to_owned(),
            title: format!("The {name}"),
            alias: None,
            file: PathBuf::from(name),
            bytes: 1,
            sha256: None,
            licence: "MIT".to_owned(),
            context: 2048,
            memory,
            caution: None,
            sources: Vec::new(),
        }
    }

    fn provider_of(&self, weights: Vec<Weights>) -> Arc<dyn Provider> {
        let mut spec = ProviderSpec::new("local", "local", "");
        spec.local = Some(LocalSpec {
            catalogue: Arc::new(Catalogue { weights, small_below: 3_000_000_000 }),
            models: self.folder.path().to_owned(),
            cache: self.file("cache"),
            scaffold: Scaffolding::Off,
        });
        open_with(spec, Some(7)).unwrap()
    }

    fn provider(&self, tiny: &Tiny) -> Arc<dyn Provider> {
        tiny.write(&self.file("tiny"));
        self.provider_of(vec![Self::weights("tiny", 0)])
    }
}

fn request(question: &str) -> ChatRequest {
    ChatRequest {
        model: "tiny".to_owned(),
        system: Arc::from("You are a test."),
        messages: vec![ChatMessage::user(question)],
        temperature: None,
        top_p: None,
        max_tokens: Some(24),
        scaffold: None,
    }
}

#[derive(Debug, Default, PartialEq)]
struct Answer {
    text: String,
    notes: Vec<String>,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    failure: Option<Failure>,
}

async fn ask(provider: &Arc<dyn Provider>, request: ChatRequest) -> Answer {
    let mut answer = Answer::default();
    let mut events = provider.stream(request);
    while let Some(event) = events.next().await {
        match event {
            Ok(StreamEvent::Text(text)) => answer.text += &text,
            Ok(StreamEvent::Note(note)) => answer.notes.push(note),
            Ok(StreamEvent::Usage(usage)) => answer.usage = Some(usage),
            Ok(StreamEvent::Stop(reason)) => answer.stop = Some(reason),
            Ok(_) => {}
            Err(failure) => answer.failure = Some(failure),
        }
    }
    answer
}

async fn failure(provider: &Arc<dyn Provider>) -> String {
    let answer = ask(provider, request("Why?")).await;
    assert_eq!(answer.stop, None);
    answer.failure.unwrap().message
}

fn decoder(path: &Path, cache: &Path) -> Decoder {
    let head = gguf::read(path).unwrap();
    let identity = Identity::of(path).unwrap();
    Decoder::new(load::load(path, &head, cache, &identity, 2).unwrap())
}

fn feed(decoder: &Decoder, kv: &mut Kv, tokens: &[u32]) -> Vec<f32> {
    let mut spans = [Span { kv, tokens, logits: true }];
    decoder.step(&mut spans, &|| false).unwrap().unwrap().remove(0).unwrap()
}

#[tokio::test]
async fn every_architecture_and_quantisation_answers_and_always_the_same() {
    use GgmlDType as Q;
    let kinds = [Q::Q4_0, Q::Q4_1, Q::Q4K, Q::Q5_0, Q::Q5K, Q::Q6K, Q::Q8_0, Q::F16, Q::F32];
    let all = kinds
        .map(|dtype| Tiny { dtype, ..Tiny::default() })
        .into_iter()
        .chain(["qwen2", "qwen3"].map(|architecture| Tiny { architecture, ..Tiny::default() }));
    for tiny in all {
        let desk = Desk::new();
        let first = ask(&desk.provider(&tiny), request("Why?")).await;
        assert!(!first.text.is_empty() && first.failure.is_none(), "{tiny:?} {first:?}");
        // Once more: with a new engine, requantised weights and the prefix from snapshots.
        let again = ask(&desk.provider_of(vec![Desk::weights("tiny", 0)]), request("Why?")).await;
        assert_eq!(again.text, first.text, "{tiny:?}");
        assert!(again.usage.unwrap().cached > 0, "{tiny:?} {again:?}");
    }
}

#[tokio::test]
async fn four_at_once_say_what_each_says_alone() {
    let desk = Desk::new();
    let questions = ["One?", "And two, which is longer?", "Three!", "The fourth of all four."];
    let together = desk.provider(&Tiny::default());
    let at_once = join_all(questions.map(|q| ask(&together, request(q)))).await;
    let alone = desk.provider(&Tiny::default());
    for (question, at_once) in questions.into_iter().zip(at_once) {
        let one = ask(&alone, request(question)).await;
        assert_eq!(at_once.text, one.text, "{question}");
        assert!(at_once.stop.is_some());
    }
}

#[tokio::test]
async fn a_follow_up_reads_only_what_is_new() {
    let desk = Desk::new();
    let provider = desk.provider(&Tiny::default());
    let first = ask(&provider, request("First?")).await;
    assert_eq!(first.usage.unwrap().cached, 0);
    let mut second = request("First?");
    second.messages.push(ChatMessage::assistant(first.text.clone()));
    second.messages.push(ChatMessage::user("And then?"));
    let second = ask(&provider, second).await;
    let (first, second) = (first.usage.unwrap(), second.usage.unwrap());
    assert!(second.cached >= first.input, "{first:?} {second:?}");
    assert!(second.cached < second.input);
}

#[tokio::test]
async fn a_dropped_stream_frees_the_engine_for_the_next() {
    let desk = Desk::new();
    let provider = desk.provider(&Tiny { context: 100_000, ..Tiny::default() });
    let mut endless = request("Why?");
    endless.max_tokens = Some(1_000_000);
    let mut events = provider.stream(endless);
    let loading = StreamEvent::Waiting("loads the model".to_owned());
    let opened = StreamEvent::Open(Some("tiny".to_owned()));
    assert_eq!(events.next().await, Some(Ok(loading)));
    assert_eq!(events.next().await, Some(Ok(opened)));
    drop(events);
    assert!(ask(&provider, request("Next?")).await.stop.is_some());
}

#[test]
fn a_step_that_is_stopped_changes_nothing() {
    let desk = Desk::new();
    Tiny::default().write(&desk.file("tiny"));
    let model = decoder(&desk.file("tiny"), &desk.file("cache"));
    let mut kv = model.kv();
    feed(&model, &mut kv, &[5, 6, 7]);
    let before = kv.clone();
    let layers = std::sync::atomic::AtomicUsize::new(0);
    let stopped = model
        .step(&mut [Span { kv: &mut kv, tokens: &[8, 9], logits: true }], &|| {
            layers.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1
        })
        .unwrap();
    assert!(stopped.is_none());
    assert_eq!(layers.into_inner(), 2, "it is asked at every layer");
    assert_eq!(kv, before);
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_refused_in_words() {
    let desk = Desk::new();
    let provider = desk.provider(&Tiny { context: 64, ..Tiny::default() });
    let long = ask(&provider, request(&"long ".repeat(40))).await;
    let said = long.failure.unwrap().message;
    assert!(said.contains("tiny takes 64") && said.contains("shorten"), "{said}");
}

#[tokio::test]
async fn a_full_context_ends_the_answer_as_cut() {
    let desk = Desk::new();
    let provider = desk.provider(&Tiny { context: 120, endless: true, ..Tiny::default() });
    let mut endless = request("Why?");
    endless.max_tokens = Some(100_000);
    let answer = ask(&provider, endless).await;
    assert_eq!(answer.stop, Some(StopReason::Length));
    let usage = answer.usage.unwrap();
    assert!((119..=121).contains(&(usage.input + usage.output)), "{usage:?}");
}

#[test]
fn a_snapshot_gives_the_same_logits_as_reading_again() {
    let desk = Desk::new();
    Tiny::default().write(&desk.file("tiny"));
    let model = decoder(&desk.file("tiny"), &desk.file("cache"));
    let (prefix, rest) = ([3, 4, 5, 6, 7, 8, 9], [10, 11, 12]);
    let mut read = model.kv();
    feed(&model, &mut read, &prefix);
    let kept = read.clone();
    let logits = feed(&model, &mut read, &rest);

    let identity = Identity::of(&desk.file("tiny")).unwrap();
    let snapshots =
        || Snapshots::new(&desk.file("cache"), identity.clone(), model.kv_shape(), LIMIT);
    let mut memories = Memories::new(snapshots());
    memories.prefix(&prefix, &kept);
    assert!(memories.write_one());
    assert!(!memories.write_one(), "written once");
    let whole = [prefix.as_slice(), &rest].concat();
    for mut memories in [memories, Memories::new(snapshots())] {
        let mut kv = memories.recall(&whole, prefix.len()).unwrap();
        assert_eq!(kv.len(), prefix.len());
        assert_eq!(feed(&model, &mut kv, &rest), logits);
    }
}

#[test]
fn a_snapshot_that_is_not_right_is_made_anew() {
    let desk = Desk::new();
    Tiny::default().write(&desk.file("tiny"));
    let model = decoder(&desk.file("tiny"), &desk.file("cache"));
    let tokens = [3, 4, 5];
    let mut kv = model.kv();
    feed(&model, &mut kv, &tokens);
    let identity = Identity::of(&desk.file("tiny")).unwrap();
    let snapshots = Snapshots::new(&desk.file("cache"), identity, model.kv_shape(), LIMIT);
    let only = || {
        let mut files = std::fs::read_dir(desk.file("cache/prefixes")).unwrap();
        files.next().unwrap().unwrap().path()
    };
    snapshots.save(&tokens, &kv).unwrap();
    let good = std::fs::read(only()).unwrap();
    for cut in [0, 1, 8, 40, good.len() / 2, good.len() - 1] {
        std::fs::write(only(), &good[..cut]).unwrap();
        assert!(snapshots.load(&tokens).is_none(), "{cut}");
        snapshots.save(&tokens, &kv).unwrap();
        assert_eq!(snapshots.load(&tokens), Some(kv.clone()), "{cut}");
    }
    let mut bent = good.clone();
    bent[good.len() / 2] ^= 1;
    std::fs::write(only(), &bent).unwrap();
    assert!(snapshots.load(&tokens).is_none());
    snapshots.save(&tokens, &kv).unwrap();
    // The weights have changed: another file.
    Tiny { seed: 8, ..Tiny::default() }.write(&desk.file("tiny"));
    let identity = Identity::of(&desk.file("tiny")).unwrap();
    let other = Snapshots::new(&desk.file("cache"), identity, model.kv_shape(), LIMIT);
    assert!(other.load(&tokens).is_none());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(only()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn snapshots_stay_below_their_limit_the_oldest_go() {
    let desk = Desk::new();
    Tiny::default().write(&desk.file("tiny"));
    let model = decoder(&desk.file("tiny"), &desk.file("cache"));
    let identity = Identity::of(&desk.file("tiny")).unwrap();
    let mut kv = model.kv();
    feed(&model, &mut kv, &[3, 4, 5]);
    let limit = 3 * kv.bytes() as u64;
    let snapshots = Snapshots::new(&desk.file("cache"), identity, model.kv_shape(), limit);
    for first in 1..6 {
        snapshots.save(&[first, 4, 5], &kv).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(first.into());
        for file in std::fs::read_dir(desk.file("cache/prefixes")).unwrap().flatten() {
            if file.metadata().unwrap().modified().unwrap()
                > at + std::time::Duration::from_hours(1)
            {
                std::fs::File::open(file.path()).unwrap().set_modified(at).unwrap();
            }
        }
    }
    let kept: Vec<bool> = (1..6).map(|first| snapshots.load(&[first, 4, 5]).is_some()).collect();
    assert_eq!(kept, [false, false, false, true, true]);
}

#[tokio::test]
async fn without_a_cache_folder_it_answers_all_the_same() {
    let desk = Desk::new();
    // A file where the folder should be: neither weights nor snapshots can be kept.
    std::fs::write(desk.file("cache"), "not a folder").unwrap();
    let provider = desk.provider(&Tiny { dtype: GgmlDType::Q5_0, ..Tiny::default() });
    assert!(ask(&provider, request("Why?")).await.stop.is_some());
}

#[tokio::test]
async fn too_little_memory_is_said_before_loading_with_the_smaller_model() {
    let desk = Desk::new();
    Tiny::default().write(&desk.file("tiny"));
    let provider =
        desk.provider_of(vec![Desk::weights("tiny", u64::MAX), Desk::weights("less", 1 << 20)]);
    let said = failure(&provider).await;
    assert!(said.contains("tiny needs") && said.contains("or ask local:less"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_not_there_names_the_command() {
    let desk = Desk::new();
    let provider = desk.provider_of(vec![Desk::weights("tiny", 0)]);
    assert_eq!(failure(&provider).await, "The tiny is not there yet: plenary model pull tiny");
    assert_eq!(provider.models().await.unwrap(), [""; 0]);
    Tiny::default().write(&desk.file("tiny"));
    assert_eq!(provider.models().await.unwrap(), ["tiny"]);
    assert!(ask(&provider, request("Why?")).await.stop.is_some(), "and it may come later");
}

/// What is said of a file with these bytes.
async fn said_of(bytes: &[u8]) -> String {
    let desk = Desk::new();
    std::fs::write(desk.file("tiny"), bytes).unwrap();
    failure(&desk.provider_of(vec![Desk::weights("tiny", 0)])).await
}

#[tokio::test]
async fn what_is_no_gguf_is_said_to_be_none() {
    for (bytes, words) in [
        (&b""[..], "fewer than 8 bytes"),
        (b"GGUF", "fewer than 8 bytes"),
        (b"<html><body>Not found</body>", "does not begin with \"GGUF\""),
        (b"GGUF\x09\0\0\0aaaaaaaaaaaaaaaa", "version 9; versions 2 and 3"),
        (b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\0\0", "damaged or cut off"),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0", "damaged or cut off"),
    ] {
        let said = said_of(bytes).await;
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_anywhere_is_said_to_be() {
    let desk = Desk::new();
    Tiny { layers: 1, ..Tiny::default() }.write(&desk.file("whole"));
    let whole = std::fs::read(desk.file("whole")).unwrap();
    let at = |tenths: usize| whole.len() * tenths / 100;
    for cut in [9, 17, 30, 60, 200, 1_000, 4_000, at(10), at(50), at(90), whole.len() - 40] {
        let said = said_of(&whole[..cut]).await;
        let fits = ["cut off", "damaged"].iter().any(|word| said.contains(word));
        assert!(fits, "{cut}: {said}");
    }
}

#[tokio::test]
async fn nonsense_in_the_head_is_named() {
    let string = |text: &str| Value::String(text.to_owned());
    for (tiny, words) in [
        (with("general.architecture", string("mamba\u{1b}[31m")), "architecture \"mamba"),
        (with("llama.block_count", Value::U32(0)), "llama.block_count is 0"),
        (with("llama.block_count", Value::U32(3)), "tensor blk.2.attn_norm.weight is missing"),
        (with("llama.attention.head_count_kv", Value::U32(3)), "3 of keys"),
        (with("llama.embedding_length", Value::U32(96)), "expected [259, 96]"),
        (with("llama.context_length", string("long")), "llama.context_length is missing"),
        (with("llama.rope.scaling.type", string("yarn")), "rope scaling \"yarn\""),
        (with("general.alignment", Value::U32(0)), "makes no sense"),
        (with("tokenizer.ggml.tokens", Value::Array(Vec::new())), "no tokenizer in the file"),
        (without("tokenizer.ggml.tokens"), "no tokenizer in the file"),
        (without("general.architecture"), "does not say its architecture"),
        (Tiny { dtype: GgmlDType::Q2K, ..Tiny::default() }, "is Q2K, which cannot be run"),
    ] {
        let desk = Desk::new();
        let said = failure(&desk.provider(&tiny)).await;
        assert!(said.contains(words), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}

fn with(key: &'static str, value: Value) -> Tiny {
    Tiny { with: vec![(key, value)], ..Tiny::default() }
}

fn without(key: &'static str) -> Tiny {
    Tiny { without: vec![key], ..Tiny::default() }
}

#[tokio::test]
async fn a_template_that_raises_or_loops_or_is_missing() {
    let desk = Desk::new();
    let raises =
        Tiny { template: Some("{{ raise_exception('only one message') }}"), ..Tiny::default() };
    let said = failure(&desk.provider(&raises)).await;
    assert!(said.contains("only one message"), "{said}");
    let loops = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}";
    let loops = Tiny { template: Some(loops), ..Tiny::default() };
    let said = failure(&desk.provider(&loops)).await;
    assert!(said.contains("template"), "{said}");
    let none = Tiny { template: None, ..Tiny::default() };
    let answer = ask(&desk.provider(&none), request("Why?")).await;
    assert_eq!(answer.notes, ["this file has no chat template: ChatML is used"]);
    assert!(answer.stop.is_some());
}

#[tokio::test]
async fn a_panic_in_the_engine_is_the_run_s_failure_and_the_others_go_on() {
    let desk = Desk::new();
    let provider = desk.provider(&Tiny::default());
    let questions = ["One?", super::engine::PANIC, "Three?", "Four?"];
    let answers = join_all(questions.map(|question| ask(&provider, request(question)))).await;
    for (question, answer) in questions.into_iter().zip(answers) {
        if question != super::engine::PANIC {
            assert!(answer.stop.is_some(), "{question}: {answer:?}");
            let alone = ask(&provider, request(question)).await;
            assert_eq!(answer.text, alone.text, "{question}");
            continue;
        }
        let failure = answer.failure.unwrap();
        assert_eq!(failure.kind, FailKind::Internal);
        assert!(failure.message.contains("internal error in the local model"), "{failure}");
    }
}

#[tokio::test]
async fn a_cancelled_follow_up_leaves_the_conversation_in_memory() {
    let desk = Desk::new();
    let provider = desk.provider(&Tiny { endless: true, ..Tiny::default() });
    let first = ask(&provider, request("First?")).await;
    let mut second = request("First?");
    second.messages.push(ChatMessage::assistant(first.text.clone()));
    second.messages.push(ChatMessage::user("And then?"));
    second.max_tokens = Some(1_000);
    let mut events = provider.stream(second.clone());
    while !matches!(events.next().await, Some(Ok(StreamEvent::Text(_)))) {}
    drop(events);
    second.max_tokens = Some(4);
    let again = ask(&provider, second).await.usage.unwrap();
    assert!(again.cached > first.usage.unwrap().input, "{again:?}");
}
