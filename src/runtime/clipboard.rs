//! Copies text through tmux when running in it, else by OSC 52; text that is too large goes to a file.
//!
//! tmux drops OSC 52 by default but takes `load-buffer -w`, which hands it to the outer terminal. Terminals cap the sequence
//! (xterm at 100,000 bytes), so longer texts are written to a file and the status line says where.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;

use crate::machine::{Inherited, keep_only};

/// The most bytes of text that fit into one OSC 52 sequence of 100,000 bytes.
const OSC52_MAX: usize = 74_994;

/// Copies `text`, which `what` describes; returns the message to show. Texts that are too large are written below `folder`.
/// Blocks while tmux reads the text: call it from a worker thread.
pub fn copy_text(text: &str, what: &str, folder: &Path) -> Result<String, String> {
    if std::env::var_os("TMUX").is_some() && copy_through_tmux(text).is_ok() {
        return Ok(format!("copied {what} ({} bytes)", text.len()));
    }
    if text.len() > OSC52_MAX {
        let path = folder.join("copied.md");
        return super::private_files::write_private(&path, text.as_bytes())
            .map(|()| {
                format!(
                    "{what} is too large for the clipboard ({} bytes): see {}",
                    text.len(),
                    path.display()
                )
            })
            .map_err(|e| format!("{}: {e}", path.display()));
    }
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
        .map(|()| format!("copied {what} ({} bytes)", text.len()))
        .map_err(|e| format!("cannot copy: {e}"))
}

fn copy_through_tmux(text: &str) -> io::Result<()> {
    let mut command = Command::new("tmux");
    keep_only(&mut command, Inherited::TMUX);
    let mut child = command
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(io::Error::other("tmux refused")) }
}
