//! The notes of a run: which local model answers, whether the persona was the project's, and permanent remarks such as
//! what was left out of the prompt.
//!
//! Stored and exported as one list of texts: the note about the local model, that about the project, the remarks.

use serde::{Deserialize, Serialize};

/// Prefix of the note about a local model.
const LOCAL_PREFIX: &str = "local · ";

/// The note about a run whose persona came from a project.
pub const PROJECT_NOTE: &str = "project · this persona came from the project's .plenary";

/// The note about a local model: `local · qwen2.5-coder-1.5b · small model: check its claims`.
pub(super) fn local_model_note(name: &str, remark: Option<&str>) -> String {
    match remark {
        Some(remark) => format!("{LOCAL_PREFIX}{name} · {remark}"),
        None => format!("{LOCAL_PREFIX}{name}"),
    }
}

/// The notes of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct RunNotes {
    local_model: Option<String>,
    is_project: bool,
    remarks: Vec<String>,
}

impl RunNotes {
    /// Creates notes without remarks. `local_model` is the note of the model's profile.
    pub fn new(local_model: Option<String>) -> Self {
        Self { local_model, ..Self::default() }
    }

    /// Notes that the persona came from the project.
    pub fn set_project(&mut self, is_project: bool) {
        self.is_project = is_project;
    }

    /// True when the persona came from the project.
    pub fn is_project(&self) -> bool {
        self.is_project
    }

    /// The note about the local model; none for other models.
    pub fn local_model(&self) -> Option<&str> {
        self.local_model.as_deref()
    }

    /// The remarks, without the note about the local model.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Adds a remark.
    pub fn push(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// Adds remarks.
    pub fn extend(&mut self, remarks: impl IntoIterator<Item = String>) {
        self.remarks.extend(remarks);
    }

    /// All notes, the one about the local model first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let project = self.is_project.then_some(PROJECT_NOTE);
        let remarks = self.remarks.iter().map(String::as_str);
        self.local_model.as_deref().into_iter().chain(project).chain(remarks)
    }
}

impl From<Vec<String>> for RunNotes {
    fn from(mut list: Vec<String>) -> Self {
        let is_local = list.first().is_some_and(|note| note.starts_with(LOCAL_PREFIX));
        let local_model = is_local.then(|| list.remove(0));
        let is_project = list.first().is_some_and(|note| note == PROJECT_NOTE);
        if is_project {
            list.remove(0);
        }
        Self { local_model, is_project, remarks: list }
    }
}

impl From<RunNotes> for Vec<String> {
    fn from(notes: RunNotes) -> Self {
        notes.iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_lists_keep_their_form() {
        let local = local_model_note("coder", Some("small model: check its claims"));
        for list in [
            Vec::new(),
            vec!["left out 1 older question".to_owned()],
            vec![local.clone()],
            vec![local.clone(), "left out 1 older question".to_owned()],
            vec![PROJECT_NOTE.to_owned()],
            vec![local.clone(), PROJECT_NOTE.to_owned(), "left out 1 older question".to_owned()],
        ] {
            let json = serde_json::to_string(&list).unwrap();
            let notes: RunNotes = serde_json::from_str(&json).unwrap();
            assert_eq!(notes.local_model().is_some(), list.first() == Some(&local));
            assert!(notes.iter().eq(&list));
            assert_eq!(notes.is_project(), list.iter().any(|note| note == PROJECT_NOTE));
            assert_eq!(serde_json::to_string(&notes).unwrap(), json);
        }
    }

    #[test]
    fn remarks_follow_the_local_model() {
        let mut notes = RunNotes::new(Some(local_model_note("own.gguf", None)));
        notes.push("a".to_owned());
        notes.extend(["b".to_owned()]);
        notes.set_project(true);
        assert_eq!(notes.iter().collect::<Vec<_>>(), ["local · own.gguf", PROJECT_NOTE, "a", "b"]);
        assert_eq!(notes.remarks(), ["a", "b"]);
    }
}
