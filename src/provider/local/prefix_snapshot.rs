//! Snapshots on disk of the keys and values of template and system prompt, so that a persona need not read its prompt
//! again after a restart.
//!
//! Files are named by a hash of model file, engine and tokens, end with a hash of their content, are readable only by
//! their owner, and are limited in size: the oldest are removed first. A damaged or foreign file is removed.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use half::f16;
use sha2::digest::Output;
use sha2::{Digest as _, Sha256};

use super::file_identity::FileIdentity;
use super::kv_cache::{KvCache, KvShape};
use crate::machine::write_atomically;

/// Must change whenever the same tokens give other keys and values than before.
const ENGINE_VERSION: &[u8] = b"plenary local 1";
const MAGIC: &[u8; 8] = b"PLNYKV01";
const HASH_BYTES: usize = 32;
/// The most bytes of all snapshots together.
pub(super) const MAX_SNAPSHOT_BYTES: u64 = 512 * 1024 * 1024;

/// The snapshots of one model file.
pub(super) struct PrefixSnapshots {
    /// None when there is no cache folder.
    folder: Option<PathBuf>,
    identity: FileIdentity,
    shape: KvShape,
    max_bytes: u64,
}

impl PrefixSnapshots {
    /// The snapshots in the folder `cache`, which is empty when there is none.
    pub(super) fn new(
        cache: &Path,
        identity: FileIdentity,
        shape: KvShape,
        max_bytes: u64,
    ) -> Self {
        let has_cache = !cache.as_os_str().is_empty();
        Self { folder: has_cache.then(|| cache.join("prefixes")), identity, shape, max_bytes }
    }

    /// Loads the snapshot of exactly these tokens.
    pub(super) fn load(&self, tokens: &[u32]) -> Option<KvCache> {
        let path = self.snapshot_path(tokens)?;
        let mut bytes = Vec::new();
        File::open(&path).ok()?.take(self.max_bytes).read_to_end(&mut bytes).ok()?;
        let kv = self.decode_snapshot(&bytes, tokens);
        if kv.is_none() {
            tracing::warn!("{}: damaged snapshot, removed", path.display());
            // Otherwise it would be read, and fail, every time.
            fs::remove_file(&path).unwrap_or_default();
        }
        kv
    }

    /// Saves `kv`, the keys and values of `tokens`.
    pub(super) fn save(&self, tokens: &[u32], kv: &KvCache) -> io::Result<()> {
        let (Some(folder), Some(path)) = (&self.folder, self.snapshot_path(tokens)) else {
            return Ok(());
        };
        if path.exists() {
            return Ok(());
        }
        let bytes = self.encode_snapshot(tokens, kv);
        fs::create_dir_all(folder)?;
        remove_oldest(folder, self.max_bytes.saturating_sub(bytes.len() as u64))?;
        write_atomically(&path, &bytes, 0o600)
    }

    fn snapshot_path(&self, tokens: &[u32]) -> Option<PathBuf> {
        let name = format!("{:.40x}", self.snapshot_key(tokens));
        self.folder.as_ref().map(|folder| folder.join(format!("{name}.kv")))
    }

    fn snapshot_key(&self, tokens: &[u32]) -> Output<Sha256> {
        let mut hasher = Sha256::new();
        hasher.update(ENGINE_VERSION);
        hasher.update(self.identity.to_string());
        for token in tokens {
            hasher.update(token.to_le_bytes());
        }
        hasher.finalize()
    }

    fn encode_snapshot(&self, tokens: &[u32], kv: &KvCache) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(kv.bytes() + 2 * HASH_BYTES + MAGIC.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.snapshot_key(tokens));
        for part in kv.parts() {
            bytes.extend(part.iter().flat_map(|number| number.to_le_bytes()));
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }

    fn decode_snapshot(&self, bytes: &[u8], tokens: &[u32]) -> Option<KvCache> {
        let (bytes, hash) = bytes.split_last_chunk::<HASH_BYTES>()?;
        if Sha256::digest(bytes).as_slice() != hash {
            return None;
        }
        let numbers =
            bytes.strip_prefix(MAGIC)?.strip_prefix(self.snapshot_key(tokens).as_slice())?;
        let part_len = tokens.len() * self.shape.head_size;
        let parts = 2 * self.shape.layers * self.shape.heads;
        if part_len == 0 || numbers.len() != part_len * size_of::<f16>() * parts {
            return None;
        }
        let parts = numbers.chunks_exact(part_len * size_of::<f16>()).map(|part| {
            let numbers = part.chunks_exact(2);
            numbers.map(|n| f16::from_le_bytes(n.try_into().unwrap_or_default())).collect()
        });
        KvCache::from_parts(self.shape, tokens.len(), parts)
    }
}

/// Removes the oldest files until the others have at most `max_bytes`.
fn remove_oldest(folder: &Path, max_bytes: u64) -> io::Result<()> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| {
            let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((meta.modified().ok()?, meta.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in files {
        if total <= max_bytes {
            break;
        }
        fs::remove_file(&path)?;
        total -= bytes;
    }
    Ok(())
}
