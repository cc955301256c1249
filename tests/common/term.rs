//! The real binary in a pseudo terminal: keys in, screen out, signals, the state of the terminal afterwards.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take before a test gives up: generous, since machines are shared.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Esc as terminals with kitty's protocol send it: what follows at once is another key.
const ESC: &str = "\x1b[27u";

/// Folders of one made-up person: nothing of the machine's own is read or written.
pub struct Home {
    pub dir: tempfile::TempDir,
}

impl Home {
    /// A home whose configuration is `config`.
    pub fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Self { dir };
        for folder in ["config/plenary", "data", "state", "cache", "work"] {
            std::fs::create_dir_all(home.path(folder)).unwrap();
        }
        std::fs::write(home.path("config/plenary/config.toml"), config).unwrap();
        home
    }

    /// A configuration that asks `base_url`: every persona of the panel the model of its name, or `model`.
    pub fn asking(base_url: &str, model: &str, personas: &[(&str, &str)]) -> Self {
        let mut config = format!(
            "model = \"test:{model}\"\n[providers.test]\nkind = \"openai\"\nbase_url = \"{base_url}\"\n"
        );
        for (persona, model) in personas {
            config.push_str(&format!("[persona.{persona}]\nmodel = \"test:{model}\"\n"));
        }
        Self::new(&config)
    }

    /// Appends to the configuration.
    pub fn add(&mut self, text: &str) {
        let config = self.path("config/plenary/config.toml");
        let have = std::fs::read_to_string(&config).unwrap();
        std::fs::write(config, have + text).unwrap();
    }

    /// Replaces `from`, which must be there, in the configuration.
    pub fn set(&mut self, from: &str, to: &str) {
        let config = self.path("config/plenary/config.toml");
        let have = std::fs::read_to_string(&config).unwrap();
        assert!(have.contains(from), "{have}");
        std::fs::write(config, have.replace(from, to)).unwrap();
    }

    /// A path below the home.
    pub fn path(&self, below: &str) -> std::path::PathBuf {
        self.dir.path().join(below)
    }

    /// The environment of a program that runs in this home.
    pub fn env(&self) -> Vec<(String, String)> {
        let path = |below: &str| self.path(below).display().to_string();
        vec![
            ("HOME".into(), path("")),
            ("XDG_CONFIG_HOME".into(), path("config")),
            ("XDG_DATA_HOME".into(), path("data")),
            ("XDG_STATE_HOME".into(), path("state")),
            ("XDG_CACHE_HOME".into(), path("cache")),
            ("PATH".into(), std::env::var("PATH").unwrap_or_default()),
            ("TERM".into(), "xterm-256color".into()),
            ("COLORTERM".into(), "truecolor".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ]
    }

    /// Runs the binary without a terminal; standard input is closed.
    pub fn run(&self, args: &[&str]) -> std::process::Output {
        std::process::Command::new(env!("CARGO_BIN_EXE_plenary"))
            .args(args)
            .env_clear()
            .envs(self.env())
            .current_dir(self.path("work"))
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
    }
}

/// The binary in a pseudo terminal.
pub struct Term {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    hung_up: bool,
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n.max(1)).unwrap()
}

impl Term {
    /// Starts `plenary ARGS` in `home`, `columns` wide and `rows` high.
    pub fn start(home: &Home, (columns, rows): (u16, u16), args: &[&str]) -> Self {
        Self::start_with(home, (columns, rows), args, &[])
    }

    /// The same with more environment.
    pub fn start_with(
        home: &Home,
        (columns, rows): (u16, u16),
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_plenary"));
        command.args(args);
        Self::spawn(home, (columns, rows), command, env)
    }

