//! The folders of the program: the XDG folders and the project's own.
//!
//! Only names paths; reads and creates nothing. A machine without a home folder is no error: unknown paths stay empty.

use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, Xdg};

/// The folders of the program. An empty path is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// `$XDG_CONFIG_HOME/plenary`
    pub config: PathBuf,
    /// `$XDG_DATA_HOME/plenary`
    pub data: PathBuf,
    /// `$XDG_STATE_HOME/plenary`
    pub state: PathBuf,
    /// `$XDG_CACHE_HOME/plenary`
    pub cache: PathBuf,
    /// `./.plenary`
    pub project: PathBuf,
}

impl Paths {
    /// The folders of this process: from its environment and its working folder.
    pub fn of_process() -> Self {
        let project =
            std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")).join(".plenary");
        let base = Xdg::new().ok();
        let folder = |var: &str, known: Option<PathBuf>| {
            let by_env = || std::env::var_os(var).map(PathBuf::from);
            // A relative folder would be in the project, which is not trusted with keys.
            known
                .or_else(by_env)
                .filter(|path| path.is_absolute())
                .map(|path| path.join("plenary"))
                .unwrap_or_default()
        };
        Self {
            config: folder("XDG_CONFIG_HOME", base.as_ref().map(BaseStrategy::config_dir)),
            data: folder("XDG_DATA_HOME", base.as_ref().map(BaseStrategy::data_dir)),
            cache: folder("XDG_CACHE_HOME", base.as_ref().map(BaseStrategy::cache_dir)),
            state: folder("XDG_STATE_HOME", base.as_ref().and_then(BaseStrategy::state_dir)),
            project,
        }
    }

    /// The user's `config.toml`.
    pub fn config_file(&self) -> Option<PathBuf> {
        path_below(&self.config, "config.toml")
    }

    /// The project's `config.toml`.
    pub fn project_file(&self) -> PathBuf {
        self.project.join("config.toml")
    }

    /// The user's folder of personas; empty when no home folder is known, and so never the working folder.
    pub fn user_personas(&self) -> PathBuf {
        path_below(&self.config, "personas").unwrap_or_default()
    }

    /// The project's folder of personas.
    pub fn project_personas(&self) -> PathBuf {
        self.project.join("personas")
    }

    /// The store's file.
    pub fn store(&self) -> Option<PathBuf> {
        path_below(&self.data, "plenary.db")
    }

    /// The file that says which projects are trusted.
    pub fn trust_file(&self) -> Option<PathBuf> {
        path_below(&self.data, "trust.toml")
    }

    /// The folder of downloaded model files.
    pub fn models(&self) -> Option<PathBuf> {
        path_below(&self.data, "models")
    }

    /// The log's file.
    pub fn log(&self) -> Option<PathBuf> {
        path_below(&self.state, "plenary.log")
    }
}

fn path_below(folder: &Path, name: &str) -> Option<PathBuf> {
    (!folder.as_os_str().is_empty()).then(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_folders_are_none_and_never_the_working_folder() {
        let nowhere = Paths { project: PathBuf::from("/p/.plenary"), ..Paths::default() };
        assert_eq!(nowhere.config_file(), None);
        assert_eq!(nowhere.store(), None);
        assert_eq!(nowhere.log(), None);
        assert_eq!(nowhere.models(), None);
        assert_eq!(nowhere.user_personas(), Path::new(""));
        assert!(std::fs::read_dir(nowhere.user_personas()).is_err());
        assert_eq!(nowhere.project_file(), Path::new("/p/.plenary/config.toml"));
    }
}
