//! Tests of the engine with tiny models of random weights: loading, decoding, cancelling, caching, error messages.

mod real;
mod tiny;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::conversation::PANIC_QUESTION;
use super::file_identity::FileIdentity;
use super::gguf::read_header;
use super::kv_cache::KvCache;
use super::load_weights::load_weights;
use super::open_with_seed;
use super::prefix_cache::PrefixCache;
use super::prefix_snapshot::{MAX_SNAPSHOT_BYTES, PrefixSnapshots};
use super::transformer::{TokenBatch, Transformer};
use crate::domain::{
    ChatMessage, ChatRequest, Failure, FailureKind, LocalSpec, ModelCatalogue, ModelFile,
    ProviderSpec, ScaffoldMode, StopReason, StreamEvent, Usage,
};
use crate::provider::Provider;
use tiny::Tiny;

struct ModelFolder {
    folder: tempfile::TempDir,
}

impl ModelFolder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file_path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn model_file(name: &str, memory: u64) -> ModelFile {
        ModelFile {
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

    fn provider_for(&self, weights: Vec<ModelFile>) -> Arc<dyn Provider> {
        let mut spec = ProviderSpec::new("local", "local", "");
        spec.local = Some(LocalSpec {
            catalogue: Arc::new(ModelCatalogue { files: weights, small_below: 3_000_000_000 }),
            models: self.folder.path().to_owned(),
            cache: self.file_path("cache"),
            scaffold: ScaffoldMode::Off,
        });
        open_with_seed(spec, Some(7)).unwrap()
    }

    fn provider_with(&self, tiny: &Tiny) -> Arc<dyn Provider> {
        tiny.write(&self.file_path("tiny"));
        self.provider_for(vec![Self::model_file("tiny", 0)])
    }
}

fn request_for(question: &str) -> ChatRequest {
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
struct CollectedAnswer {
    text: String,
    notes: Vec<String>,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    failure: Option<Failure>,
}

async fn collect_answer(provider: &Arc<dyn Provider>, request: ChatRequest) -> CollectedAnswer {
    let mut answer = CollectedAnswer::default();
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

async fn failure_message(provider: &Arc<dyn Provider>) -> String {
    let answer = collect_answer(provider, request_for("Why?")).await;
    assert_eq!(answer.stop, None);
    answer.failure.unwrap().message
}

fn load_transformer(path: &Path, cache: &Path) -> Transformer {
    let header = read_header(path).unwrap();
    let identity = FileIdentity::read(path).unwrap();
    Transformer::new(load_weights(path, &header, cache, &identity, 2).unwrap())
}

fn read_tokens(transformer: &Transformer, kv: &mut KvCache, tokens: &[u32]) -> Vec<f32> {
    let mut batches = [TokenBatch { kv, tokens, needs_logits: true }];
    transformer.run_step(&mut batches, &|| false).unwrap().unwrap().remove(0).unwrap()
}

#[tokio::test]
async fn every_architecture_and_quantisation_gives_reproducible_answers() {
    use GgmlDType as Q;
    let kinds = [Q::Q4_0, Q::Q4_1, Q::Q4K, Q::Q5_0, Q::Q5K, Q::Q6K, Q::Q8_0, Q::F16, Q::F32];
    let all = kinds
        .map(|dtype| Tiny { dtype, ..Tiny::default() })
        .into_iter()
        .chain(["qwen2", "qwen3"].map(|architecture| Tiny { architecture, ..Tiny::default() }));
    for tiny in all {
        let models = ModelFolder::new();
        let first = collect_answer(&models.provider_with(&tiny), request_for("Why?")).await;
        assert!(!first.text.is_empty() && first.failure.is_none(), "{tiny:?} {first:?}");
        // Again with a new engine, cached requantised weights and a prefix snapshot.
        let again = collect_answer(
            &models.provider_for(vec![ModelFolder::model_file("tiny", 0)]),
            request_for("Why?"),
        )
        .await;
        assert_eq!(again.text, first.text, "{tiny:?}");
        assert!(again.usage.unwrap().cached > 0, "{tiny:?} {again:?}");
    }
}

#[tokio::test]
async fn concurrent_conversations_give_the_same_answers_as_single_ones() {
    let models = ModelFolder::new();
    let questions = ["One?", "And two, which is longer?", "Three!", "The fourth of all four."];
    let together = models.provider_with(&Tiny::default());
    let at_once = join_all(questions.map(|q| collect_answer(&together, request_for(q)))).await;
    let alone = models.provider_with(&Tiny::default());
    for (question, at_once) in questions.into_iter().zip(at_once) {
        let one = collect_answer(&alone, request_for(question)).await;
        assert_eq!(at_once.text, one.text, "{question}");
        assert!(at_once.stop.is_some());
    }
}

#[tokio::test]
async fn a_follow_up_reads_only_new_tokens() {
    let models = ModelFolder::new();
    let provider = models.provider_with(&Tiny::default());
    let first = collect_answer(&provider, request_for("First?")).await;
    assert_eq!(first.usage.unwrap().cached, 0);
    let mut second = request_for("First?");
    second.messages.push(ChatMessage::assistant(first.text.clone()));
    second.messages.push(ChatMessage::user("And then?"));
    let second = collect_answer(&provider, second).await;
    let (first, second) = (first.usage.unwrap(), second.usage.unwrap());
    assert!(second.cached >= first.input, "{first:?} {second:?}");
    assert!(second.cached < second.input);
}

#[tokio::test]
async fn a_dropped_stream_frees_the_engine() {
    let models = ModelFolder::new();
    let provider = models.provider_with(&Tiny { context: 100_000, ..Tiny::default() });
    let mut endless = request_for("Why?");
    endless.max_tokens = Some(1_000_000);
    let mut events = provider.stream(endless);
    let loading = StreamEvent::Waiting("loads the model".to_owned());
    let opened = StreamEvent::Open(Some("tiny".to_owned()));
    assert_eq!(events.next().await, Some(Ok(loading)));
    assert_eq!(events.next().await, Some(Ok(opened)));
    drop(events);
    assert!(collect_answer(&provider, request_for("Next?")).await.stop.is_some());
}

#[test]
fn a_stopped_step_leaves_the_cache_unchanged() {
    let models = ModelFolder::new();
    Tiny::default().write(&models.file_path("tiny"));
    let model = load_transformer(&models.file_path("tiny"), &models.file_path("cache"));
    let mut kv = model.new_kv_cache();
    read_tokens(&model, &mut kv, &[5, 6, 7]);
    let before = kv.clone();
    let layers = std::sync::atomic::AtomicUsize::new(0);
    let stopped = model
        .run_step(&mut [TokenBatch { kv: &mut kv, tokens: &[8, 9], needs_logits: true }], &|| {
            layers.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1
        })
        .unwrap();
    assert!(stopped.is_none());
    assert_eq!(layers.into_inner(), 2, "checked at every layer");
    assert_eq!(kv, before);
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_rejected() {
    let models = ModelFolder::new();
    let provider = models.provider_with(&Tiny { context: 64, ..Tiny::default() });
    let long = collect_answer(&provider, request_for(&"long ".repeat(40))).await;
    let message = long.failure.unwrap().message;
    assert!(message.contains("tiny takes 64") && message.contains("shorten"), "{message}");
}

#[tokio::test]
async fn a_full_context_ends_the_answer_as_cut() {
    let models = ModelFolder::new();
    let provider = models.provider_with(&Tiny { context: 120, endless: true, ..Tiny::default() });
    let mut endless = request_for("Why?");
    endless.max_tokens = Some(100_000);
    let answer = collect_answer(&provider, endless).await;
    assert_eq!(answer.stop, Some(StopReason::Length));
    let usage = answer.usage.unwrap();
    assert!((119..=121).contains(&(usage.input + usage.output)), "{usage:?}");
}

#[test]
fn a_snapshot_gives_the_same_logits_as_reading_the_tokens() {
    let models = ModelFolder::new();
    Tiny::default().write(&models.file_path("tiny"));
    let model = load_transformer(&models.file_path("tiny"), &models.file_path("cache"));
    let (prefix, rest) = ([3, 4, 5, 6, 7, 8, 9], [10, 11, 12]);
    let mut read = model.new_kv_cache();
    read_tokens(&model, &mut read, &prefix);
    let kept = read.clone();
    let logits = read_tokens(&model, &mut read, &rest);

    let identity = FileIdentity::read(&models.file_path("tiny")).unwrap();
    let snapshots = || {
        PrefixSnapshots::new(
            &models.file_path("cache"),
            identity.clone(),
            model.kv_shape(),
            MAX_SNAPSHOT_BYTES,
        )
    };
    let mut cache = PrefixCache::new(snapshots());
    cache.add_prefix(&prefix, &kept);
    assert!(cache.write_snapshot());
    assert!(!cache.write_snapshot(), "written once");
    let whole = [prefix.as_slice(), &rest].concat();
    for mut cache in [cache, PrefixCache::new(snapshots())] {
        let mut kv = cache.find(&whole, prefix.len()).unwrap();
        assert_eq!(kv.len(), prefix.len());
        assert_eq!(read_tokens(&model, &mut kv, &rest), logits);
    }
}

#[test]
fn a_damaged_snapshot_is_replaced() {
    let models = ModelFolder::new();
    Tiny::default().write(&models.file_path("tiny"));
    let model = load_transformer(&models.file_path("tiny"), &models.file_path("cache"));
    let tokens = [3, 4, 5];
    let mut kv = model.new_kv_cache();
    read_tokens(&model, &mut kv, &tokens);
    let identity = FileIdentity::read(&models.file_path("tiny")).unwrap();
    let snapshots = PrefixSnapshots::new(
        &models.file_path("cache"),
        identity,
        model.kv_shape(),
        MAX_SNAPSHOT_BYTES,
    );
    let only = || {
        let mut files = std::fs::read_dir(models.file_path("cache/prefixes")).unwrap();
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
    Tiny { seed: 8, ..Tiny::default() }.write(&models.file_path("tiny"));
    let identity = FileIdentity::read(&models.file_path("tiny")).unwrap();
    let other = PrefixSnapshots::new(
        &models.file_path("cache"),
        identity,
        model.kv_shape(),
        MAX_SNAPSHOT_BYTES,
    );
    assert!(other.load(&tokens).is_none());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(only()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_oldest_snapshots_are_removed_at_the_limit() {
    let models = ModelFolder::new();
    Tiny::default().write(&models.file_path("tiny"));
    let model = load_transformer(&models.file_path("tiny"), &models.file_path("cache"));
    let identity = FileIdentity::read(&models.file_path("tiny")).unwrap();
    let mut kv = model.new_kv_cache();
    read_tokens(&model, &mut kv, &[3, 4, 5]);
    let limit = 3 * kv.bytes() as u64;
    let snapshots =
        PrefixSnapshots::new(&models.file_path("cache"), identity, model.kv_shape(), limit);
    for first in 1..6 {
        snapshots.save(&[first, 4, 5], &kv).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(first.into());
        for file in std::fs::read_dir(models.file_path("cache/prefixes")).unwrap().flatten() {
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
async fn answers_do_not_need_a_cache_folder() {
    let models = ModelFolder::new();
    // A file where the folder should be: neither weights nor snapshots can be kept.
    std::fs::write(models.file_path("cache"), "not a folder").unwrap();
    let provider = models.provider_with(&Tiny { dtype: GgmlDType::Q5_0, ..Tiny::default() });
    assert!(collect_answer(&provider, request_for("Why?")).await.stop.is_some());
}

#[tokio::test]
async fn too_little_memory_is_reported_with_a_smaller_model() {
    let models = ModelFolder::new();
    Tiny::default().write(&models.file_path("tiny"));
    let provider = models.provider_for(vec![
        ModelFolder::model_file("tiny", u64::MAX),
        ModelFolder::model_file("less", 1 << 20),
    ]);
    let message = failure_message(&provider).await;
    assert!(message.contains("tiny needs") && message.contains("or ask local:less"), "{message}");
}

#[tokio::test]
async fn a_missing_file_is_reported_with_the_download_command() {
    let models = ModelFolder::new();
    let provider = models.provider_for(vec![ModelFolder::model_file("tiny", 0)]);
    let expected = "The tiny is not installed. Run `plenary model pull tiny` to download it";
    assert_eq!(failure_message(&provider).await, expected);
    assert_eq!(provider.models().await.unwrap(), [""; 0]);
    Tiny::default().write(&models.file_path("tiny"));
    assert_eq!(provider.models().await.unwrap(), ["tiny"]);
    assert!(
        collect_answer(&provider, request_for("Why?")).await.stop.is_some(),
        "and it may come later"
    );
}

/// The failure message for a file with these bytes.
async fn message_for_file(bytes: &[u8]) -> String {
    let models = ModelFolder::new();
    std::fs::write(models.file_path("tiny"), bytes).unwrap();
    failure_message(&models.provider_for(vec![ModelFolder::model_file("tiny", 0)])).await
}

#[tokio::test]
async fn files_of_other_formats_are_rejected() {
    for (bytes, words) in [
        (&b""[..], "fewer than 8 bytes"),
        (b"GGUF", "fewer than 8 bytes"),
        (b"<html><body>Not found</body>", "does not begin with \"GGUF\""),
        (b"GGUF\x09\0\0\0aaaaaaaaaaaaaaaa", "version 9; versions 2 and 3"),
        (b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\0\0", "damaged or cut off"),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0", "damaged or cut off"),
    ] {
        let message = message_for_file(bytes).await;
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn a_truncated_file_is_rejected() {
    let models = ModelFolder::new();
    Tiny { layers: 1, ..Tiny::default() }.write(&models.file_path("whole"));
    let whole = std::fs::read(models.file_path("whole")).unwrap();
    let at = |tenths: usize| whole.len() * tenths / 100;
    for cut in [9, 17, 30, 60, 200, 1_000, 4_000, at(10), at(50), at(90), whole.len() - 40] {
        let message = message_for_file(&whole[..cut]).await;
        let fits = ["cut off", "damaged"].iter().any(|word| message.contains(word));
        assert!(fits, "{cut}: {message}");
    }
}

#[tokio::test]
async fn invalid_headers_are_explained() {
    let string = |text: &str| Value::String(text.to_owned());
    for (tiny, words) in [
        (tiny_with("general.architecture", string("mamba\u{1b}[31m")), "architecture \"mamba"),
        (tiny_with("llama.block_count", Value::U32(0)), "llama.block_count is 0"),
        (tiny_with("llama.block_count", Value::U32(3)), "tensor blk.2.attn_norm.weight is missing"),
        (tiny_with("llama.attention.head_count_kv", Value::U32(3)), "3 of keys"),
        (tiny_with("llama.embedding_length", Value::U32(96)), "expected [259, 96]"),
        (tiny_with("llama.context_length", string("long")), "llama.context_length is missing"),
        (tiny_with("llama.rope.scaling.type", string("yarn")), "rope scaling \"yarn\""),
        (tiny_with("general.alignment", Value::U32(0)), "the GGUF header is invalid"),
        (tiny_with("tokenizer.ggml.tokens", Value::Array(Vec::new())), "no tokenizer in the file"),
        (tiny_without("tokenizer.ggml.tokens"), "no tokenizer in the file"),
        (tiny_without("general.architecture"), "does not say its architecture"),
        (Tiny { dtype: GgmlDType::Q2K, ..Tiny::default() }, "is Q2K, which cannot be run"),
    ] {
        let models = ModelFolder::new();
        let message = failure_message(&models.provider_with(&tiny)).await;
        assert!(message.contains(words), "{message}");
        assert!(!message.contains('\u{1b}'), "{message:?}");
    }
}

fn tiny_with(key: &'static str, value: Value) -> Tiny {
    Tiny { with: vec![(key, value)], ..Tiny::default() }
}

fn tiny_without(key: &'static str) -> Tiny {
    Tiny { without: vec![key], ..Tiny::default() }
}

#[tokio::test]
async fn failing_and_missing_templates_are_reported() {
    let models = ModelFolder::new();
    let raises =
        Tiny { template: Some("{{ raise_exception('only one message') }}"), ..Tiny::default() };
    let message = failure_message(&models.provider_with(&raises)).await;
    assert!(message.contains("only one message"), "{message}");
    let loops = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}";
    let loops = Tiny { template: Some(loops), ..Tiny::default() };
    let message = failure_message(&models.provider_with(&loops)).await;
    assert!(message.contains("template"), "{message}");
    let none = Tiny { template: None, ..Tiny::default() };
    let answer = collect_answer(&models.provider_with(&none), request_for("Why?")).await;
    assert_eq!(answer.notes, ["this file has no chat template: ChatML is used"]);
    assert!(answer.stop.is_some());
}

#[tokio::test]
async fn a_panic_fails_only_its_own_conversation() {
    let models = ModelFolder::new();
    let provider = models.provider_with(&Tiny::default());
    let questions = ["One?", PANIC_QUESTION, "Three?", "Four?"];
    let answers =
        join_all(questions.map(|question| collect_answer(&provider, request_for(question)))).await;
    for (question, answer) in questions.into_iter().zip(answers) {
        if question != PANIC_QUESTION {
            assert!(answer.stop.is_some(), "{question}: {answer:?}");
            let alone = collect_answer(&provider, request_for(question)).await;
            assert_eq!(answer.text, alone.text, "{question}");
            continue;
        }
        let failure = answer.failure.unwrap();
        assert_eq!(failure.kind, FailureKind::Internal);
        assert!(failure.message.contains("internal error in the local model"), "{failure}");
    }
}

#[tokio::test]
async fn a_cancelled_follow_up_stays_in_the_cache() {
    let models = ModelFolder::new();
    let provider = models.provider_with(&Tiny { endless: true, ..Tiny::default() });
    let first = collect_answer(&provider, request_for("First?")).await;
    let mut second = request_for("First?");
    second.messages.push(ChatMessage::assistant(first.text.clone()));
    second.messages.push(ChatMessage::user("And then?"));
    second.max_tokens = Some(1_000);
    let mut events = provider.stream(second.clone());
    while !matches!(events.next().await, Some(Ok(StreamEvent::Text(_)))) {}
    drop(events);
    second.max_tokens = Some(4);
    let again = collect_answer(&provider, second).await.usage.unwrap();
    assert!(again.cached > first.usage.unwrap().input, "{again:?}");
}