    /// Starts a shell command in `home`, where `$PLENARY` is the binary.
    pub fn shell(home: &Home, size: (u16, u16), line: &str) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", line]);
        Self::spawn(home, size, command, &[("PLENARY", env!("CARGO_BIN_EXE_plenary"))])
    }

    fn spawn(
        home: &Home,
        (columns, rows): (u16, u16),
        mut command: CommandBuilder,
        env: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.cwd(home.path("work"));
        command.env_clear();
        for (name, value) in home.env() {
            command.env(name, value);
        }
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let seen = Arc::new(Mutex::new(Seen { parser, bytes: Vec::new(), hung_up: false }));
        let sink = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut chunk = [0; 16 << 10];
            while let Ok(n) = reader.read(&mut chunk) {
                let mut seen = sink.lock().unwrap();
                if n == 0 || seen.hung_up {
                    break;
                }
                seen.parser.process(&chunk[..n]);
                seen.bytes.extend_from_slice(&chunk[..n]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { master: Some(pair.master), writer: Some(writer), child, seen }
    }

    /// The text of the screen.
    pub fn screen(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// Every byte so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    /// Waits until `found` likes the screen; panics with the screen when it takes too long.
    pub fn wait(&self, what: &str, found: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if found(&screen) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "never saw {what}:\n{screen}");
            pause();
        }
    }

    /// Waits until `text` is on the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Sends bytes as a keyboard would.
    pub fn send(&mut self, keys: &str) -> &mut Self {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
        self
    }

    /// Another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.lock().unwrap().parser.set_size(cells(rows), cells(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// Closes the terminal's other end, as a closed window or a lost connection does. The program must be writing: the
    /// reading thread lets go at its next bytes.
    pub fn hang_up(&mut self) {
        self.seen.lock().unwrap().hung_up = true;
        self.writer = None;
        self.master = None;
    }

    /// Its process id.
    pub fn pid(&self) -> rustix::process::Pid {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        rustix::process::Pid::from_raw(pid).unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Sends a signal to the program that the shell runs.
    pub fn signal_child(&self, signal: rustix::process::Signal) {
        let shell = self.child.process_id().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
        let pid = children.unwrap().split_whitespace().next().unwrap().parse().unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal)
            .unwrap();
    }

    /// True until the program has ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The colours of the screen's cells.
    pub fn colours(&self) -> Vec<(vt100::Color, vt100::Color)> {
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen();
        let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        cells
            .filter_map(|(row, column)| screen.cell(row, column))
            .map(|cell| (cell.fgcolor(), cell.bgcolor()))
            .collect()
    }

    /// The letter that the kernel gives the process: `S` sleeping, `T` stopped, `Z` ended.
    pub fn process_state(&self) -> char {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.child.process_id().unwrap()));
        let stat = stat.unwrap_or_default();
        stat.rsplit(") ").next().and_then(|s| s.chars().next()).unwrap_or('Z')
    }

    /// Waits until the process has this state.
    pub fn wait_state(&self, state: char) {
        self.wait(&format!("process state {state}"), |_| self.process_state() == state);
    }

    /// Waits for the end.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What was written last may still be on its way through the terminal.
                pause();
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "does not end:\n{}", self.screen());
            pause();
        }
    }

    /// Presses `q`, twice if an answer was still streaming, and expects exit code 0.
    pub fn quit(&mut self) {
        self.send("q");
        let start = Instant::now();
        let mut asked = false;
        while self.child.try_wait().unwrap().is_none() {
            if !asked && self.screen().contains("q again to quit") {
                asked = true;
                self.send("q");
            }
            assert!(start.elapsed() < PATIENCE, "does not quit:\n{}", self.screen());
            pause();
        }
        assert_eq!(self.end().exit_code(), 0);
    }

    /// Leaves the composer and quits.
    pub fn quit_from_composer(&mut self) {
        self.send(ESC);
        self.quit();
    }

    /// The same under a shell, which then prints `ended`.
    pub fn quit_from_composer_expecting(&mut self, ended: &str) {
        self.send(ESC).send("q");
        self.wait_for(ended);
    }

    /// Kills without a chance to clean up.
    pub fn kill9(&mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Panics unless the terminal is in cooked mode.
    pub fn assert_cooked(&self) {
        let termios = self.master.as_ref().unwrap().get_termios().expect("termios");
        let local = format!("{:?}", termios.local_flags);
        assert!(local.contains("ICANON") && local.contains("ECHO"), "raw mode is left on: {local}");
    }

    /// Panics unless the terminal is as it was found: main screen, cursor shown, no modes, cooked.
    pub fn assert_restored(&self) {
        // The last bytes may still be on their way.
        self.wait("the main screen", |_| {
            !self.seen.lock().unwrap().parser.screen().alternate_screen()
        });
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen();
        assert!(!screen.alternate_screen(), "alternate screen is left on");
        assert!(!screen.hide_cursor(), "the cursor is left hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is left on");
        self.assert_cooked();
        let last = |sequence: &str| {
            seen.bytes.windows(sequence.len()).rposition(|w| w == sequence.as_bytes())
        };
        // A program that ended before it took the terminal has pushed none.
        assert!(last("\x1b[<1u") >= last("\x1b[>5u"), "keyboard flags are left on");
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A short pause between two looks.
#[allow(clippy::disallowed_methods, reason = "tests poll another process")]
pub fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}
