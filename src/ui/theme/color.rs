//! Colours: reading them, bringing them down to what the terminal shows, measuring contrast.
//!
//! Pure functions of numbers; which colour stands for what is the theme's business.

use ratatui::style::Color;

use super::Depth;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

/// Reads `#rgb`, `#rrggbb`, `default`, or a colour of the terminal (`red`, `lightblue`, `245`).
pub(super) fn parse(text: &str) -> Option<Color> {
    if text.eq_ignore_ascii_case("default") {
        return Some(Color::Reset);
    }
    let Some(hex) = text.strip_prefix('#') else { return text.parse().ok() };
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(hex, 16).ok()?;
    let [_, r, g, b] = value.to_be_bytes();
    match hex.len() {
        6 => Some(Color::Rgb(r, g, b)),
        3 => {
            let wide = |shift: u32| u8::try_from((value >> shift) & 15).unwrap_or(0) * 17;
            Some(Color::Rgb(wide(8), wide(4), wide(0)))
        }
        _ => None,
    }
}

/// The nearest colour that a terminal of `depth` shows; none where it shows none.
pub(super) fn reduce(color: Color, depth: Depth) -> Option<Color> {
    match (color, depth) {
        (_, Depth::Mono) => None,
        (Color::Rgb(r, g, b), Depth::Ansi256) => Some(Color::Indexed(nearest_256((r, g, b)))),
        (Color::Rgb(r, g, b), Depth::Ansi16) => Some(nearest_16((r, g, b))),
        (Color::Indexed(n), Depth::Ansi16) if n > 15 => Some(nearest_16(indexed(n))),
        _ => Some(color),
    }
}

const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colour behind an xterm number from 16 on.
fn indexed(n: u8) -> Rgb {
    if n >= 232 {
        let grey = 8 + (n - 232) * 10;
        return (grey, grey, grey);
    }
    let cube = usize::from(n.saturating_sub(16));
    let step = |i: usize| STEPS.get(i % 6).copied().unwrap_or(0);
    (step(cube / 36), step(cube / 6), step(cube))
}

fn nearest_256(color: Rgb) -> u8 {
    (16..=255).min_by_key(|n| distance(indexed(*n), color)).unwrap_or(15)
}

/// Distance as the eye sees it (the "redmean" weights).
fn distance(a: Rgb, b: Rgb) -> i64 {
    let (dr, dg, db) = (
        i64::from(a.0) - i64::from(b.0),
        i64::from(a.1) - i64::from(b.1),
        i64::from(a.2) - i64::from(b.2),
    );
    let red = i64::midpoint(i64::from(a.0), i64::from(b.0));
    (512 + red) * dr * dr / 256 + 4 * dg * dg + (767 - red) * db * db / 256
}

/// By hue, not by distance: the 16 colours differ from terminal to terminal, but a red one is always red.
fn nearest_16(color: Rgb) -> Color {
    let (red, green, blue) = color;
    let (max, min) = (red.max(green).max(blue), red.min(green).min(blue));
    let (r, g, b) = (f64::from(red), f64::from(green), f64::from(blue));
    let light = f64::midpoint(f64::from(max), f64::from(min)) / 255.0;
    let chroma = f64::from(max - min);
    if chroma < 48.0 {
        return match light {
            l if l < 0.2 => Color::Black,
            l if l < 0.6 => Color::DarkGray,
            l if l < 0.85 => Color::Gray,
            _ => Color::White,
        };
    }
    let hue = if max == red {
        ((g - b) / chroma).rem_euclid(6.0)
    } else if max == green {
        (b - r) / chroma + 2.0
    } else {
        (r - g) / chroma + 4.0
    };
    let bright = light > 0.55;
    match hue {
        h if !(0.5..5.5).contains(&h) => pick(bright, Color::LightRed, Color::Red),
        h if h < 1.4 => pick(bright, Color::LightYellow, Color::Yellow),
        h if h < 2.5 => pick(bright, Color::LightGreen, Color::Green),
        h if h < 3.4 => pick(bright, Color::LightCyan, Color::Cyan),
        h if h < 4.2 => pick(bright, Color::LightBlue, Color::Blue),
        _ => pick(bright, Color::LightMagenta, Color::Magenta),
    }
}

fn pick(bright: bool, yes: Color, no: Color) -> Color {
    if bright { yes } else { no }
}

/// Contrast of two colours by WCAG 2: 1 (the same) to 21.
pub(super) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(color: Rgb) -> f64 {
    let channel = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(color.0) + 0.7152 * channel(color.1) + 0.0722 * channel(color.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read() {
        for (text, color) in [
            ("#6fb1ff", Some(Color::Rgb(0x6f, 0xb1, 0xff))),
            ("#fa0", Some(Color::Rgb(0xff, 0xaa, 0))),
            ("default", Some(Color::Reset)),
            ("lightblue", Some(Color::LightBlue)),
            ("245", Some(Color::Indexed(245))),
            ("#ggg", None),
            ("#12345", None),
            ("#", None),
            ("#+12", None),
            ("mauve", None),
            ("", None),
        ] {
            assert_eq!(parse(text), color, "{text:?}");
        }
    }

    #[test]
    fn colours_come_down_to_what_the_terminal_shows() {
        let teal = Color::Rgb(0x3f, 0xc1, 0xa8);
        assert_eq!(reduce(teal, Depth::True), Some(teal));
        assert_eq!(reduce(teal, Depth::Ansi256), Some(Color::Indexed(73)));
        assert_eq!(reduce(teal, Depth::Mono), None);
        for (rgb, ansi) in [
            ((0x3f, 0xc1, 0xa8), Color::Cyan),
            ((0xff, 0x7b, 0x72), Color::LightRed),
            ((0xe6, 0xb0, 0x4a), Color::LightYellow),
            ((0x0b, 0x57, 0xc2), Color::Blue),
            ((0x38, 0x69, 0x0a), Color::Green),
            ((0xb7, 0x9c, 0xff), Color::LightMagenta),
            ((0x86, 0x8e, 0x9c), Color::DarkGray),
            ((0xf2, 0xf4, 0xf8), Color::White),
        ] {
            assert_eq!(nearest_16(rgb), ansi, "{rgb:?}");
        }
        assert_eq!(indexed(16), (0, 0, 0));
        assert_eq!(indexed(231), (255, 255, 255));
        assert_eq!(indexed(255), (238, 238, 238));
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 0.01);
        assert!((contrast((119, 119, 119), (255, 255, 255)) - 4.48).abs() < 0.01);
    }
}
