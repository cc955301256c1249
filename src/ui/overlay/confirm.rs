//! A question before something that concerns much or cannot be undone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw_box;
use crate::app::{Action, Confirmation, KeyContext, State};
use crate::domain::Decision;
use crate::ui::paint::{Pen, row, wrap};
use crate::ui::theme::{Part, Theme};
use crate::ui::words;

/// Columns of the box.
const COLUMNS: u16 = 72;

/// Draws the question and the keys that answer it.
pub(super) fn draw_confirm(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    confirmation: &Confirmation,
    state: &State,
) {
    let (title, text, keys) = match confirmation {
        Confirmation::DecideListed { decision, all, open } => {
            let verb = match decision {
                Decision::Accepted => "Accept",
                Decision::Rejected => "Reject",
                Decision::Deferred => "Defer",
            };
            let decided = all.len() - open.len();
            let mut text = format!("{verb} all {} that are listed?", all.len());
            if decided > 0 {
                let are = if decided == 1 { "is" } else { "are" };
                let others = format!(" {decided} {are} already decided and would change.");
                text.push_str(&others);
            }
            let mut keys = vec![(Action::Yes, format!("all {}", all.len()))];
            if decided > 0 && !open.is_empty() {
                keys.push((Action::OnlyOpen, format!("only the {} open", open.len())));
            }
            ("decide on all", text, keys)
        }
        Confirmation::DeleteSession { title, .. } => {
            let text = format!(
                "Delete the session \u{201c}{title}\u{201d} with its answers and decisions? This cannot be undone."
            );
            ("delete", text, vec![(Action::Yes, "delete it".to_owned())])
        }
    };
    let columns = usize::from(COLUMNS.min(area.width).saturating_sub(4)).max(1);
    let rows = wrap(&text, columns, 4);
    let inner = draw_box(buffer, theme, area, (title, COLUMNS, rows.len() + 2));
    let mut y = 0;
    for text in rows {
        Pen::new(buffer, row(inner, y)).write(&text, theme.part(Part::Input));
        y += 1;
    }
    let mut pen = Pen::new(buffer, row(inner, y + 1));
    let no = (Action::No, "no".to_owned());
    for (action, word) in keys.into_iter().chain([no]) {
        let Some(key) = words::key(&state.keymap, KeyContext::Confirm, action) else { continue };
        pen.write(&key, theme.part(Part::Key));
        pen.write(&format!(" {word}   "), theme.part(Part::Word));
    }
}
