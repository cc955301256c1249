//! How many files this process may still open.

use std::fs::File;
use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A usual limit. Children inherit the limit, and some fail with a very high one.
const ENOUGH: u64 = 256;

/// Returns whether `count` more files can be opened. A low limit is raised first, as far as the system allows.
pub fn can_open_files(count: usize) -> bool {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < ENOUGH) {
        let raised = limit.maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
        // Where this fails, the limit is as it was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit });
    }
    let opened: Result<Vec<File>, _> = (0..count).map(|_| File::open("/dev/null")).collect();
    let is_limit = |error: io::Error| {
        matches!(Errno::from_io_error(&error), Some(Errno::MFILE | Errno::NFILE))
    };
    !opened.err().is_some_and(is_limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_can_be_opened_and_not_any_number() {
        assert!(can_open_files(3));
        let limit = getrlimit(Resource::Nofile).current.unwrap();
        if limit < 10_000 {
            assert!(!can_open_files(usize::try_from(limit).unwrap() + 1));
        }
    }
}
