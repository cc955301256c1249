//! Signals, job control and limits of the system.

use super::*;

/// Runs the program under a shell with job control; when it is stopped, the shell resets the terminal and continues it
/// after a line of input.
const JOB: &str = "set -m; \"$PLENARY\" go; stty sane; echo STOPPED; read line; fg; echo ENDED $?";

#[test]
fn a_program_that_another_process_stopped_continues() {
    for signal in [Signal::STOP, Signal::TSTP] {
        let (_server, home) = start_panel(5_000.0);
        let mut term = Term::shell(&home, WIDE, JOB);
        term.wait("four answers", all_done);
        term.signal_child(signal);
        term.wait_for("STOPPED");
        if signal == Signal::TSTP {
            term.assert_restored();
        }
        let before = term.bytes().len();
        term.send("\n");
        term.wait("the panes again", |s| all_done(s) && !s.contains("STOPPED"));
        let after = String::from_utf8_lossy(&term.bytes()[before..]).into_owned();
        for mode in ["\x1b[?1049h", "\x1b[?2004h", "\x1b[>5u"] {
            assert!(after.contains(mode), "{signal:?}: {mode:?} was not entered again");
        }
        // Keys are alive, and not echoed.
        term.send("2z");
        term.wait("the zoomed pane", |s| s.contains("END-edge") && !s.contains("END-infra"));
        term.send("q");
        term.wait_for("ENDED 0");
        term.assert_restored();
    }
}

#[test]
fn a_program_in_the_background_waits_for_the_terminal() {
    let (_server, home) = start_panel(5_000.0);
    let line = "set -m; \"$PLENARY\" & until grep -q 'State:.T' /proc/$!/status; do :; done; \
                echo WAITS; bg; until grep -q 'State:.T' /proc/$!/status; do :; done; fg; echo ENDED $?";
    let mut term = Term::shell(&home, WIDE, line);
    term.wait_for("Kael Voss");
    term.quit_from_composer_expecting("ENDED 0");
    term.assert_restored();
}

#[test]
fn a_program_that_was_sent_to_the_background_stops_again_and_can_be_ended() {
    let (_server, home) = start_panel(5_000.0);
    let line = "set -m; \"$PLENARY\" go & job=$!; fg; stty sane; echo STOPPED; read line; bg; \
                until grep -q 'State:.T' /proc/$job/status; do :; done; echo AGAIN; read line; \
                kill %1; kill -CONT $job; \
                while wait $job; s=$?; [ $s = 147 ]; do :; done; echo ENDED $s";
    let mut term = Term::shell(&home, WIDE, line);
    term.wait("four answers", all_done);
    term.send("\x1a");
    term.wait_for("STOPPED");
    term.send("\n");
    term.wait_for("AGAIN");
    term.send("\n");
    term.wait_for("ENDED 143");
    term.assert_restored();
}

#[test]
fn ctrl_c_at_any_moment_of_the_start_leaves_the_terminal_as_it_was() {
    let (_server, home) = start_panel(5_000.0);
    for round in 0..24_u32 {
        let mut term = Term::start(&home, WIDE, &[]);
        // Another moment of the start each time.
        let moment = Instant::now() + Duration::from_millis(4) * round;
        while Instant::now() < moment {
            std::thread::yield_now();
        }
        let start = Instant::now();
        let mut next_press = start;
        while term.is_running() {
            // Not faster than a hand: the kernel drops output that is not read yet when the key comes in cooked mode,
            // and the last of it, just before the process is gone, cannot be sent again.
            if Instant::now() >= next_press {
                term.send("\x03");
                next_press = Instant::now() + Duration::from_millis(500);
            }
            pause();
            assert!(start.elapsed() < PATIENCE, "does not end:\n{}", term.screen());
        }
        term.assert_restored();
    }
}

#[test]
fn few_file_descriptors_are_explained() {
    let (_server, home) = start_panel(5_000.0);
    for limit in [6, 8, 10, 12, 14, 16, 20, 24, 32, 64] {
        let line = format!("ulimit -n {limit}; \"$PLENARY\"; echo \"ENDED $?\"");
        let mut term = Term::shell(&home, WIDE, &line);
        let screen =
            term.wait("a screen or an end", |s| s.contains("Kael Voss") || s.contains("ENDED"));
        if screen.contains("ENDED") {
            let has_words = screen.contains("plenary: ") && !screen.contains("internal error");
            assert!(has_words, "{limit}: {screen}");
            assert!(screen.contains("ENDED 1") || screen.contains("ENDED 2"), "{limit}: {screen}");
            assert!(!screen.contains("ENDED 101"), "{limit}: {screen}");
        } else {
            term.quit_from_composer_expecting("ENDED 0");
        }
        let all = String::from_utf8_lossy(&term.bytes()).into_owned();
        assert!(!all.contains("panicked") && !all.contains("internal error"), "{limit}: {all}");
        term.assert_restored();
    }
}

#[test]
fn few_file_descriptors_are_explained_without_a_screen() {
    let (_server, home) = start_panel(5_000.0);
    for limit in [6, 8, 10, 12, 14, 16, 20, 24] {
        for command in ["ask q", "sessions list", "doctor"] {
            let line = format!("ulimit -n {limit}; \"$PLENARY\" {command}; echo \"ENDED $?\"");
            let term = Term::shell(&home, WIDE, &line);
            let screen = term.wait_for("ENDED");
            assert!(!screen.contains("panicked"), "{limit} {command}: {screen}");
            assert!(!screen.contains("internal error"), "{limit} {command}: {screen}");
            assert!(!screen.contains("ENDED 101"), "{limit} {command}: {screen}");
        }
    }
}

#[test]
fn a_limit_on_the_size_of_files_does_not_kill() {
    let (_server, home) = start_panel(5_000.0);
    let line = "ulimit -f 1; \"$PLENARY\" go; echo \"ENDED $?\"";
    let mut term = Term::shell(&home, WIDE, line);
    term.wait("four answers", |s| count(s, "END-") == 4);
    term.send("q");
    term.wait("the end", |s| {
        s.contains("ENDED") || s.contains("q quits") || s.contains("again to quit")
    });
    if !term.screen().contains("ENDED") {
        term.send("q");
    }
    term.wait_for("ENDED");
    term.assert_restored();
}

#[test]
fn a_terminal_that_is_gone_ends_the_program_where_hangups_are_ignored() {
    let (_server, home) = start_panel(100.0);
    let mut term = Term::shell(&home, WIDE, "trap '' HUP; exec \"$PLENARY\" go");
    term.wait("all streaming", |s| count(s, "This is") == 4);
    term.hang_up();
    term.end();
    assert!(stored_runs(&home).iter().all(|r| r["state"] == "cut"));
}
