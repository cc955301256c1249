//! What a run of the binary printed, and how it ended.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::term::Home;

/// A program that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs the binary in the work folder of `home`, with more environment, without standard input.
    pub fn in_home(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plenary"));
        command.args(args).env_clear().envs(home.env()).envs(env.iter().copied());
        command.current_dir(home.path("work")).stdin(Stdio::null());
        Self::of(&command.output().unwrap())
    }

    /// Checks how it ended, and that it has printed `parts`.
    pub fn expect(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        for part in parts {
            assert!(self.err.contains(part) || self.out.contains(part), "{part}: {self:?}");
        }
        self
    }

    /// Everything that was printed.
    pub fn printed(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }

    /// Standard output as JSON Lines.
    pub fn events(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}
