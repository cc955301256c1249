//! The target of a link in few words: the host of a web address, or the beginning of any other target.
//!
//! Hosts are in ASCII form, so that a look-alike letter of another script cannot pass as a known name. Links from a model's
//! text are never clickable.

/// The note after a link with this text; none when the text already says it.
pub(crate) fn link_note(text: &str, target: &str) -> Option<String> {
    let target = target.trim();
    if target.is_empty() || text == target || target.strip_prefix("mailto:") == Some(text) {
        return None;
    }
    let shown = web_host(target).map_or_else(|| shorten_target(target), |host| ascii_host(&host));
    (!text.trim().eq_ignore_ascii_case(&shown)).then_some(shown)
}

/// The host of a web address, without user, port and path.
fn web_host(target: &str) -> Option<String> {
    let rest = target.strip_prefix("https://").or_else(|| target.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty()).then(|| host.to_lowercase())
}

/// True for a link that a document may keep: to a web page, or a mail address without further fields (a mail program may
/// attach a file that they name).
pub(crate) fn is_safe_link(target: &str) -> bool {
    let scheme = |scheme: &str| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let is_host = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    match (scheme("https://").or_else(|| scheme("http://")), scheme("mailto:")) {
        (Some(rest), _) => is_host(rest),
        (None, Some(rest)) => !rest.contains('?'),
        (None, None) => false,
    }
}

/// The target with its host in ASCII, if it is a web address.
pub(crate) fn with_ascii_host(target: &str) -> String {
    let Some((scheme, rest)) = target.split_once("://") else { return target.to_owned() };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if authority.is_ascii() {
        return target.to_owned();
    }
    let (user, host) =
        authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let at = if user.is_empty() { "" } else { "@" };
    format!("{scheme}://{user}{at}{}{path}", ascii_host(&host.to_lowercase()))
}

/// The beginning of a target that is no web address.
fn shorten_target(target: &str) -> String {
    const MAX_TARGET_CHARS: usize = 60;
    if target.chars().count() <= MAX_TARGET_CHARS {
        return target.to_owned();
    }
    target.chars().take(MAX_TARGET_CHARS).chain(['…']).collect()
}

/// The host as it is looked up: every label of another script as `xn--…`. One that is no valid host name shows the code
/// points instead.
pub(crate) fn ascii_host(host: &str) -> String {
    idna::domain_to_ascii(host).unwrap_or_else(|_| escape_non_ascii(host))
}

fn escape_non_ascii(host: &str) -> String {
    host.chars().fold(String::new(), |mut escaped, c| {
        if c.is_ascii() {
            escaped.push(c);
        } else {
            escaped.extend(c.escape_unicode());
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_kept_by_their_scheme() {
        for target in
            ["https://a.example", "HTTP://a.example/x", "mailto:me@a.example", "https://[::1]/"]
        {
            assert!(is_safe_link(target), "{target}");
        }
        for target in [
            "javascript:x",
            "data:,x",
            "file:///x",
            "//a.example",
            "https:a.example",
            "https:///x",
            "./x",
            "#x",
            "",
            "mailto:a@b?attach=x",
            " https://a.example",
            "java\tscript:x",
            "é",
        ] {
            assert!(!is_safe_link(target), "{target}");
        }
        assert_eq!(
            with_ascii_host("https://u@аpple.example:1/ä"),
            "https://u@xn--pple-43d.example:1/ä"
        );
        assert_eq!(with_ascii_host("https://a.example/ä"), "https://a.example/ä");
    }

    #[test]
    fn notes_say_where_a_link_leads() {
        for (text, target, shown) in [
            ("notes", "https://docs.example.org/pg/replication#failover", Some("docs.example.org")),
            ("docs.example.org", "https://docs.example.org/", None),
            ("https://a.example/x", "https://a.example/x", None),
            ("me@a.example", "mailto:me@a.example", None),
            ("the module", "./modules/spoke", Some("./modules/spoke")),
            ("bank", "https://bank.example@evil.example/x", Some("evil.example")),
            ("apple", "https://аpple.example/", Some("xn--pple-43d.example")),
            ("bücher", "https://bücher.example/", Some("xn--bcher-kva.example")),
            ("中文", "https://中文.example", Some("xn--fiq228c.example")),
            ("port", "https://bücher.example:8443/x", Some("xn--bcher-kva.example:8443")),
            ("no host", "https://\u{301}x.example/", Some("\\u{301}x.example")),
        ] {
            assert_eq!(link_note(text, target).as_deref(), shown, "{target}");
        }
    }
}
