//! The drawing half of a terminal backend, with as few bytes as a change needs.
//!
//! Side-by-side panes that scroll rewrite thousands of cells a second; the crossterm backend sends both colours whenever one
//! changes and an absolute move over every gap, a third more bytes (`tests/measure`). Everything but `draw` is delegated to
//! the crossterm backend.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// A backend that sends only what changes.
pub struct CellWriter<W: Write> {
    crossterm: CrosstermBackend<W>,
    bytes: Vec<u8>,
}

impl<W: Write> CellWriter<W> {
    /// Draws to `out`, which should buffer.
    pub fn new(out: W) -> Self {
        Self { crossterm: CrosstermBackend::new(out), bytes: Vec::with_capacity(64 << 10) }
    }
}

impl<W: Write> Write for CellWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.crossterm.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.crossterm)
    }
}

/// The size of the terminal, 80 by 24 where it reports none: some pseudo terminals have no columns or no rows. (crossterm
/// would start `tput` then.)
fn terminal_size() -> Size {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let known = |cells: Option<u16>, usual| cells.filter(|cells| *cells > 0).unwrap_or(usual);
    Size::new(known(size.map(|s| s.ws_col), 80), known(size.map(|s| s.ws_row), 24))
}

/// Colours, attributes and cursor position as last sent.
#[derive(Default)]
struct TerminalPen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
    at: Option<(u16, u16)>,
}

impl<W: Write> Backend for CellWriter<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.bytes.clear();
        let mut pen = TerminalPen::default();
        for (x, y, cell) in content {
            pen.move_to(&mut self.bytes, x, y);
            pen.set_style(&mut self.bytes, cell);
            self.bytes.extend_from_slice(cell.symbol().as_bytes());
            // Terminals disagree on the width of everything else: the next cell is then positioned explicitly.
            let plain = matches!(cell.symbol().as_bytes(), [b' '..=b'~']);
            pen.at = plain.then_some((x + 1, y));
        }
        if !self.bytes.is_empty() {
            self.bytes.extend_from_slice(b"\x1b[m");
        }
        self.crossterm.write_all(&self.bytes)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.crossterm.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.crossterm.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.crossterm.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.crossterm.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.crossterm.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.crossterm.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(terminal_size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.crossterm.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.crossterm)
    }
}

impl TerminalPen {
    /// Moves to a cell: not at all when the cursor is there, forward over a gap in the same row (ECMA-48
    /// CUF), else to an absolute position (CUP).
    fn move_to(&self, out: &mut Vec<u8>, x: u16, y: u16) {
        match self.at {
            Some((at, row)) if row == y && at == x => {}
            Some((at, row)) if row == y && at < x => push_sequence(out, &[x - at], b'C'),
            _ => push_sequence(out, &[y + 1, x + 1], b'H'),
        }
    }

    /// Changes what differs (ECMA-48 SGR), in one sequence.
    fn set_style(&mut self, out: &mut Vec<u8>, cell: &Cell) {
        if self.fg == cell.fg && self.bg == cell.bg && self.modifier == cell.modifier {
            return;
        }
        let start = out.len();
        out.extend_from_slice(b"\x1b[");
        let mut codes = SequenceCodes { out, first: true };
        codes.push_modifiers(self.modifier, cell.modifier);
        if self.fg != cell.fg {
            codes.push_color(cell.fg, 30);
        }
        if self.bg != cell.bg {
            codes.push_color(cell.bg, 40);
        }
        if codes.first {
            out.truncate(start);
        } else {
            out.push(b'm');
        }
        (self.fg, self.bg, self.modifier) = (cell.fg, cell.bg, cell.modifier);
    }
}

fn push_sequence(out: &mut Vec<u8>, numbers: &[u16], end: u8) {
    out.extend_from_slice(b"\x1b[");
    let mut codes = SequenceCodes { out, first: true };
    codes.push_all(numbers);
    out.push(end);
}

/// The numbers of one control sequence.
struct SequenceCodes<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

/// The modifiers that are drawn, with the codes that switch them on and off. Bold and dim share their "off".
const MODIFIERS: [(Modifier, u16, u16); 6] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
    (Modifier::CROSSED_OUT, 9, 29),
];

