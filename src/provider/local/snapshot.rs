//! Prefix snapshots on disk: keys and values of template and system prompt, so that a persona's next first token does not
//! wait for its prompt to be read again.
//!
//! A cache: keyed by weights, engine and tokens, checked by a hash, readable by its owner alone, limited in size, the
//! oldest out first. A file that is damaged, foreign or cut off is as good as none. Used by `engine`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use half::f16;
use sha2::{Digest as _, Sha256};

use super::identity::{Identity, hex};
use super::kv::{Kv, KvShape};

/// Changes whenever the same tokens would leave other numbers than before.
const ENGINE: &[u8] = b"plenary local 1";
const MAGIC: &[u8; 8] = b"PLNYKV01";
const HASH: usize = 32;
/// Bytes that all snapshots may have together.
pub(super) const LIMIT: u64 = 512 * 1024 * 1024;

/// The snapshots of one file of weights.
pub(super) struct Snapshots {
    /// Where they lie; none when there is no cache folder.
    folder: Option<PathBuf>,
    identity: Identity,
    shape: KvShape,
    limit: u64,
}

impl Snapshots {
    /// Those in the folder `cache`.
    pub(super) fn new(cache: &Path, identity: Identity, shape: KvShape, limit: u64) -> Self {
        let usable = !cache.as_os_str().is_empty();
        Self { folder: usable.then(|| cache.join("prefixes")), identity, shape, limit }
    }

    /// What was kept of exactly these tokens.
    pub(super) fn load(&self, tokens: &[u32]) -> Option<Kv> {
        let path = self.path(tokens)?;
        let mut bytes = Vec::new();
        File::open(&path).ok()?.take(self.limit).read_to_end(&mut bytes).ok()?;
        let kv = self.decode(&bytes, tokens);
        if kv.is_none() {
            tracing::warn!("{}: damaged; it is made anew", path.display());
            // It would be tried, and fail, every time.
            fs::remove_file(&path).unwrap_or_default();
        }
        kv
    }

    /// Keeps `kv`, which is what `tokens` left.
    pub(super) fn save(&self, tokens: &[u32], kv: &Kv) -> io::Result<()> {
        let (Some(folder), Some(path)) = (&self.folder, self.path(tokens)) else { return Ok(()) };
        if path.exists() {
            return Ok(());
        }
        let bytes = self.encode(tokens, kv);
        fs::create_dir_all(folder)?;
        make_room(folder, self.limit.saturating_sub(bytes.len() as u64))?;
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let written = write_private(&part, &bytes).and_then(|()| fs::rename(&part, &path));
        if written.is_err() {
            // Nothing to be done about what cannot be removed either.
            fs::remove_file(&part).unwrap_or_default();
        }
        written
    }

    fn path(&self, tokens: &[u32]) -> Option<PathBuf> {
        let name: String = hex(&self.key(tokens)).chars().take(40).collect();
        self.folder.as_ref().map(|folder| folder.join(format!("{name}.kv")))
    }

    fn key(&self, tokens: &[u32]) -> [u8; HASH] {
        let mut hash = Sha256::new();
        hash.update(ENGINE);
        hash.update(self.identity.to_string());
        for token in tokens {
            hash.update(token.to_le_bytes());
        }
        hash.finalize().into()
    }

    fn encode(&self, tokens: &[u32], kv: &Kv) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(kv.bytes() + 2 * HASH + MAGIC.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.key(tokens));
        for part in kv.parts() {
            bytes.extend(part.iter().flat_map(|number| number.to_le_bytes()));
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }

    fn decode(&self, bytes: &[u8], tokens: &[u32]) -> Option<Kv> {
        let (bytes, hash) = bytes.split_last_chunk::<HASH>()?;
        if Sha256::digest(bytes).as_slice() != hash {
            return None;
        }
        let numbers = bytes.strip_prefix(MAGIC)?.strip_prefix(&self.key(tokens))?;
        let part = tokens.len() * self.shape.width;
        if part == 0 || numbers.len() != part * 2 * 2 * self.shape.layers * self.shape.heads {
            return None;
        }
        let parts = numbers.chunks_exact(part * 2).map(|part| {
            let numbers = part.chunks_exact(2);
            numbers.map(|n| f16::from_le_bytes(n.try_into().unwrap_or_default())).collect()
        });
        Kv::from_parts(self.shape, tokens.len(), parts)
    }
}

/// Readable by its owner alone: it says what the system prompt was.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

/// Removes the oldest files until those that stay have `room` bytes at most.
fn make_room(folder: &Path, room: u64) -> io::Result<()> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| {
            let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((meta.modified().ok()?, meta.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut all: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in files {
        if all <= room {
            break;
        }
        fs::remove_file(&path)?;
        all -= bytes;
    }
    Ok(())
}
