//! Keys and values of earlier conversations, from which new ones start instead of reading the same tokens again.
//!
//! Three places are searched: ended conversations (for follow-ups), prefixes of template and system prompt in memory,
//! and the same prefixes on disk. Entries may be dropped at any time.

use std::sync::Arc;

use super::kv_cache::KvCache;
use super::prefix_snapshot::PrefixSnapshots;

/// The most ended conversations that are kept.
const MAX_CONVERSATIONS: usize = 8;
/// The most bytes that they may have together.
const MAX_CONVERSATION_BYTES: usize = 512 * 1024 * 1024;
/// The most prefixes that are kept in memory.
const MAX_PREFIXES: usize = 16;

/// Keys and values of earlier conversations.
pub(super) struct PrefixCache {
    /// Ended conversations, the oldest first.
    conversations: Vec<(Vec<u32>, KvCache)>,
    prefixes: Vec<CachedPrefix>,
    snapshots: PrefixSnapshots,
}

struct CachedPrefix {
    tokens: Vec<u32>,
    kv: Arc<KvCache>,
    is_on_disk: bool,
}

impl PrefixCache {
    /// An empty cache that keeps prefixes in `snapshots` too.
    pub(super) fn new(snapshots: PrefixSnapshots) -> Self {
        Self { conversations: Vec::new(), prefixes: Vec::new(), snapshots }
    }

    /// The longest beginning of `prompt` in the cache. The first `prefix_tokens` tokens of `prompt` are template and
    /// system prompt. The result has fewer tokens than `prompt`, because reading the last one gives the logits for the
    /// answer.
    pub(super) fn find(&mut self, prompt: &[u32], prefix_tokens: usize) -> Option<KvCache> {
        let max_tokens = prompt.len().saturating_sub(1);
        let longest = self
            .conversations
            .iter()
            .enumerate()
            .map(|(index, (tokens, _))| (common_prefix_len(tokens, prompt).min(max_tokens), index))
            .max()
            .filter(|(tokens, _)| *tokens > prefix_tokens);
        if let Some((tokens, index)) = longest {
            let (_, mut kv) = self.conversations.swap_remove(index);
            kv.truncate(tokens);
            return Some(kv);
        }
        let prefix = prompt
            .get(..prefix_tokens)
            .filter(|prefix| !prefix.is_empty() && prefix_tokens <= max_tokens)?;
        if let Some(cached) = self.prefixes.iter().find(|cached| cached.tokens == prefix) {
            return Some(KvCache::clone(&cached.kv));
        }
        let kv = self.snapshots.load(prefix)?;
        let tokens = prefix.to_vec();
        self.push_prefix(CachedPrefix { tokens, kv: Arc::new(kv.clone()), is_on_disk: true });
        Some(kv)
    }

    /// Adds the beginning of `kv`, which holds the tokens of template and system prompt.
    pub(super) fn add_prefix(&mut self, tokens: &[u32], kv: &KvCache) {
        if tokens.is_empty() || self.prefixes.iter().any(|cached| cached.tokens == tokens) {
            return;
        }
        let kv = Arc::new(kv.copy_prefix(tokens.len()));
        self.push_prefix(CachedPrefix { tokens: tokens.to_vec(), kv, is_on_disk: false });
    }

    fn push_prefix(&mut self, prefix: CachedPrefix) {
        if self.prefixes.len() >= MAX_PREFIXES {
            self.prefixes.remove(0);
        }
        self.prefixes.push(prefix);
    }

    /// Adds an ended conversation.
    pub(super) fn add_conversation(&mut self, tokens: Vec<u32>, kv: KvCache) {
        self.conversations.push((tokens, kv));
        let bytes =
            |all: &[(Vec<u32>, KvCache)]| all.iter().map(|(_, kv)| kv.bytes()).sum::<usize>();
        while self.conversations.len() > MAX_CONVERSATIONS
            || (self.conversations.len() > 1 && bytes(&self.conversations) > MAX_CONVERSATION_BYTES)
        {
            self.conversations.remove(0);
        }
    }

    /// Writes one prefix that is not on disk yet. Returns false if there is none. Errors are only logged.
    pub(super) fn write_snapshot(&mut self) -> bool {
        let Some(prefix) = self.prefixes.iter_mut().find(|prefix| !prefix.is_on_disk) else {
            return false;
        };
        // Not tried again: a folder that cannot be written now will not be later.
        prefix.is_on_disk = true;
        if let Err(error) = self.snapshots.save(&prefix.tokens, &prefix.kv) {
            tracing::warn!("a prefix snapshot is not kept: {error}");
        }
        true
    }
}

/// Number of equal tokens at the beginning of both.
pub(super) fn common_prefix_len(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
