//! Keys: from where a [`KeySource`] says to a secret that is only ever put into a request's header.
//!
//! A key is looked up when it is first needed, kept for the provider's other requests, and forgotten when the
//! provider does not accept it, so that the next try sees a changed one. Every refusal names the source and says
//! what to do; none prints the key. Not for sending it (`http`) nor for hiding it in messages (`redact`).

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::domain::{FailKind, Failure, KeySource};

/// How long a `key_cmd` may take.
const COMMAND_TIME: Duration = Duration::from_secs(10);
/// The most bytes that a key file or command may hold; no key is near it.
const MOST: u64 = 64 * 1024;

/// The key of one provider.
pub(crate) struct Keyring {
    provider: String,
    source: KeySource,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    found: Option<SecretString>,
    /// When it was last looked up in vain, and why.
    failed: Option<(Instant, Failure)>,
}

impl Keyring {
    /// The key that `source` describes; nothing is read yet.
    pub(crate) fn new(provider: &str, source: &KeySource) -> Self {
        Self { provider: provider.to_owned(), source: source.clone(), state: Mutex::default() }
    }

    /// The key, or none for a provider that takes none. Runs that ask at the same time look it up once.
    pub(crate) async fn get(&self) -> Result<Option<SecretString>, Failure> {
        if self.source == KeySource::None {
            return Ok(None);
        }
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(key) = &state.found {
            return Ok(Some(key.clone()));
        }
        // A command that hangs hangs once, not once for every run that waited for it.
        if let Some((at, failure)) = &state.failed
            && *at >= asked
        {
            return Err(failure.clone());
        }
        match self.look_up().await {
            Ok(key) => Ok(Some(state.found.insert(key).clone())),
            Err(what) => {
                let failure = self.failure(&what);
                state.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Looks it up anew at the next request: it was not accepted.
    pub(crate) async fn forget(&self) {
        self.state.lock().await.found = None;
    }

    async fn look_up(&self) -> Result<SecretString, String> {
        let raw = match &self.source {
            KeySource::None => return Err("takes no key".into()),
            KeySource::Env(name) => from_env(
                std::env::var_os(name).map(|value| value.to_string_lossy().into_owned().into()),
            )
            .map_err(|what| {
                let (name, provider) = (describe(&self.source), &self.provider);
                format!(
                    "{what}; export {name}=…, or set key_env, key_cmd or key_file under \
                     [providers.{provider}] in config.toml"
                )
            })?,
            KeySource::Cmd(words) => from_command(words, COMMAND_TIME).await?,
            KeySource::File(path) => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || from_file(&path))
                    .await
                    .map_err(|_| "could not be read".to_owned())??
            }
        };
        check(&raw)
    }

    fn failure(&self, what: &str) -> Failure {
        let source = describe(&self.source);
        Failure::new(
            FailKind::Auth,
            format!("provider {}: the key from {source} {what}", self.provider),
        )
    }
}

/// The source as messages name it: a variable, a command's first word, a path.
pub(crate) fn describe(source: &KeySource) -> String {
    match source {
        KeySource::None => "nowhere".into(),
        KeySource::Env(name) => crate::text::sanitize_line(name),
        KeySource::Cmd(words) => {
            let program = words.first().map_or("(empty)", String::as_str);
            format!("key_cmd `{}`", crate::text::sanitize_line(program))
        }
        KeySource::File(path) => crate::text::sanitize_line(&path.display().to_string()),
    }
}

fn from_env(value: Option<SecretString>) -> Result<SecretString, String> {
    value.ok_or_else(|| "is missing: that variable is not set".into())
}

async fn from_command(words: &[String], limit: Duration) -> Result<SecretString, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("is missing: the command is empty".into());
    };
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_model_key(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    let mut child =
        command.spawn().map_err(|error| format!("is missing: it cannot be run ({error})"))?;
    let Some(stdout) = child.stdout.take() else {
        return Err("is missing: its output cannot be read".into());
    };
    let mut bytes = Vec::new();
    let run = async {
        stdout.take(MOST + 1).read_to_end(&mut bytes).await?;
        if bytes.len() as u64 > MOST {
            return Ok(None);
        }
        child.wait().await.map(Some)
    };
    match tokio::time::timeout(limit, run).await {
        Err(_) => Err(format!("is missing: it did not end within {} s", limit.as_secs())),
        Ok(Err(error)) => Err(format!("is missing: its output cannot be read ({error})")),
        Ok(Ok(None)) => Err(too_long()),
        Ok(Ok(Some(status))) if !status.success() => {
            Err(format!("is missing: it ended with {status}; run it by hand to see why"))
        }
        Ok(Ok(Some(_))) => text_of(bytes),
    }
}

