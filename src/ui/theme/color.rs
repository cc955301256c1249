//! Parses colours, reduces them to the colours of a terminal, and measures contrast.
//!
//! Pure functions; knows no theme.

use ratatui::style::Color;

use super::ColorDepth;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

/// Parses `#rgb`, `#rrggbb`, `default`, or a colour of the terminal (`red`, `lightblue`, `245`).
pub(super) fn parse_color(text: &str) -> Option<Color> {
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

/// Returns the nearest colour that a terminal of `depth` can show, or `None` if it shows no colours.
pub(super) fn reduce_color(color: Color, depth: ColorDepth) -> Option<Color> {
    match (color, depth) {
        (_, ColorDepth::Mono) => None,
        (Color::Rgb(r, g, b), ColorDepth::Ansi256) => Some(Color::Indexed(nearest_256((r, g, b)))),
        (Color::Rgb(r, g, b), ColorDepth::Ansi16) => Some(nearest_16((r, g, b))),
        (Color::Indexed(n), ColorDepth::Ansi16) if n > 15 => Some(nearest_16(indexed_color(n))),
        _ => Some(color),
    }
}

/// Values of one channel in the 6 × 6 × 6 colour cube of xterm.
const CUBE_LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Returns the colour of an xterm number from 16 on.
fn indexed_color(n: u8) -> Rgb {
    if n >= 232 {
        let grey = 8 + (n - 232) * 10;
        return (grey, grey, grey);
    }
    let cube = usize::from(n.saturating_sub(16));
    let level = |i: usize| CUBE_LEVELS.get(i % 6).copied().unwrap_or(0);
    (level(cube / 36), level(cube / 6), level(cube))
}

fn nearest_256(color: Rgb) -> u8 {
    (16..=255).min_by_key(|n| color_distance(indexed_color(*n), color)).unwrap_or(15)
}

/// Perceptual distance of two colours, with the "redmean" weights.
fn color_distance(a: Rgb, b: Rgb) -> i64 {
    let (dr, dg, db) = (
        i64::from(a.0) - i64::from(b.0),
        i64::from(a.1) - i64::from(b.1),
        i64::from(a.2) - i64::from(b.2),
    );
    let red = i64::midpoint(i64::from(a.0), i64::from(b.0));
    (512 + red) * dr * dr / 256 + 4 * dg * dg + (767 - red) * db * db / 256
}

/// Chooses by hue, not by distance: the 16 colours differ from terminal to terminal, but a red one is always red.
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
        h if !(0.5..5.5).contains(&h) => by_brightness(bright, Color::LightRed, Color::Red),
        h if h < 1.4 => by_brightness(bright, Color::LightYellow, Color::Yellow),
        h if h < 2.5 => by_brightness(bright, Color::LightGreen, Color::Green),
        h if h < 3.4 => by_brightness(bright, Color::LightCyan, Color::Cyan),
        h if h < 4.2 => by_brightness(bright, Color::LightBlue, Color::Blue),
        _ => by_brightness(bright, Color::LightMagenta, Color::Magenta),
    }
}

fn by_brightness(bright: bool, bright_color: Color, dark_color: Color) -> Color {
    if bright { bright_color } else { dark_color }
}

/// Returns the WCAG 2 contrast ratio of two colours: 1 (equal) to 21.
pub(super) fn contrast_ratio(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (relative_luminance(a), relative_luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance by WCAG 2: 0 (black) to 1 (white).
fn relative_luminance(color: Rgb) -> f64 {
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
    fn parses_colours() {
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
            assert_eq!(parse_color(text), color, "{text:?}");
        }
    }

    #[test]
    fn reduces_colours_to_terminal_depth() {
        let teal = Color::Rgb(0x3f, 0xc1, 0xa8);
        assert_eq!(reduce_color(teal, ColorDepth::True), Some(teal));
        assert_eq!(reduce_color(teal, ColorDepth::Ansi256), Some(Color::Indexed(73)));
        assert_eq!(reduce_color(teal, ColorDepth::Mono), None);
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
        assert_eq!(indexed_color(16), (0, 0, 0));
        assert_eq!(indexed_color(231), (255, 255, 255));
        assert_eq!(indexed_color(255), (238, 238, 238));
    }

    #[test]
    fn contrast_ratio_follows_wcag() {
        assert!((contrast_ratio((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 0.01);
        assert!((contrast_ratio((119, 119, 119), (255, 255, 255)) - 4.48).abs() < 0.01);
    }
}
