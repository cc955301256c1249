//! API keys: from a [`KeySource`] to a secret that is used for nothing but a request header.
//!
//! A key is looked up when it is first needed, kept for the provider's other requests, and dropped when the provider
//! rejects it, so that the next request finds a changed one. Every error names the source and says what to do; none
//! contains the key. Sending keys and removing them from messages is the work of `http` and `redact`.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::io::AsyncReadExt as _;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::redact::remember_key;
use crate::domain::key_shapes::is_key_variable;
use crate::domain::{Failure, FailureKind, KeySource};
use crate::text::sanitize_line;

/// How long a `key_cmd` may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes that a key file or command may produce; no key is nearly that long.
const MAX_KEY_BYTES: u64 = 64 * 1024;

/// Why there is no usable key. The message follows the name of the source and says what to do.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The provider is configured without a key.
    #[error("takes no key")]
    NoSource,
    /// The environment variable is not set.
    #[error(
        "is missing: that variable is not set; export {variable}=…, or set key_env, key_cmd or key_file under \
         [providers.{provider}] in config.toml"
    )]
    VariableNotSet {
        /// The variable, sanitised.
        variable: String,
        /// The provider.
        provider: String,
    },
    /// The command has no words.
    #[error("is missing: the command is empty")]
    EmptyCommand,
    /// The command cannot be started.
    #[error("is missing: it cannot be run ({0})")]
    CommandNotStarted(io::Error),
    /// The command has no standard output.
    #[error("is missing: its output cannot be read")]
    NoOutput,
    /// The output of the command cannot be read.
    #[error("is missing: its output cannot be read ({0})")]
    UnreadableOutput(io::Error),
    /// The command takes too long.
    #[error("is missing: it did not end within {} s", .0.as_secs())]
    CommandTimeout(Duration),
    /// The command reports a failure.
    #[error("is missing: it ended with {0}; run it by hand to see why")]
    CommandFailed(ExitStatus),
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    UnreadableFile(io::Error),
    /// The task that reads the file was cancelled.
    #[error("could not be read")]
    ReadCancelled,
    /// The path does not lead to a regular file.
    #[error("cannot be read: it is not a file")]
    NotAFile,
    /// Other users may read the file.
    #[error("is readable by others (mode {mode:03o}): chmod 600 {path}")]
    NotPrivate {
        /// Permission bits of the file.
        mode: u32,
        /// The file, sanitised.
        path: String,
    },
    /// The file belongs to another user.
    #[error("belongs to another user; a key file must be your own")]
    ForeignOwner,
    /// The key is far longer than any real one.
    #[error("is longer than {} kB: that is not a key", MAX_KEY_BYTES / 1024)]
    TooLong,
    /// The key has characters outside of ASCII.
    #[error("has characters that no key has (not ASCII)")]
    NotAscii,
    /// The key is empty.
    #[error("is empty")]
    Empty,
    /// The key has several lines.
    #[error("has more than one line; a key is one line")]
    SeveralLines,
    /// The key is in quotation marks.
    #[error("has quotation marks around it; take them off")]
    Quoted,
    /// The key contains spaces or control characters.
    #[error("has spaces or control characters in it")]
    NotGraphic,
}

/// The key of one provider.
pub(crate) struct Keyring {
    provider: String,
    source: KeySource,
    lookup: Mutex<KeyLookup>,
}

/// The results of earlier lookups.
#[derive(Default)]
struct KeyLookup {
    key: Option<SecretString>,
    /// The time and the failure of the last lookup that found no key.
    failed: Option<(Instant, Failure)>,
}

impl Keyring {
    /// A keyring for the key in `source`. No file is read yet and no command run; a key in the environment is removed
    /// from texts from now on, also from those of other providers.
    pub(crate) fn new(provider: &str, source: &KeySource) -> Self {
        if let KeySource::Env(name) = source
            && let Ok(value) = std::env::var(name)
        {
            remember_key(&value.trim().into());
        }
        Self { provider: provider.to_owned(), source: source.clone(), lookup: Mutex::default() }
    }

