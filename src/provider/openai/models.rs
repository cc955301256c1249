//! The list of models: `{"data":[{"id":…}]}`, and the shapes that servers have made of it.
//! Not for choosing one: that is the configuration's. Called by the provider's `models`.

use serde_json::Value;

/// The ids in `body`, sorted, each once; none when it is no list of models.
pub(super) fn parse(body: &[u8]) -> Option<Vec<String>> {
    let value: Value = serde_json::from_slice(body).ok()?;
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
            id.filter(|id| !id.is_empty()).map(crate::text::sanitize_line)
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
    fn every_shape_gives_sorted_ids() {
        let ids = vec!["a".to_owned(), "b".to_owned()];
        for body in [
            r#"{"object":"list","data":[{"id":"b"},{"id":"a","owned_by":"x"},{"id":"b"},{}]}"#,
            r#"[{"id":"b"},{"id":"a"}]"#,
            r#"{"models":[{"name":"b"},{"model":"a"}]}"#,
            r#"["b","a",""]"#,
        ] {
            assert_eq!(parse(body.as_bytes()), Some(ids.clone()), "{body}");
        }
        assert_eq!(parse(b"{\"data\":[]}"), Some(vec![]));
        for bad in ["", "<html>", "{}", "{\"data\":1}"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
