//! The findings of a release's images.

use crate::model::finding::ScanReading;
use crate::model::ids::AccountName;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::{gate, table};

/// An image's last scan in one account.
pub struct Scanned<'a> {
    pub image: &'a ScanSubject,
    pub account: &'a AccountName,
    pub reading: &'a ScanReading,
}

/// The gates' judgements, then the findings of each image, the most severe first. `width`: in cells.
pub fn page(release: &Release, scans: &[Scanned<'_>], width: usize, paint: Paint) -> Text {
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
    for scan in scans {
        let Scanned { image, account, reading } = scan;
        text.line("");
        text.line(paint.strong(&format!("{image} in {account}: {}", gate::scan(reading))));
        let mut findings: Vec<_> = reading.findings.iter().collect();
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), &finding.id));
        let rows: Vec<Vec<String>> = findings
            .into_iter()
            .map(|finding| {
                let fixed = finding.fixed_in.clone().unwrap_or_else(|| "-".to_owned());
                vec![finding.severity.word().to_owned(), finding.id.clone(), finding.package.clone(), fixed]
            })
            .collect();
        if !rows.is_empty() {
            text = text.and(table::table(&["severity", "finding", "package", "fixed in"], rows, Some(width)));
        }
    }
    match text == Text::new() {
        true => Text::from("no scan was read yet"),
        false => text,
    }
}
