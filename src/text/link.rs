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

/// The beginning of a target that is no web address.
fn shorten_target(target: &str) -> String {
    const MAX_TARGET_CHARS: usize = 60;
    if target.chars().count() <= MAX_TARGET_CHARS {
        return target.to_owned();
    }
    target.chars().take(MAX_TARGET_CHARS).chain(['…']).collect()
}

/// The host with every non-ASCII label as `xn--…`.
fn ascii_host(host: &str) -> String {
    let label =
        |l: &str| if l.is_ascii() { l.to_owned() } else { format!("xn--{}", encode_punycode(l)) };
    host.split('.').map(label).collect::<Vec<_>>().join(".")
}

/// RFC 3492. Labels longer than any real one are cut.
fn encode_punycode(label: &str) -> String {
    let input: Vec<u32> = label.chars().take(63).map(u32::from).collect();
    let mut out: String = label.chars().take(63).filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).unwrap_or(0);
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    while (handled as usize) < input.len() {
        let Some(next) = input.iter().copied().filter(|c| *c >= n).min() else { break };
        delta = delta.saturating_add((next - n).saturating_mul(handled + 1));
        n = next;
        for c in &input {
            if *c < n {
                delta = delta.saturating_add(1);
            }
            if *c == n {
                push_number(delta, bias, &mut out);
                bias = adapt_bias(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.saturating_add(1);
        n += 1;
    }
    out
}

fn push_number(mut q: u32, bias: u32, out: &mut String) {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let digit = |d: u32| DIGITS.get(d as usize).map_or('0', |b| char::from(*b));
    let mut k = 36;
    loop {
        let t = if k <= bias { 1 } else { (k - bias).min(26) };
        if q < t {
            break;
        }
        out.push(digit(t + (q - t) % (36 - t)));
        q = (q - t) / (36 - t);
        k += 36;
    }
    out.push(digit(q));
}

fn adapt_bias(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(link_note(text, target).as_deref(), shown, "{target}");
        }
    }
}
