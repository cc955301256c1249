//! The configuration: valid and invalid files, which layer wins, which model answers, what a project may not set.
//!
//! Everything goes through `build_setup_in` with a separate environment and folders.

mod cases;
mod files;
mod layers;
mod models;
mod project;

use std::fs;
use std::path::PathBuf;

use plenary::config::{Environment, Flags, Paths, Setup, build_setup_in};
use plenary::domain::PersonaId;
use tempfile::TempDir;

/// A separate environment: empty folders, no variables but HOME.
pub struct Lab {
    dir: TempDir,
    pub environment: Environment,
    pub flags: Flags,
}

impl Lab {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let paths = Paths {
            config: at("config"),
            data: at("data"),
            cache: at("cache"),
            state: at("state"),
            project: at("project/.plenary"),
        };
        fs::create_dir_all(&paths.config).unwrap();
        fs::create_dir_all(&paths.project).unwrap();
        let home = dir.path().to_str().unwrap().to_owned();
        // No server listens on this port: the probe of a local server finds none, whatever runs here.
        let vars =
            [("HOME".to_owned(), home), ("OLLAMA_HOST".to_owned(), "127.0.0.1:9".to_owned())];
        Self {
            dir,
            environment: Environment { vars: vars.into(), paths, free_memory: None },
            flags: Flags::default(),
        }
    }

    /// An environment with a trusted project.
    pub fn trusting() -> Self {
        let mut lab = Self::new();
        lab.flags.trust_project = true;
        lab
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn user(&self, text: &str) -> &Self {
        self.write("config/config.toml", text)
    }

    pub fn project(&self, text: &str) -> &Self {
        self.write("project/.plenary/config.toml", text)
    }

    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.environment.vars.insert(name.into(), value.into());
        self
    }

    pub fn setup(&self) -> Setup {
        build_setup_in(&self.flags, &self.environment).unwrap()
    }

    /// The error; the temporary folder is replaced by `/X`.
    pub fn error(&self) -> String {
        let error = build_setup_in(&self.flags, &self.environment).unwrap_err().to_string();
        self.without_folder(&error)
    }

    /// The text with the temporary folder replaced by `/X`.
    pub fn without_folder(&self, text: &str) -> String {
        text.replace(self.dir.path().to_str().unwrap(), "/X")
    }
}

pub fn model_of(setup: &Setup, id: &str) -> Result<(String, String), String> {
    let choice = setup.models.get(&PersonaId::parse(id).unwrap()).expect("a known persona");
    let choice = choice.clone().map_err(|e| e.to_string())?;
    Ok((choice.model.to_string(), choice.why))
}

pub fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

const FAKE: &str = "[providers.fake]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n";
