//! The terminal's background colour in the reply to `OSC 11`: light or dark.

/// Relative luminance of a colour that looks half as bright as white.
const MIDDLE: f64 = 0.184;

/// Whether the colour is light; none when the reply is no colour. Forms: `rgb:RRRR/GGGG/BBBB` and `rgba:…` with one to
/// four digits each, `#RGB` to `#RRRRGGGGBBBB`.
pub(super) fn is_light(reply: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(reply).ok()?;
    let [red, green, blue] = parse_color(text)?.map(to_linear);
    Some(0.2126 * red + 0.7152 * green + 0.0722 * blue > MIDDLE)
}

/// Red, green and blue from 0 to 1.
fn parse_color(text: &str) -> Option<[f64; 3]> {
    let channels: Vec<&str> = if let Some(digits) = text.strip_prefix('#') {
        let third = Some(digits.len()).filter(|length| length % 3 == 0)? / 3;
        let (red, rest) = digits.split_at_checked(third)?;
        let (green, blue) = rest.split_at_checked(third)?;
        vec![red, green, blue]
    } else {
        let (_, channels) =
            text.split_once(':').filter(|(form, _)| matches!(*form, "rgb" | "rgba"))?;
        channels.split('/').collect()
    };
    let mut values = channels.into_iter().map(parse_channel);
    Some([values.next()??, values.next()??, values.next()??])
}

fn parse_channel(digits: &str) -> Option<f64> {
    let greatest = match digits.len() {
        1 => 0xf_u16,
        2 => 0xff,
        3 => 0xfff,
        4 => 0xffff,
        _ => return None,
    };
    let value = u16::from_str_radix(digits, 16).ok()?;
    Some(f64::from(value) / f64::from(greatest))
}

/// sRGB → linear light.
fn to_linear(channel: f64) -> f64 {
    if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_light_or_dark_or_none() {
        for (reply, wanted) in [
            ("rgb:0000/0000/0000", Some(false)),
            ("rgb:ffff/ffff/ffff", Some(true)),
            ("rgb:ff/f8/e0", Some(true)),
            ("rgba:2828/2c2c/3434/ffff", Some(false)),
            ("#fdf6e3", Some(true)),
            ("#fff", Some(true)),
            ("rgb:/0/0", None),
            ("rgb:0/0", None),
            ("rgb:+1/0/0", Some(false)),
            ("rgb:fffff/0/0", None),
            ("#é1", None),
            ("?", None),
            ("", None),
        ] {
            assert_eq!(is_light(reply.as_bytes()), wanted, "{reply}");
        }
    }
}
