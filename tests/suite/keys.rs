//! Keys in the documentation, and the keys that are planned for coming features.

use plenary::app::{KeyContext, KeyPress, Keymap};
use serde::Deserialize;

#[derive(Deserialize)]
struct Plan {
    reserved: Vec<ReservedKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReservedKey {
    on: Vec<String>,
    #[serde(rename = "in")]
    contexts: Vec<String>,
    run: String,
    #[serde(rename = "issue")]
    _issue: u32,
}

/// One planned or bound sequence in one context.
struct Claim {
    keys: Vec<KeyPress>,
    context: KeyContext,
    action: String,
}

impl Claim {
    /// True when both are in force somewhere at once, and one is the other or its start.
    fn collides_with(&self, other: &Self) -> bool {
        let covers =
            |wide: KeyContext, narrow: KeyContext| narrow.lookup_order().any(|c| c == wide);
        let meet = covers(self.context, other.context) || covers(other.context, self.context);
        let same = self.keys.starts_with(&other.keys) || other.keys.starts_with(&self.keys);
        meet && same && self.action != other.action
    }

    fn describe(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(ToString::to_string).collect();
        format!("[{}] \"{}\" {}", self.context.id(), keys.join(" "), self.action)
    }
}

fn planned() -> Vec<Claim> {
    let plan: Plan = toml::from_str(include_str!("../../src/app/keymap/reserved.toml")).unwrap();
    let mut claims = Vec::new();
    for row in &plan.reserved {
        for keys in &row.on {
            let keys: Option<Vec<KeyPress>> = keys.split(' ').map(KeyPress::parse).collect();
            for id in &row.contexts {
                let context = KeyContext::ALL.iter().find(|c| c.id() == id).unwrap();
                let (keys, action) = (keys.clone().unwrap(), row.run.clone());
                claims.push(Claim { keys, context: *context, action });
            }
        }
    }
    claims
}

fn bound() -> Vec<Claim> {
    let keymap = Keymap::default_keys().unwrap();
    let mut claims = Vec::new();
    for binding in keymap.bindings() {
        for keys in &binding.on {
            let (context, action) = (binding.context, binding.run.id().to_owned());
            claims.push(Claim { keys: keys.clone(), context, action });
        }
    }
    claims
}

/// Keys that mean something else everywhere until their feature takes them in one place.
const SHARED_FOR_NOW: &[&str] = &["[global] \"Ctrl+R\" sessions"];

#[test]
fn no_default_key_takes_a_reserved_key() {
    let (planned, bound) = (planned(), bound());
    let mut faults = Vec::new();
    for claim in &planned {
        for other in planned.iter().chain(&bound).filter(|other| claim.collides_with(other)) {
            if !SHARED_FOR_NOW.contains(&other.describe().as_str()) {
                faults.push(format!("{} and {}", claim.describe(), other.describe()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_plan_is_written_down() {
    let text = include_str!("../../ARCHITECTURE.md");
    let table = text.split("\n## Keys\n").nth(1).unwrap().split("\n## ").next().unwrap();
    for claim in planned() {
        let row = table.lines().find(|line| line.contains(&format!("`{}`", claim.action)));
        let keys: Vec<String> = claim.keys.iter().map(ToString::to_string).collect();
        let shown = format!("`{}`", keys.join(" ").replace('|', "\\|"));
        assert!(row.is_some_and(|row| row.contains(&shown)), "{} has no row", claim.describe());
    }
}

/// Every key that the tables of README name is bound.
#[test]
fn the_tables_of_readme_name_keys_that_exist() {
    let text = include_str!("../../README.md");
    let keys = text.split("\n## Keys\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let bound = bound();
    let is_bound = |keys: &[KeyPress]| bound.iter().any(|claim| claim.keys == keys);
    let mut named = 0;
    for row in keys.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Keys")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        for cell in cells.iter().step_by(2) {
            for name in cell.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let name = name.trim_matches('`').trim_end_matches(" twice");
                let sequence: Option<Vec<KeyPress>> =
                    name.split(' ').map(KeyPress::parse).collect();
                assert!(sequence.is_some_and(|keys| is_bound(&keys)), "{name:?} in {row}");
                named += 1;
            }
        }
    }
    assert!(named > 50, "{named} keys found");
}
