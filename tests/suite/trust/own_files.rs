//! The user's own files stay out of reach: secrets in the working tree, links out of `.plenary` under any spelling, and files
//! beside a project's configuration.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Lab, Ran};

const SECRET: &str = "SECRETSECRET";

fn run_in(lab: &Lab, folder: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plenary"));
    let command = command.args(args).env_clear().envs(lab.home.env()).current_dir(folder);
    Ran::of(&command.stdin(Stdio::null()).output().unwrap())
}

fn has_sent_secret(lab: &Lab) -> bool {
    let requests = lab.good.requests().into_iter().chain(lab.evil.requests());
    requests.into_iter().any(|request| request.body.to_string().contains(SECRET))
}

#[test]
fn a_projects_folder_has_no_companions_of_the_configuration() {
    for name in ["keys.toml", "facets.toml"] {
        let is_read = |ran: &Ran| {
            let said = format!("{}{}", ran.out, ran.err);
            said.contains("SPYWORD") || said.contains(&format!("{name}:1"))
        };
        let lab = Lab::new();
        lab.write("config.toml", "").write(name, "[global]\nSPYWORD = [\"SPYWORD\"]\n");
        let file = lab.path("config.toml");
        for config in [".plenary/config.toml", file.to_str().unwrap()] {
            let ran = lab.run(&["--config", config, "doctor"]);
            assert!(!is_read(&ran), "{name}: {ran:?}");
        }
        fs::remove_file(lab.path(name)).unwrap();
        fs::write(lab.home.path("secret"), SECRET).unwrap();
        symlink(lab.home.path("secret"), lab.path(name)).unwrap();
        let ran = lab.run(&["--config", ".plenary/config.toml", "doctor"]);
        assert!(!format!("{}{}", ran.out, ran.err).contains(SECRET), "{name}: {ran:?}");
        // Beside the user's own file they are read.
        let own = lab.home.path("own");
        fs::create_dir(&own).unwrap();
        fs::copy(lab.home.path("config/plenary/config.toml"), own.join("config.toml")).unwrap();
        fs::write(own.join(name), "[global]\nSPYWORD = [\"SPYWORD\"]\n").unwrap();
        let ran = lab.run(&["--config", own.join("config.toml").to_str().unwrap(), "doctor"]);
        assert!(is_read(&ran), "{name}: {ran:?}");
    }
}

#[test]
fn a_project_names_no_secret_of_the_working_tree() {
    let names = [".env", ".git/config", ".npmrc", "id_rsa", "key.pem", ".git/notes.md", ".git"];
    for name in names {
        let lab = Lab::new();
        let file = lab.home.path("work").join(if name == ".git" { ".git/notes.md" } else { name });
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, SECRET).unwrap();
        let panel = |member: &str| {
            let config =
                format!("panel = \"p\"\n[panels.p]\npersonas = [\"infra\", \"{member}\"]\n");
            lab.write("config.toml", &config);
        };
        panel(&format!("../{name}"));
        let ran = lab.run(&["ask", "--trust-project", "question"]);
        assert_eq!(ran.code, Some(2), "{name}: {ran:?}");
        assert!(ran.err.contains(name) && ran.err.contains("file"), "{name}: {ran:?}");
        // The same through links that stay inside the project.
        lab.write("personas/ok.md", "You review.\n").write("config.toml", "");
        for link in ["personas/notes.md", "personas/team", "named.md", "context.md"] {
            symlink(format!("{}{name}", "../".repeat(link.split('/').count())), lab.path(link))
                .unwrap();
        }
        lab.run(&["ask", "--trust-project", "question"]);
        lab.run(&["ask", "--trust-project", "--persona", "notes", "question"]);
        lab.run(&["ask", "--trust-project", "--persona", ".plenary/named.md", "question"]);
        panel("./named.md");
        lab.run(&["ask", "--trust-project", "question"]);
        fs::rename(lab.path("personas"), lab.path("old")).unwrap();
        symlink(format!("../{name}"), lab.path("personas")).unwrap();
        lab.run(&["ask", "--trust-project", "--persona", "notes", "question"]);
        assert!(!has_sent_secret(&lab), "{name}");
    }
}

