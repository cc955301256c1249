//! The published schema of the JSON export, held against what is written.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use super::{hostile, review, session, write};

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/export/session.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn compiled(schemas: &mut Schemas) -> SchemaIndex {
    let mut compiler = Compiler::new();
    compiler.add_resource("session.json", schema()).unwrap();
    compiler.compile("session.json", schemas).unwrap()
}

/// Keys of `value` that the schema does not know, with their path.
fn unknown(value: &Value, schema: &Value, root: &Value, path: &str, found: &mut Vec<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &root["$defs"][name.trim_start_matches("#/$defs/")],
        None => schema,
    };
    let schema = match schema["oneOf"].as_array() {
        Some(all) => all.iter().find(|one| one["type"] == "object").unwrap(),
        None => schema,
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = format!("{path}/{key}");
                match schema["properties"].get(key) {
                    Some(below) => unknown(value, below, root, &path, found),
                    None => found.push(path),
                }
            }
        }
        Value::Array(items) if schema["items"].is_object() => {
            for item in items {
                unknown(item, &schema["items"], root, path, found);
            }
        }
        _ => {}
    }
}

#[test]
fn json_is_what_the_schema_says_and_the_schema_says_all_of_it() {
    let mut schemas = Schemas::new();
    let index = compiled(&mut schemas);
    let mut empty = review();
    empty.turns.clear();
    let schema = schema();
    for session in [review(), hostile(), session::triaged(), session::two_turns(), empty] {
        let value: Value = serde_json::from_str(&write("json", &session)).unwrap();
        if let Err(error) = schemas.validate(&value, index) {
            panic!("{error:#}");
        }
        let mut found = Vec::new();
        unknown(&value, &schema, &schema, "", &mut found);
        assert!(found.is_empty(), "not in the schema: {found:?}");
    }
}

#[test]
fn the_schema_rejects_invalid_exports() {
    let mut schemas = Schemas::new();
    let index = compiled(&mut schemas);
    let good: Value = serde_json::from_str(&write("json", &session::triaged())).unwrap();
    let wrong: [(&str, Value); 5] = [
        ("/version", 2.into()),
        ("/id", "xyz".into()),
        ("/turns/0/recommendations/0/decision", "maybe".into()),
        ("/turns/0/recommendations/0/span", serde_json::json!([1])),
        ("/turns/0/runs/0/text", Value::Null),
    ];
    for (path, value) in wrong {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = value;
        assert!(schemas.validate(&bad, index).is_err(), "{path}");
    }
    let mut bad = good;
    bad["session"].as_object_mut().unwrap().remove("counts");
    assert!(schemas.validate(&bad, index).is_err());
}

/// Spans are bytes of the texts in the same document; facets are all of an answer.
#[test]
fn places_in_json_are_places_of_its_texts() {
    let value: Value = serde_json::from_str(&write("json", &session::two_turns())).unwrap();
    let mut seen = 0;
    for turn in value["turns"].as_array().unwrap() {
        let runs = || ["runs", "earlier"].iter().filter_map(|k| turn[*k].as_array()).flatten();
        let text = |id: &Value| runs().find(|r| r["id"] == *id).unwrap()["text"].as_str().unwrap();
        let span = |of: &Value| {
            let at = |n: usize| usize::try_from(of["span"][n].as_u64().unwrap()).unwrap();
            at(0)..at(1)
        };
        for found in turn["recommendations"].as_array().unwrap() {
            let words = text(&found["run"]).get(span(found)).unwrap();
            assert!(!words.trim().is_empty(), "{found}");
            seen += 1;
        }
        for run in runs() {
            let all = turn["facets"].as_array().unwrap().iter().filter(|f| f["run"] == run["id"]);
            let length: usize = all.map(|facet| span(facet).len()).sum();
            assert!(length == 0 || length == run["text"].as_str().unwrap().len());
        }
    }
    assert!(seen > 10);
}
