//! What conversations left behind: keys and values that a follow-up, or the same persona's next question, begins with.
//!
//! Three places, the longest match wins: conversations that ended (a follow-up continues one), prefixes of template and
//! system prompt in memory, the same on disk. All of it may be forgotten at any time. Used by `engine`.

use std::sync::Arc;

use super::kv::Kv;
use super::snapshot::Snapshots;

/// Ended conversations that are kept.
const CONVERSATIONS: usize = 8;
/// Bytes that they may have together.
const CONVERSATION_BYTES: usize = 512 * 1024 * 1024;
/// Prefixes that are kept in memory.
const PREFIXES: usize = 16;

/// What conversations left behind.
pub(super) struct Memories {
    ended: Vec<(Vec<u32>, Kv)>,
    prefixes: Vec<Prefix>,
    disk: Snapshots,
}

struct Prefix {
    tokens: Vec<u32>,
    kv: Arc<Kv>,
    on_disk: bool,
}

impl Memories {
    /// Nothing yet; prefixes are kept in `disk` when there is time.
    pub(super) fn new(disk: Snapshots) -> Self {
        Self { ended: Vec::new(), prefixes: Vec::new(), disk }
    }

    /// The best beginning for `prompt`, whose first `prefix` tokens are template and system prompt. Holds fewer tokens than
    /// `prompt`: the last one has to be read to answer it.
    pub(super) fn recall(&mut self, prompt: &[u32], prefix: usize) -> Option<Kv> {
        let most = prompt.len().saturating_sub(1);
        let best = self
            .ended
            .iter()
            .enumerate()
            .map(|(at, (tokens, _))| (common(tokens, prompt).min(most), at))
            .max()
            .filter(|(tokens, _)| *tokens > prefix);
        if let Some((tokens, at)) = best {
            let (_, mut kv) = self.ended.swap_remove(at);
            kv.truncate(tokens);
            return Some(kv);
        }
        let wanted = prompt.get(..prefix).filter(|wanted| !wanted.is_empty() && prefix <= most)?;
        if let Some(known) = self.prefixes.iter().find(|known| known.tokens == wanted) {
            return Some(Kv::clone(&known.kv));
        }
        let kv = self.disk.load(wanted)?;
        self.add(Prefix { tokens: wanted.to_vec(), kv: Arc::new(kv.clone()), on_disk: true });
        Some(kv)
    }

    /// Keeps the beginning of `kv`: what the tokens of a template and a system prompt left.
    pub(super) fn prefix(&mut self, tokens: &[u32], kv: &Kv) {
        if tokens.is_empty() || self.prefixes.iter().any(|known| known.tokens == tokens) {
            return;
        }
        let kv = Arc::new(kv.prefix(tokens.len()));
        self.add(Prefix { tokens: tokens.to_vec(), kv, on_disk: false });
    }

    fn add(&mut self, prefix: Prefix) {
        if self.prefixes.len() >= PREFIXES {
            self.prefixes.remove(0);
        }
        self.prefixes.push(prefix);
    }

    /// Keeps a conversation that has ended.
    pub(super) fn ended(&mut self, tokens: Vec<u32>, kv: Kv) {
        self.ended.push((tokens, kv));
        let bytes = |all: &[(Vec<u32>, Kv)]| all.iter().map(|(_, kv)| kv.bytes()).sum::<usize>();
        while self.ended.len() > CONVERSATIONS
            || (self.ended.len() > 1 && bytes(&self.ended) > CONVERSATION_BYTES)
        {
            self.ended.remove(0);
        }
    }

    /// Writes one prefix that is not on disk yet; false when there is none. What goes wrong is a line in the log.
    pub(super) fn write_one(&mut self) -> bool {
        let Some(prefix) = self.prefixes.iter_mut().find(|prefix| !prefix.on_disk) else {
            return false;
        };
        // Tried once: a folder that cannot be written will not be later.
        prefix.on_disk = true;
        if let Err(e) = self.disk.save(&prefix.tokens, &prefix.kv) {
            tracing::warn!("a prefix snapshot is not kept: {e}");
        }
        true
    }
}

/// How many tokens at the beginning are the same.
pub(super) fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
