//! The findings of a release's images, as a page.

use crate::model::finding::ImageFindings;
use crate::model::release::Release;
use crate::report::gate;
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::verb::findings as words;

/// The gates' judgements, then what `findings` prints. `width`: in cells.
pub fn page(release: &Release, found: &[ImageFindings<'_>], width: usize, paint: Paint) -> Text {
    let mut text = Text::new();
    for stage in &release.started.pipeline.stages {
        let state = release.stage(&stage.name);
        let judged = state.gate.as_ref().or_else(|| state.shown.last().map(|shown| &shown.gate));
        if let Some(judged) = judged {
            let line = gate::judgement(judged);
            let line = if judged.verdict.passes() { paint.good(&line) } else { paint.bad(&line) };
            text.line(format!("gate of {}: {line}", stage.name));
        }
    }
    for image in found {
        text.line("");
        text = text.and(words::image(image, Some(width)));
    }
    match text == Text::new() {
        true => Text::from(words::none(&release.id, None)),
        false => text,
    }
}