#[test]
fn a_project_may_name_documents_of_the_working_tree() {
    let lab = Lab::new();
    let folder = lab.home.path("work/docs");
    fs::create_dir(&folder).unwrap();
    for name in ["a.md", "b.markdown", "c.txt", "d.MD"] {
        fs::write(folder.join(name), SECRET).unwrap();
        let config = format!("panel = \"p\"\n[panels.p]\npersonas = [\"../docs/{name}\"]\n");
        lab.write("config.toml", &config);
        lab.run(&["ask", "--trust-project", "question"]).expect(0, &["From the user's server."]);
    }
    assert!(has_sent_secret(&lab));
}

#[test]
fn links_out_of_a_project_are_refused_in_every_spelling() {
    let lab = Lab::new();
    lab.write("personas/ok.md", "You review.\n").write("sub/x.md", "You review.\n");
    fs::write(lab.home.path("secret.md"), SECRET).unwrap();
    fs::create_dir(lab.home.path("secrets")).unwrap();
    fs::write(lab.home.path("secrets/n.md"), SECRET).unwrap();
    symlink(lab.home.path("secret.md"), lab.path("personas/n.md")).unwrap();
    symlink(lab.home.path("secrets"), lab.path("out")).unwrap();
    symlink("work", lab.home.path("parent")).unwrap();
    symlink("work/.plenary/personas", lab.home.path("folder")).unwrap();
    fs::create_dir(lab.home.path("work/below")).unwrap();
    let (top, work) = (lab.home.path(""), lab.home.path("work"));
    let absolute = lab.path("personas/n.md");
    let absolute = absolute.to_str().unwrap();
    let spellings = [
        (work.clone(), ".plenary/personas/n.md"),
        (work.clone(), absolute),
        (work.clone(), "../work/.plenary/personas/n.md"),
        (work.clone(), "./.plenary/../../work/.plenary/personas/n.md"),
        (work.clone(), "../parent/.plenary/personas/n.md"),
        (work.clone(), "../folder/n.md"),
        (work.clone(), ".plenary/out/n.md"),
        (work.clone(), "../work/.plenary/out"),
        (work.clone(), "/proc/self/cwd/.plenary/personas/n.md"),
        (top, "work/.plenary/personas/n.md"),
        (work.join("below"), "../.plenary/personas/n.md"),
        (lab.path("personas"), "n.md"),
    ];
    let config = lab.home.path("config/plenary/config.toml");
    let settings = fs::read_to_string(&config).unwrap();
    for (folder, spelling) in spellings {
        if spelling.starts_with("/proc") && !cfg!(target_os = "linux") {
            continue;
        }
        for flags in [&[][..], &["--trust-project"], &["--ignore-project"]] {
            let args = [&["ask", "--persona", spelling], flags, &["question"]].concat();
            // Without a flag, the untrusted project itself may be the reason.
            let said: &[&str] = if flags.is_empty() { &[] } else { &["leads out of the project"] };
            run_in(&lab, &folder, &args).expect(2, said);
            let args = [&["ask", "--file", spelling], flags, &["question"]].concat();
            let said: &[&str] = if flags.is_empty() { &[] } else { &["--file"] };
            run_in(&lab, &folder, &args).expect(2, said);
        }
        for command in ["check", "show"] {
            let ran = run_in(&lab, &folder, &["persona", command, spelling]);
            assert!(!format!("{}{}", ran.out, ran.err).contains(SECRET), "{spelling}: {ran:?}");
        }
        let member = folder.join(spelling);
        let named = settings.replace("\"infra\"", &format!("{member:?}"));
        fs::write(&config, named).unwrap();
        let ran = run_in(&lab, &folder, &["ask", "--ignore-project", "question"]);
        ran.expect(2, &["leads out of the project"]);
        fs::write(&config, &settings).unwrap();
    }
    assert!(!has_sent_secret(&lab));
    // What is in the project, and what the user names elsewhere, is read.
    for good in ["../work/.plenary/personas/ok.md", ".plenary/personas", "../secrets/n.md"] {
        let ran = lab.run(&["ask", "--ignore-project", "--persona", good, "question"]);
        ran.expect(0, &["From the user's server."]);
    }
    lab.run(&["ask", "--ignore-project", "--file", ".plenary/personas/ok.md", "question"])
        .expect(0, &[]);
}
