//! Exit statuses of the program and what they mean, as `--help` and the manual pages print them.
//!
//! Signals end the program with 128 plus the number of the signal; `runtime` has those numbers.

/// The command could not do its work.
pub const FAILURE: u8 = 1;
/// Usage or configuration error; nothing was asked and nothing was changed.
pub const USAGE: u8 = 2;
/// Standard output cannot be written: a full disk, an error of the device.
pub const OUTPUT_FAILED: u8 = 2;
/// The reader closed standard output. The number that a shell shows for a program that SIGPIPE ended.
pub const OUTPUT_CLOSED: u8 = 141;
/// `plenary ask`: some personas did not answer.
pub const SOME_UNANSWERED: u8 = 1;
/// `plenary ask`: no persona answered.
pub const NONE_ANSWERED: u8 = 3;

/// A value of the exit status and its meaning.
pub type StatusMeaning = (u8, &'static str);

const INTERRUPTED: &str = "Interrupted with Ctrl+C (SIGINT).";
const TERMINATED: &str = "Terminated (SIGTERM).";
const CLOSED: &str = "The reader closed standard output (SIGPIPE).";
const HUNG_UP: &str = "The terminal was closed (SIGHUP).";

/// Exit statuses of the program.
pub const GENERAL: &[StatusMeaning] = &[
    (0, "Success."),
    (
        FAILURE,
        "The command failed. For doctor: no question can be asked; for persona check: a file has errors.",
    ),
    (USAGE, "Usage or configuration error, or standard output cannot be written."),
    (101, "Internal error."),
    (129, HUNG_UP),
    (130, INTERRUPTED),
    (131, "Quit (SIGQUIT)."),
    (OUTPUT_CLOSED, CLOSED),
    (143, TERMINATED),
];

/// Exit statuses of `plenary ask`.
pub const ASK: &[StatusMeaning] = &[
    (0, "All personas answered."),
    (SOME_UNANSWERED, "Some personas did not answer, or the command failed."),
    (
        USAGE,
        "Usage or configuration error: nothing was asked. Or standard output cannot be written: the answers are in the session.",
    ),
    (NONE_ANSWERED, "No persona answered."),
    (129, HUNG_UP),
    (130, INTERRUPTED),
    (OUTPUT_CLOSED, CLOSED),
    (143, TERMINATED),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::headless::StopSignal;

    #[test]
    fn every_exit_status_of_ask_is_listed_once_and_in_order() {
        let stops = [StopSignal::HangUp, StopSignal::Interrupt, StopSignal::Terminate];
        let returned =
            [0, FAILURE, USAGE, SOME_UNANSWERED, NONE_ANSWERED, OUTPUT_FAILED, OUTPUT_CLOSED]
                .into_iter();
        for code in returned.chain(stops.map(StopSignal::exit_code)) {
            assert!(ASK.iter().any(|(listed, _)| *listed == code), "{code}");
        }
        for table in [GENERAL, ASK] {
            assert!(table.is_sorted_by(|(one, _), (next, _)| one < next));
        }
    }
}