impl SequenceCodes<'_> {
    fn push(&mut self, n: u16) {
        if !self.first {
            self.out.push(b';');
        }
        self.first = false;
        let (mut digits, mut used, mut rest) = ([0_u8; 5], 0, n);
        for digit in &mut digits {
            // A remainder of ten fits.
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            used += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.out.extend(digits.iter().take(used).rev());
    }

    fn push_all(&mut self, numbers: &[u16]) {
        for n in numbers {
            self.push(*n);
        }
    }

    fn push_modifiers(&mut self, from: Modifier, to: Modifier) {
        let weight = Modifier::BOLD | Modifier::DIM;
        let lighter = !(from & weight).difference(to).is_empty();
        if lighter {
            self.push(22);
        }
        for (modifier, on, off) in MODIFIERS {
            let (had, has) = (from.contains(modifier), to.contains(modifier));
            let is_weight = weight.contains(modifier);
            if has && (!had || (lighter && is_weight)) {
                self.push(on);
            } else if had && !has && !is_weight {
                self.push(off);
            }
        }
    }

    /// `base` is 30 for the foreground, 40 for the background.
    fn push_color(&mut self, color: Color, base: u16) {
        let ansi = |n: u16| if n < 8 { base + n } else { base + 60 + n - 8 };
        match color {
            Color::Reset => self.push(base + 9),
            Color::Rgb(r, g, b) => self.push_all(&[base + 8, 2, r.into(), g.into(), b.into()]),
            Color::Indexed(n) => self.push_all(&[base + 8, 5, n.into()]),
            Color::Black => self.push(ansi(0)),
            Color::Red => self.push(ansi(1)),
            Color::Green => self.push(ansi(2)),
            Color::Yellow => self.push(ansi(3)),
            Color::Blue => self.push(ansi(4)),
            Color::Magenta => self.push(ansi(5)),
            Color::Cyan => self.push(ansi(6)),
            Color::Gray => self.push(ansi(7)),
            Color::DarkGray => self.push(ansi(8)),
            Color::LightRed => self.push(ansi(9)),
            Color::LightGreen => self.push(ansi(10)),
            Color::LightYellow => self.push(ansi(11)),
            Color::LightBlue => self.push(ansi(12)),
            Color::LightMagenta => self.push(ansi(13)),
            Color::LightCyan => self.push(ansi(14)),
            Color::White => self.push(ansi(15)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn drawn(cells: &[(u16, u16, Cell)]) -> String {
        let mut backend = CellWriter::new(Vec::new());
        backend.draw(cells.iter().map(|(x, y, c)| (*x, *y, c))).unwrap();
        String::from_utf8(backend.bytes.clone()).unwrap()
    }

    fn cell(symbol: &str, style: Style) -> Cell {
        let mut cell = Cell::default();
        cell.set_symbol(symbol).set_style(style);
        cell
    }

    #[test]
    fn only_what_changes_is_sent() {
        let plain = Style::new();
        let red = plain.fg(Color::Rgb(255, 0, 0));
        for (cells, bytes) in [
            (vec![(0, 0, cell("a", plain)), (1, 0, cell("b", plain))], "\x1b[1;1Hab\x1b[m"),
            (vec![(0, 0, cell("a", plain)), (9, 0, cell("b", plain))], "\x1b[1;1Ha\x1b[8Cb\x1b[m"),
            (
                vec![(0, 0, cell("a", red)), (1, 0, cell("b", red.bg(Color::Indexed(7))))],
                "\x1b[1;1H\x1b[38;2;255;0;0ma\x1b[48;5;7mb\x1b[m",
            ),
            (
                vec![
                    (0, 0, cell("a", plain.bold().dim())),
                    (1, 0, cell("b", plain.dim().italic())),
                ],
                "\x1b[1;1H\x1b[1;2ma\x1b[22;2;3mb\x1b[m",
            ),
            (
                vec![(0, 0, cell("日", plain)), (2, 0, cell("b", plain))],
                "\x1b[1;1H日\x1b[1;3Hb\x1b[m",
            ),
            (vec![], ""),
        ] {
            assert_eq!(drawn(&cells), bytes);
        }
    }

    /// The oracle: a terminal shows the same after these bytes as after the crossterm backend's.
    #[test]
    fn a_terminal_shows_the_same_as_with_the_stock_backend() {
        let area = Rect::new(0, 0, 40, 12);
        let mut random = fastrand::Rng::with_seed(7);
        let colors = [
            Color::Reset,
            Color::Red,
            Color::LightCyan,
            Color::Indexed(200),
            Color::Rgb(1, 20, 255),
        ];
        let symbols = ["a", " ", "日", "é", "👍", "─"];
        let mut terminals = [(); 2].map(|()| {
            let (rows, columns) = (area.height.try_into().unwrap(), area.width.try_into().unwrap());
            vt100::Parser::new(rows, columns, 0)
        });
        let mut last = Buffer::empty(area);
        for _ in 0..50 {
            let mut next = last.clone();
            for _ in 0..random.usize(1..200) {
                let (x, y) = (random.u16(0..38), random.u16(0..12));
                let modifier = Modifier::from_bits_truncate(random.u16(0..512))
                    .difference(Modifier::SLOW_BLINK | Modifier::RAPID_BLINK | Modifier::HIDDEN);
                let style = Style::new()
                    .fg(colors[random.usize(0..colors.len())])
                    .bg(colors[random.usize(0..colors.len())])
                    .add_modifier(modifier);
                next.set_string(x, y, symbols[random.usize(0..symbols.len())], style);
            }
            let changes = last.diff(&next);
            let mut slim = CellWriter::new(Vec::new());
            slim.draw(changes.iter().map(|(x, y, c)| (*x, *y, *c))).unwrap();
            let mut out = Vec::new();
            CrosstermBackend::new(&mut out)
                .draw(changes.iter().map(|(x, y, c)| (*x, *y, *c)))
                .unwrap();
            terminals[0].process(&slim.bytes);
            terminals[1].process(&out);
            assert!(slim.bytes.len() <= out.len());
            let [ours, crossterm] = &terminals;
            assert_eq!(ours.screen().contents_formatted(), crossterm.screen().contents_formatted());
            last = next;
        }
    }
}