/// A key command is trusted with its own secrets (a vault's token), not with the keys of other models.
fn is_model_key(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    (name.ends_with("_KEY") && !name.starts_with("AWS_"))
        || matches!(name.as_str(), "ANTHROPIC_AUTH_TOKEN" | "HF_TOKEN")
}

/// Whether a key would be read from the file at `path`, as far as that can be told without reading it. The error goes
/// on behind the file's name and says what to do.
pub fn check_file(path: &Path) -> Result<(), String> {
    let meta = std::fs::metadata(path).map_err(|error| cannot_read(&error))?;
    if !meta.is_file() {
        return Err("cannot be read: it is not a file".into());
    }
    is_private(&meta, path)
}

fn is_private(meta: &Metadata, path: &Path) -> Result<(), String> {
    if meta.mode() & 0o077 != 0 {
        let shown = crate::text::sanitize_line(&path.display().to_string());
        let mode = meta.mode() & 0o777;
        return Err(format!("is readable by others (mode {mode:03o}): chmod 600 {shown}"));
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me && meta.uid() != 0 {
        return Err("belongs to another user; a key file must be your own".into());
    }
    Ok(())
}

fn from_file(path: &Path) -> Result<SecretString, String> {
    // Asked before opening: opening a FIFO waits for a writer.
    check_file(path)?;
    let file = File::open(path).map_err(|error| cannot_read(&error))?;
    // Again, of the open file: nothing can be swapped in between.
    let meta = file.metadata().map_err(|error| cannot_read(&error))?;
    is_private(&meta, path)?;
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(|error| cannot_read(&error))?;
    if bytes.len() as u64 > MOST {
        return Err(too_long());
    }
    text_of(bytes)
}

fn cannot_read(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}

fn too_long() -> String {
    format!("is longer than {} kB: that is not a key", MOST / 1024)
}

fn text_of(bytes: Vec<u8>) -> Result<SecretString, String> {
    String::from_utf8(bytes).map(Into::into).map_err(|_| not_ascii())
}

fn not_ascii() -> String {
    "has characters that no key has (not ASCII)".into()
}

/// A key is one word of visible ASCII; blanks and a line end around it are forgiven.
fn check(raw: &SecretString) -> Result<SecretString, String> {
    let key = raw.expose_secret().trim();
    if key.is_empty() {
        return Err("is empty".into());
    }
    if key.contains(['\n', '\r']) {
        return Err("has more than one line; a key is one line".into());
    }
    if !key.is_ascii() {
        return Err(not_ascii());
    }
    if key.starts_with(['"', '\'']) || key.ends_with(['"', '\'']) {
        return Err("has quotation marks around it; take them off".into());
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has blanks or control characters in it".into());
    }
    Ok(key.to_owned().into())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn cmd(words: &[&str]) -> KeySource {
        KeySource::Cmd(words.iter().map(|&word| word.to_owned()).collect())
    }

    async fn got(source: KeySource) -> Result<String, String> {
        match Keyring::new("gateway", &source).get().await {
            Ok(key) => Ok(key.map(|key| key.expose_secret().to_owned()).unwrap_or_default()),
            Err(failure) => {
                assert_eq!(failure.kind, FailKind::Auth);
                assert!(!failure.retryable);
                Err(failure.message)
            }
        }
    }

    #[tokio::test]
    async fn a_command_prints_the_key_without_a_shell() {
        assert_eq!(got(cmd(&["printf", "abc-123\n"])).await, Ok("abc-123".into()));
        assert_eq!(got(cmd(&["printf", "%s", "$(id)"])).await, Ok("$(id)".into()));
    }

    #[tokio::test]
    async fn a_command_that_fails_says_so_and_prints_nothing_of_the_key() {
        for (words, what) in [
            (&["/nonexistent/tool"][..], "cannot be run"),
            (&["false"], "ended with exit status: 1"),
            (&["true"], "is empty"),
            (&["yes"], "longer than 64 kB"),
            (&["printf", "hunter2\nhunter3"], "more than one line"),
            (&["printf", "hunter2\\303\\251"], "not ASCII"),
            (&["printf", "hunter2\\377"], "not ASCII"),
            (&["printf", "\"hunter2\""], "quotation marks"),
            (&["printf", "hunter2 hunter3"], "blanks"),
            (&[], "the command is empty"),
        ] {
            let message = got(cmd(words)).await.unwrap_err();
            assert!(message.contains(what), "{words:?}: {message}");
            assert!(message.starts_with("provider gateway: the key from key_cmd "), "{message}");
            assert!(!message.contains("hunter"), "{message}");
        }
    }

    #[tokio::test]
    async fn runs_that_wait_together_share_one_look_up() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        std::fs::write(&script, "echo asked >> \"$1/log\"; sleep 0.1; exit \"$2\"\n").unwrap();
        let here = folder.path().to_str().unwrap();
        let asked = || std::fs::read_to_string(folder.path().join("log")).unwrap().lines().count();
        let keys = Keyring::new("gateway", &cmd(&["sh", script.to_str().unwrap(), here, "1"]));
        let (a, b, c) = tokio::join!(keys.get(), keys.get(), keys.get());
        assert!(a.is_err() && b.is_err() && c.is_err());
        assert_eq!(asked(), 1);
        assert!(keys.get().await.is_err());
        assert_eq!(asked(), 2, "a later run looks again");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended() {
        let words = ["sleep".to_owned(), "600".to_owned()];
        let message = from_command(&words, Duration::from_millis(50)).await.unwrap_err();
        assert!(message.contains("did not end within"), "{message}");
    }

    #[tokio::test]
    async fn a_file_must_be_private() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"file-key-1\n").unwrap();
        let path = file.path().to_owned();
        let chmod =
            |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        chmod(0o600);
        assert_eq!(got(KeySource::File(path.clone())).await, Ok("file-key-1".into()));
        for mode in [0o644, 0o640, 0o604] {
            chmod(mode);
            let message = got(KeySource::File(path.clone())).await.unwrap_err();
            assert!(message.contains(&format!("chmod 600 {}", path.display())), "{message}");
            assert!(!message.contains("file-key"), "{message}");
        }
        let folder = path.parent().unwrap().to_owned();
        assert!(got(KeySource::File(folder)).await.unwrap_err().contains("not a file"));
        assert!(
            got(KeySource::File("/nonexistent/key".into()))
                .await
                .unwrap_err()
                .contains("cannot be read")
        );
    }

    #[tokio::test]
    async fn a_link_is_judged_by_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "linked-key").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        std::fs::set_permissions(&real, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(got(KeySource::File(link.clone())).await.unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&real, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(got(KeySource::File(link)).await, Ok("linked-key".into()));
    }

    #[tokio::test]
    async fn a_missing_variable_is_named() {
        let message = got(KeySource::Env("PLENARY_TEST_NO_SUCH_KEY".into())).await.unwrap_err();
        assert_eq!(
            message,
            "provider gateway: the key from PLENARY_TEST_NO_SUCH_KEY is missing: that variable is not set; \
             export PLENARY_TEST_NO_SUCH_KEY=…, or set key_env, key_cmd or key_file under \
             [providers.gateway] in config.toml"
        );
        assert_eq!(got(KeySource::None).await, Ok(String::new()));
    }

    #[test]
    fn keys_of_other_models_are_not_for_a_key_command() {
        for name in ["OPENAI_API_KEY", "GATEWAY_KEY", "openrouter_api_key", "HF_TOKEN"] {
            assert!(is_model_key(name), "{name}");
        }
        for name in ["PATH", "HOME", "VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "KEYBOARD"] {
            assert!(!is_model_key(name), "{name}");
        }
    }
}
