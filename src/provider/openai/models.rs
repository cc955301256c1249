//! Reads the list of models: `{"data":[{"id":…}]}`, and the other shapes that servers send.
//!
//! Choosing a model is not handled here.

use serde_json::Value;

use crate::provider::lenient_json::parse_lenient;
use crate::provider::redact::redact_known_keys;
use crate::text::sanitize_line;

/// The ids in `body`, sorted, without duplicates. None when `body` is not a list of models.
pub(super) fn parse_model_ids(body: &[u8]) -> Option<Vec<String>> {
    let value: Value = parse_lenient(&String::from_utf8_lossy(body))?;
    let list = value
        .as_array()
        .or_else(|| value.get("data")?.as_array())
        .or_else(|| value.get("models")?.as_array())?;
    let mut ids: Vec<String> = list
        .iter()
        .filter_map(|model| {
            let id = model.as_str().or_else(|| {
                ["id", "name", "model"].iter().find_map(|key| model.get(*key)?.as_str())
            });
            id.filter(|id| !id.is_empty()).map(|id| sanitize_line(&redact_known_keys(id)))
        })
        .collect();
    ids.sort();
    ids.dedup();
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_every_shape_and_sorted() {
        let ids = vec!["a".to_owned(), "b".to_owned()];
        for body in [
            r#"{"object":"list","data":[{"id":"b"},{"id":"a","owned_by":"x"},{"id":"b"},{}]}"#,
            r#"[{"id":"b"},{"id":"a"}]"#,
            r#"{"models":[{"name":"b"},{"model":"a"}]}"#,
            r#"["b","a",""]"#,
        ] {
            assert_eq!(parse_model_ids(body.as_bytes()), Some(ids.clone()), "{body}");
        }
        assert_eq!(parse_model_ids(b"{\"data\":[]}"), Some(vec![]));
        for bad in ["", "<html>", "{}", "{\"data\":1}"] {
            assert_eq!(parse_model_ids(bad.as_bytes()), None, "{bad}");
        }
    }
}
