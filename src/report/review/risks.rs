//! What may be wrong with the images: their source, and their findings against those of what runs.

use super::fit::{Part, Worth, row, under};
use crate::model::finding::Finding;
use crate::model::review::{FindingChanges, FindingsUnknown, Review, SourceDoubt};
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::time::moment;

/// How many findings are named in one line.
const NAMED: usize = 3;

/// Why it is not known what the images were built from.
pub(super) fn doubts(review: &Review<'_>, paint: Paint) -> Text {
    review.doubts.iter().map(|doubt| row("source", paint.careful(&self::doubt(doubt)))).collect()
}

/// One sentence.
pub fn doubt(doubt: &SourceDoubt) -> String {
    match doubt {
        SourceDoubt::Uncommitted => "built with uncommitted changes: the commit is not all of it".to_owned(),
        SourceDoubt::ChangedDuringBuild { image } => {
            format!("files changed while {image} was built: the commit may not be all of it")
        }
        SourceDoubt::NoCommit { image } => format!("not known: no commit is recorded for image {image}"),
    }
}

/// The findings that are new and gone, against what runs.
pub(super) fn findings(review: &Review<'_>, paint: Paint) -> Part {
    let found = match &review.findings {
        Ok(found) => found,
        Err(FindingsUnknown::NothingToCompare) => {
            let unknown = "not known which are new: the release that runs is not known";
            return Part::always(row("findings", unknown));
        }
    };
    let FindingChanges { new, gone, unknown, then } = found;
    let mut short = Vec::new();
    match (new.is_empty(), gone.is_empty(), unknown.is_empty()) {
        (true, true, true) => short.push("none new and none gone, against what runs".to_owned()),
        (true, true, false) => {}
        _ => {
            short.push(match new.is_empty() {
                true => "none new".to_owned(),
                false => paint.careful(&format!("{} new: {}", new.len(), names(new))),
            });
            short.push(match gone.is_empty() {
                true => "none gone".to_owned(),
                false => format!("{} gone: {}", gone.len(), names(gone)),
            });
        }
    }
    if !unknown.is_empty() {
        let images: Vec<&str> = unknown.iter().map(String::as_str).collect();
        short
            .push(paint.careful(&format!("not known for {}: a scan of it has no result on record", images.join(", "))));
    }
    let short = row("findings", short.join("; "));
    let mut long = short.clone();
    if let Some(then) = then {
        long = long.and(under(paint.faint(&format!("against the scan of what runs, read at {}", moment(*then)))));
    }
    for finding in new {
        long = long.and(under(paint.careful(&format!("+ {}", one(finding)))));
    }
    for finding in gone {
        long = long.and(under(paint.good(&format!("- {}", one(finding)))));
    }
    Part::of(Worth::Findings, vec![short, long])
}

/// The first ones by name.
fn names(findings: &[Finding]) -> String {
    let named: Vec<String> = findings.iter().take(NAMED).map(|f| format!("{} ({})", f.id, f.severity.word())).collect();
    let more = match findings.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

fn one(finding: &Finding) -> String {
    let package = if finding.package.is_empty() { String::new() } else { format!(" in {}", finding.package) };
    let fixed = finding.fixed_in.as_ref().map(|version| format!(", fixed in {version}")).unwrap_or_default();
    format!("{} {}{package}{fixed}", finding.severity.word(), finding.id)
}
