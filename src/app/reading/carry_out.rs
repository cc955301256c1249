//! Carries out readings: pure, on whatever thread.
//!
//! One answer after another is parsed and dropped, so that no more than one parsed text is held besides what is found.

use super::{
    AnswerCopy, BriefCopy, ChangeReading, Finding, ReadingRequest, ReadingResult, ReadingTask,
};
use crate::app::{AnswerPosition, LedgerRow};
use crate::review::{
    self, Ledger, LedgerSource, MAX_LEDGER_ENTRIES, MAX_READ_BYTES, QuotedAnswer, ReadText,
    describe_part,
};
use crate::text::sanitize_line;

/// Does what `request` orders.
pub fn carry_out(request: &ReadingRequest) -> ReadingResult {
    let finding = match &request.task {
        ReadingTask::Answer { answer, extracts } => read_answer(answer, *extracts),
        ReadingTask::Ledger(answers) => build_ledger(answers),
        ReadingTask::Change(answers) => compare_answers(answers),
        ReadingTask::Brief(_, brief) => verify_brief(brief),
    };
    ReadingResult { subject: request.task.subject(), number: request.number, finding }
}

fn read_text(answer: &AnswerCopy) -> ReadText {
    let bytes = answer.revision.bytes;
    ReadText::new(&answer.text, bytes, &answer.persona.contract, &answer.synonyms)
}

fn read_answer(answer: &AnswerCopy, extracts: bool) -> Finding {
    let read = read_text(answer);
    let lead = review::find_lead(&read.document, &read.sections);
    let recommendations = extracts
        .then(|| review::extract_recommendations(&read.document, &read.sections, answer.run));
    let (revision, extent) = (answer.revision, read.extent);
    Finding::Answer { revision, extent, sections: read.sections, lead, recommendations }
}

fn build_ledger(answers: &[(usize, AnswerCopy)]) -> Finding {
    let mut left_out: Vec<String> = Vec::new();
    let mut builder = review::LedgerBuilder::default();
    for (_, answer) in answers {
        let read = read_text(answer);
        builder.add(LedgerSource { document: &read.document, sections: &read.sections });
        let part = read.extent.describe_part();
        left_out.extend(part.map(|part| format!("{part} of {}", answer.persona.id)));
    }
    if builder.is_full() {
        left_out.push(format!("the first {MAX_LEDGER_ENTRIES} entries"));
    }
    let left_out = (!left_out.is_empty()).then(|| format!("only {}", left_out.join(", ")));
    Finding::Ledger(build_rows(builder.finish(), answers), left_out)
}

fn build_rows(ledger: Ledger, answers: &[(usize, AnswerCopy)]) -> Vec<LedgerRow> {
    let position = |source: usize, offset: usize| {
        let (pane, answer) = answers.get(source)?;
        Some(AnswerPosition { pane: *pane, run: answer.run, offset })
    };
    let mut rows = Vec::new();
    if !ledger.assumptions.is_empty() {
        let text = format!("Assumptions ({})", ledger.assumptions.len());
        rows.push(LedgerRow::Title { text, differs: false });
    }
    for assumption in ledger.assumptions {
        if let Some(position) = position(assumption.source, assumption.span.start) {
            rows.push(LedgerRow::Assumption { text: sanitize_line(&assumption.text), position });
        }
    }
    for topic in ledger.topics {
        rows.push(LedgerRow::Title { text: sanitize_line(&topic.subject), differs: topic.differs });
        for number in topic.numbers {
            let Some(position) = position(number.source, number.span.start) else { continue };
            let support = number.support.label();
            let (value, sentence) = (sanitize_line(&number.value), sanitize_line(&number.sentence));
            rows.push(LedgerRow::Number { value, support, sentence, position });
        }
    }
    rows
}

fn compare_answers(answers: &[AnswerCopy; 2]) -> Finding {
    let [old, new] = answers;
    let (old_text, new_text) = (read_text(old), read_text(new));
    let diff = review::diff_sections(
        &old_text.document,
        &old_text.sections,
        &new_text.document,
        &new_text.sections,
    );
    // Plain text is compared, too.
    let longest = old.revision.bytes.max(new.revision.bytes);
    Finding::Change(ChangeReading {
        compared: Some([(old.run, old.revision), (new.run, new.revision)]),
        sections: diff,
        left_out: describe_part(MAX_READ_BYTES, longest)
            .map(|part| format!("only {part} was compared")),
    })
}

fn verify_brief(brief: &BriefCopy) -> Finding {
    let answers: Vec<QuotedAnswer<'_>> =
        brief.answers.iter().map(|(id, name, text)| QuotedAnswer { id, name, text }).collect();
    let headings: Vec<&str> = brief.headings.iter().map(String::as_str).collect();
    Finding::Brief(review::verify_brief(&brief.text, &headings, &answers, brief.ended))
}
