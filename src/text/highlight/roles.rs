//! Scope selectors and their roles, and the synthetic theme that carries them through syntect.
//! No colours: a foreground colour encodes a role, so that a theme change highlights nothing again.

use syntect::highlighting::{
    Color, ScopeSelectors, StyleModifier, Theme, ThemeItem, ThemeSettings,
};

use crate::text::Role;

/// Roles by the number that encodes them; the first is for text without a selector.
const ROLES: [Role; 12] = [
    Role::Code,
    Role::Keyword,
    Role::String,
    Role::Comment,
    Role::Constant,
    Role::Function,
    Role::Type,
    Role::Key,
    Role::Variable,
    Role::Punctuation,
    Role::Inserted,
    Role::Removed,
];

/// The role of scopes; the more specific selector wins, whatever its position.
const SELECTORS: [(&str, Role); 12] = [
    ("comment, punctuation.definition.comment, meta.diff.header", Role::Comment),
    ("string, punctuation.definition.string, markup.raw", Role::String),
    (
        "constant, constant.character.escape, support.constant, string constant.other.placeholder",
        Role::Constant,
    ),
    (
        "keyword, storage, storage.type, keyword.control, variable.language, \
         keyword.operator.word, keyword.operator.logical.python, meta.diff.range",
        Role::Keyword,
    ),
    ("keyword.operator, punctuation, meta.brace", Role::Punctuation),
    ("entity.name.function, support.function, variable.function, meta.annotation", Role::Function),
    (
        "entity.name.type, entity.name.class, entity.name.struct, entity.name.enum, \
         entity.name.trait, entity.name.impl, entity.name.namespace, entity.name.section, \
         entity.name.tag, support.type, support.class, storage.type.built-in, \
         entity.other.inherited-class, markup.heading",
        Role::Type,
    ),
    (
        "entity.name.tag.yaml, entity.name.tag.toml, entity.other.attribute-name, \
         support.type.property-name, meta.mapping.key string, \
         meta.mapping.key punctuation.definition.string, \
         meta.structure.dictionary.key string, \
         meta.structure.dictionary.key punctuation.definition.string, \
         source.terraform variable.other.readwrite, source.terraform variable.declaration, variable.other.member, keyword.other.definition.ini",
        Role::Key,
    ),
    (
        "variable, variable.parameter, variable.other, punctuation.definition.variable, \
         string variable",
        Role::Variable,
    ),
    ("markup.inserted, markup.inserted punctuation.definition.inserted", Role::Inserted),
    ("markup.deleted, markup.deleted punctuation.definition.deleted", Role::Removed),
    ("source, text, meta.interpolation", Role::Code),
];

/// A theme whose foreground colours are the numbers of roles.
pub(super) fn build_theme() -> Theme {
    let items = SELECTORS.iter().filter_map(|(selectors, role)| {
        let scope: ScopeSelectors = selectors.parse().ok()?;
        let foreground = Some(colour_of_role(*role));
        Some(ThemeItem { scope, style: StyleModifier { foreground, ..StyleModifier::default() } })
    });
    Theme {
        settings: ThemeSettings {
            foreground: Some(colour_of_role(Role::Code)),
            ..ThemeSettings::default()
        },
        scopes: items.collect(),
        ..Theme::default()
    }
}

/// The role that a foreground colour encodes.
pub(super) fn role_of_colour(colour: Color) -> Role {
    ROLES.get(usize::from(colour.r)).copied().unwrap_or(Role::Code)
}

fn colour_of_role(role: Role) -> Color {
    let number = ROLES.iter().position(|r| *r == role).unwrap_or(0);
    Color { r: u8::try_from(number).unwrap_or(0), g: 0, b: 0, a: u8::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_parses_and_every_role_comes_back() {
        assert_eq!(build_theme().scopes.len(), SELECTORS.len());
        for (_, role) in SELECTORS {
            assert_eq!(role_of_colour(colour_of_role(role)), role);
        }
    }
}
