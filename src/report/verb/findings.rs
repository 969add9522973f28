//! What `findings` prints: a line for each image, and a table of what was found in it.

use crate::model::finding::{Finding, ImageFindings, ScanState, worst_first};
use crate::model::ids::{ReleaseId, StageName};
use crate::report::text::Text;
use crate::report::time::moment;
use crate::report::{display_names, gate, table};

/// No scan was read.
pub fn none(release: &ReleaseId, stage: Option<&StageName>) -> String {
    match stage {
        Some(stage) => format!("{release} has read no scan for {stage} yet"),
        None => format!("{release} has read no scan yet"),
    }
}

/// An image, and its findings, the worst first. `width`: of the terminal, in cells.
pub fn image(found: &ImageFindings<'_>, width: Option<usize>) -> Text {
    let digest = found.digest.map(|digest| format!(" ({})", display_names::digest(digest))).unwrap_or_default();
    let accounts: Vec<&str> = found.accounts.iter().map(|account| account.as_str()).collect();
    let result = match &found.reading.state {
        ScanState::Scanned { at, .. } => format!("{}, scanned at {}", gate::count(found.reading), moment(*at)),
        ScanState::Waiting { .. } | ScanState::Unscannable { .. } => gate::scan(found.reading),
    };
    let line = format!("{}{digest} in {}: {result}", found.image, accounts.join(", "));
    let mut text = Text::from(line).wrapped(width, 2);
    let rows = |list: &[Finding]| worst_first(list).into_iter().map(|finding| row(finding, found)).collect();
    if !found.reading.findings.is_empty() {
        text = text.and(table::table_with_free_text(&HEADER, rows(&found.reading.findings), width));
    }
    if !found.reading.suppressed.is_empty() {
        let hidden = Text::from("suppressed by a filter of the scanner's account:");
        text = text.and(hidden).and(table::table_with_free_text(&HEADER, rows(&found.reading.suppressed), width));
    }
    text
}

const HEADER: [&str; 6] = ["severity", "id", "package", "installed", "fixed", "title"];

fn row(finding: &Finding, found: &ImageFindings<'_>) -> Vec<String> {
    let Finding { id, severity, package, installed, fixed_in } = finding;
    let or_none = |text: &str| if text.is_empty() { "-" } else { text }.to_owned();
    vec![
        severity.word().to_owned(),
        id.clone(),
        or_none(package),
        or_none(installed.as_deref().unwrap_or_default()),
        or_none(fixed_in.as_deref().unwrap_or_default()),
        found.reading.titles.get(id).cloned().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::ScanReading;
    use crate::model::ids::{AccountName, Digest};
    use crate::model::release::samples::{at, id};
    use crate::model::scan_subject::ScanSubject;
    use crate::model::severity::Severity;

    fn finding(id: &str, severity: Severity, package: &str, installed: &str, fixed: Option<&str>) -> Finding {
        let (installed, fixed_in) = (Some(installed.to_owned()), fixed.map(str::to_owned));
        Finding { id: id.into(), severity, package: package.into(), installed, fixed_in }
    }

    fn shown(width: Option<usize>) -> String {
        let openssl =
            "OpenSSL before 3.0.11 lets a peer that sends a crafted certificate crash the process that verifies it";
        let reading = ScanReading {
            findings: vec![
                finding("CVE-2026-40001", Severity::Low, "zlib1g", "1:1.2.13", None),
                finding("CVE-2026-20001", Severity::High, "libssl3", "3.0.9-1", Some("3.0.11-1~deb12u1")),
            ],
            suppressed: vec![finding("CVE-2026-30001", Severity::Medium, "bash", "5.2\u{1b}[2J", None)],
            titles: [("CVE-2026-20001".to_owned(), openssl.to_owned())].into(),
            state: ScanState::Scanned { at: at(0), again_from: None },
        };
        let (web, main, prod): (ScanSubject, AccountName, AccountName) = (id("web"), id("main"), id("prod"));
        let digest = Digest::of(b"web");
        let found =
            ImageFindings { image: &web, accounts: vec![&main, &prod], digest: Some(&digest), reading: &reading };
        image(&found, width).shown()
    }

    #[test]
    fn the_worst_finding_is_first_and_a_title_is_cut_to_the_terminal() {
        insta::assert_snapshot!(shown(Some(100)), @r"
        web (sha256:4b5e57f6eb2f) in main, prod: 2 findings, 1 suppressed, scanned at 2027-01-15 08:00 UTC
        severity  id              package  installed  fixed             title
        high      CVE-2026-20001  libssl3  3.0.9-1    3.0.11-1~deb12u1  OpenSSL before 3.0.11 lets a peer t…
        low       CVE-2026-40001  zlib1g   1:1.2.13   -
        suppressed by a filter of the scanner's account:
        severity  id              package  installed     fixed  title
        medium    CVE-2026-30001  bash     5.2\u{1b}[2J  -
        ");
    }

    #[test]
    fn a_narrow_terminal_gets_a_paragraph_for_each_finding() {
        insta::assert_snapshot!(shown(Some(60)), @r"
        web (sha256:4b5e57f6eb2f) in main, prod: 2 findings, 1
          suppressed, scanned at 2027-01-15 08:00 UTC
        high
          id         CVE-2026-20001
          package    libssl3
          installed  3.0.9-1
          fixed      3.0.11-1~deb12u1
          title      OpenSSL before 3.0.11 lets a peer that sends a
                     crafted certificate crash the process that
                     verifies it
        low
          id         CVE-2026-40001
          package    zlib1g
          installed  1:1.2.13
          fixed      -
        suppressed by a filter of the scanner's account:
        medium
          id         CVE-2026-30001
          package    bash
          installed  5.2\u{1b}[2J
          fixed      -
        ");
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        insta::assert_snapshot!(shown(None), @r"
        web (sha256:4b5e57f6eb2f) in main, prod: 2 findings, 1 suppressed, scanned at 2027-01-15 08:00 UTC
        severity  id              package  installed  fixed             title
        high      CVE-2026-20001  libssl3  3.0.9-1    3.0.11-1~deb12u1  OpenSSL before 3.0.11 lets a peer that sends a crafted certificate crash the process that verifies it
        low       CVE-2026-40001  zlib1g   1:1.2.13   -
        suppressed by a filter of the scanner's account:
        severity  id              package  installed     fixed  title
        medium    CVE-2026-30001  bash     5.2\u{1b}[2J  -
        ");
    }
}