    /// The key, or none for a provider without one. Concurrent callers share one lookup.
    pub(crate) async fn get_key(&self) -> Result<Option<SecretString>, Failure> {
        if self.source == KeySource::None {
            return Ok(None);
        }
        let asked_at = Instant::now();
        let mut lookup = self.lookup.lock().await;
        if let Some(key) = &lookup.key {
            return Ok(Some(key.clone()));
        }
        // Callers that waited for a failing lookup share its failure, so that a command that hangs hangs only once.
        if let Some((failed_at, failure)) = &lookup.failed
            && *failed_at >= asked_at
        {
            return Err(failure.clone());
        }
        let found = self.look_up().await;
        let source = describe_key_source(&self.source);
        let elapsed = asked_at.elapsed();
        tracing::debug!(provider = self.provider, source, ?elapsed, found = found.is_ok(), "key");
        match found {
            Ok(key) => {
                remember_key(&key);
                Ok(Some(lookup.key.insert(key).clone()))
            }
            Err(error) => {
                let failure = self.to_failure(&error);
                lookup.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Drops a key that the provider rejected: the next request looks it up again.
    pub(crate) async fn forget_key(&self) {
        self.lookup.lock().await.key = None;
    }

    async fn look_up(&self) -> Result<SecretString, KeyError> {
        let raw = match &self.source {
            KeySource::None => return Err(KeyError::NoSource),
            KeySource::Env(name) => match std::env::var_os(name) {
                Some(value) => value.to_string_lossy().into_owned().into(),
                None => {
                    return Err(KeyError::VariableNotSet {
                        variable: describe_key_source(&self.source),
                        provider: self.provider.clone(),
                    });
                }
            },
            KeySource::Cmd(words) => key_from_command(words, COMMAND_TIMEOUT).await?,
            KeySource::File(path) => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || key_from_file(&path))
                    .await
                    .map_err(|_| KeyError::ReadCancelled)??
            }
        };
        validate_key(&raw)
    }

    fn to_failure(&self, error: &KeyError) -> Failure {
        let source = describe_key_source(&self.source);
        Failure::new(
            FailureKind::Auth,
            format!("provider {}: the key from {source} {error}", self.provider),
        )
    }
}

/// The source as messages name it: a variable, the first word of a command, a path.
pub(crate) fn describe_key_source(source: &KeySource) -> String {
    match source {
        KeySource::None => "nowhere".into(),
        KeySource::Env(name) => sanitize_line(name),
        KeySource::Cmd(words) => {
            let program = words.first().map_or("(empty)", String::as_str);
            format!("key_cmd `{}`", sanitize_line(program))
        }
        KeySource::File(path) => sanitize_line(&path.display().to_string()),
    }
}

async fn key_from_command(words: &[String], limit: Duration) -> Result<SecretString, KeyError> {
    let (program, arguments) = words.split_first().ok_or(KeyError::EmptyCommand)?;
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    // The command keeps the variables that it needs itself, such as the token of a vault.
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| is_key_variable(&name.to_string_lossy()))
    {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(KeyError::CommandNotStarted)?;
    let stdout = child.stdout.take().ok_or(KeyError::NoOutput)?;
    let mut bytes = Vec::new();
    let run = async {
        stdout.take(MAX_KEY_BYTES + 1).read_to_end(&mut bytes).await?;
        if bytes.len() as u64 > MAX_KEY_BYTES {
            return Ok(None);
        }
        child.wait().await.map(Some)
    };
    match tokio::time::timeout(limit, run).await {
        Err(_) => Err(KeyError::CommandTimeout(limit)),
        Ok(Err(error)) => Err(KeyError::UnreadableOutput(error)),
        Ok(Ok(None)) => Err(KeyError::TooLong),
        Ok(Ok(Some(status))) if !status.success() => Err(KeyError::CommandFailed(status)),
        Ok(Ok(Some(_))) => secret_from_utf8(bytes),
    }
}

/// Checks whether a key would be read from the file at `path`, as far as possible without reading the file.
///
/// # Errors
/// The path leads to no file, or other users may read or own the file.
pub fn check_key_file(path: &Path) -> Result<(), KeyError> {
    let metadata = std::fs::metadata(path).map_err(KeyError::UnreadableFile)?;
    if !metadata.is_file() {
        return Err(KeyError::NotAFile);
    }
    check_private(&metadata, path)
}

fn check_private(metadata: &Metadata, path: &Path) -> Result<(), KeyError> {
    if metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o777;
        return Err(KeyError::NotPrivate {
            mode,
            path: sanitize_line(&path.display().to_string()),
        });
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user && metadata.uid() != 0 {
        return Err(KeyError::ForeignOwner);
    }
    Ok(())
}

fn key_from_file(path: &Path) -> Result<SecretString, KeyError> {
    // Checked before opening, because opening a FIFO waits for a writer.
    check_key_file(path)?;
    let file = File::open(path).map_err(KeyError::UnreadableFile)?;
    // Checked again on the open file, which cannot be swapped for another.
    let metadata = file.metadata().map_err(KeyError::UnreadableFile)?;
    check_private(&metadata, path)?;
    let mut bytes = Vec::new();
    file.take(MAX_KEY_BYTES + 1).read_to_end(&mut bytes).map_err(KeyError::UnreadableFile)?;
    if bytes.len() as u64 > MAX_KEY_BYTES {
        return Err(KeyError::TooLong);
    }
    secret_from_utf8(bytes)
}

fn secret_from_utf8(bytes: Vec<u8>) -> Result<SecretString, KeyError> {
    String::from_utf8(bytes).map(Into::into).map_err(|_| KeyError::NotAscii)
}

/// Checks that a key is one word of visible ASCII. White space around it is removed.
fn validate_key(raw: &SecretString) -> Result<SecretString, KeyError> {
    let key = raw.expose_secret().trim();
    if key.is_empty() {
        return Err(KeyError::Empty);
    }
    if key.contains(['\n', '\r']) {
        return Err(KeyError::SeveralLines);
    }
    if !key.is_ascii() {
        return Err(KeyError::NotAscii);
    }
    if key.starts_with(['"', '\'']) || key.ends_with(['"', '\'']) {
        return Err(KeyError::Quoted);
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(KeyError::NotGraphic);
    }
    Ok(key.to_owned().into())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn key_command(words: &[&str]) -> KeySource {
        KeySource::Cmd(words.iter().map(|&word| word.to_owned()).collect())
    }

    async fn get_key(source: KeySource) -> Result<String, String> {
        match Keyring::new("gateway", &source).get_key().await {
            Ok(key) => Ok(key.map(|key| key.expose_secret().to_owned()).unwrap_or_default()),
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::Auth);
                assert!(!failure.retryable);
                Err(failure.message)
            }
        }
    }

    #[tokio::test]
    async fn a_command_prints_the_key_without_a_shell() {
        assert_eq!(get_key(key_command(&["printf", "abc-123\n"])).await, Ok("abc-123".into()));
        assert_eq!(get_key(key_command(&["printf", "%s", "$(id)"])).await, Ok("$(id)".into()));
    }

    #[tokio::test]
    async fn errors_of_a_command_never_contain_the_key() {
        for (words, what) in [
            (&["/nonexistent/tool"][..], "cannot be run"),
            (&["false"], "ended with exit status: 1"),
            (&["true"], "is empty"),
            (&["yes"], "longer than 64 kB"),
            (&["printf", "hunter2\nhunter3"], "more than one line"),
            (&["printf", "hunter2\\303\\251"], "not ASCII"),
            (&["printf", "hunter2\\377"], "not ASCII"),
            (&["printf", "\"hunter2\""], "quotation marks"),
            (&["printf", "hunter2 hunter3"], "spaces"),
            (&[], "the command is empty"),
        ] {
            let message = get_key(key_command(words)).await.unwrap_err();
            assert!(message.contains(what), "{words:?}: {message}");
            assert!(message.starts_with("provider gateway: the key from key_cmd "), "{message}");
            assert!(!message.contains("hunter"), "{message}");
        }
    }

    #[tokio::test]
    async fn concurrent_callers_share_one_lookup() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        std::fs::write(&script, "echo asked >> \"$1/log\"; sleep 0.1; exit \"$2\"\n").unwrap();
        let here = folder.path().to_str().unwrap();
        let asked = || std::fs::read_to_string(folder.path().join("log")).unwrap().lines().count();
        let keys =
            Keyring::new("gateway", &key_command(&["sh", script.to_str().unwrap(), here, "1"]));
        let (a, b, c) = tokio::join!(keys.get_key(), keys.get_key(), keys.get_key());
        assert!(a.is_err() && b.is_err() && c.is_err());
        assert_eq!(asked(), 1);
        assert!(keys.get_key().await.is_err());
        assert_eq!(asked(), 2, "a later run looks again");
    }

    #[tokio::test]
    async fn a_hanging_command_is_stopped() {
        let words = ["sleep".to_owned(), "600".to_owned()];
        let message = key_from_command(&words, Duration::from_millis(50)).await.unwrap_err();
        assert!(message.to_string().contains("did not end within"), "{message}");
    }

    #[tokio::test]
    async fn a_file_must_be_private() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"file-key-1\n").unwrap();
        let path = file.path().to_owned();
        let chmod =
            |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        chmod(0o600);
        assert_eq!(get_key(KeySource::File(path.clone())).await, Ok("file-key-1".into()));
        for mode in [0o644, 0o640, 0o604] {
            chmod(mode);
            let message = get_key(KeySource::File(path.clone())).await.unwrap_err();
            assert!(message.contains(&format!("chmod 600 {}", path.display())), "{message}");
            assert!(!message.contains("file-key"), "{message}");
        }
        let folder = path.parent().unwrap().to_owned();
        assert!(get_key(KeySource::File(folder)).await.unwrap_err().contains("not a file"));
        assert!(
            get_key(KeySource::File("/nonexistent/key".into()))
                .await
                .unwrap_err()
                .contains("cannot be read")
        );
    }

    #[tokio::test]
    async fn a_link_is_checked_by_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "linked-key").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        std::fs::set_permissions(&real, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(get_key(KeySource::File(link.clone())).await.unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&real, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(get_key(KeySource::File(link)).await, Ok("linked-key".into()));
    }

    #[tokio::test]
    async fn an_unset_variable_is_named() {
        let message = get_key(KeySource::Env("PLENARY_TEST_NO_SUCH_KEY".into())).await.unwrap_err();
        assert_eq!(
            message,
            "provider gateway: the key from PLENARY_TEST_NO_SUCH_KEY is missing: that variable is not set; \
             export PLENARY_TEST_NO_SUCH_KEY=…, or set key_env, key_cmd or key_file under \
             [providers.gateway] in config.toml"
        );
        assert_eq!(get_key(KeySource::None).await, Ok(String::new()));
    }
}
