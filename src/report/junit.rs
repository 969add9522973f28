//! JUnit's XML, which CodeBuild, GitLab, Jenkins and others read: one suite per stage, one case for each condition.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use jiff::{SignedDuration, Timestamp};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::cases::{self, Case, CaseStatus, Suite};
use super::exports;
use super::text::Text;
use crate::model::ending::Ending;
use crate::model::event::Event;
use crate::model::release::Release;
use crate::model::visible;

/// The whole document. A case fails where the release ended with another result than requested; what was not reached, still waits or
/// was suspended is skipped; what could not be judged is an error, not a failure.
pub fn of(events: &[Event], release: &Release) -> String {
    let app = &release.started.pipeline.app;
    let mut report = Report::new(format!("kanmon {app}"));
    report.set_timestamp(date(release.started_at));
    report.set_time(seconds(release.at.duration_since(release.started_at)));
    for (index, suite) in cases::of(events, release).iter().enumerate() {
        let whole = index == 0;
        // Readers without suites show cases by their class.
        let class = if whole { app.to_string() } else { format!("{app}.{}", suite.name) };
        let mut written = of_suite(suite, &class, release.started_at);
        if whole {
            let exports = exports::of(release, release.ending.as_ref().map(Ending::outcome)).into_iter();
            let known = exports.filter(|(_, value)| !value.is_empty());
            written.add_properties(known.map(|(name, value)| (xml(name), xml(&value))));
        }
        report.add_test_suite(written);
    }
    report.to_string().expect("writing to a string cannot fail")
}

fn of_suite(suite: &Suite, class: &str, started_at: Timestamp) -> TestSuite {
    let mut written = TestSuite::new(xml(&suite.name));
    written.set_timestamp(date(suite.cases.iter().filter_map(|c| c.since).min().unwrap_or(started_at)));
    written.set_time(seconds(suite.cases.iter().map(|c| c.took).sum()));
    written.add_test_cases(suite.cases.iter().map(|case| of_case(case, class)));
    if !suite.story.is_empty() {
        written.set_system_out(xml(&suite.story.join("\n")));
    }
    written
}

fn of_case(case: &Case, class: &str) -> TestCase {
    let (mut status, kind) = match case.status {
        CaseStatus::Passed => (TestCaseStatus::success(), None),
        CaseStatus::Failed => (TestCaseStatus::non_success(NonSuccessKind::Failure), Some("failed")),
        CaseStatus::Unknown => (TestCaseStatus::non_success(NonSuccessKind::Error), Some("unknown")),
        CaseStatus::Waiting => (TestCaseStatus::skipped(), Some("waiting")),
        CaseStatus::NotReached => (TestCaseStatus::skipped(), Some("not reached")),
    };
    if let Some(kind) = kind {
        // CodeBuild shows the message, GitLab the text.
        status.set_message(xml(&visible::line(&case.why))).set_type(kind).set_description(xml(&case.detail));
    }
    let mut written = TestCase::new(xml(&case.name), status);
    written.set_classname(xml(class)).set_time(seconds(case.took));
    if !case.story.is_empty() {
        written.set_system_out(xml(&case.story.join("\n")));
    }
    written
}

/// Lines without characters that XML does not allow or a terminal would act on. The library leaves U+FFFE and U+FFFF in.
fn xml(text: &str) -> XmlString {
    XmlString::new(Text::laid_out(text).shown().replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
}

fn date(at: Timestamp) -> DateTime<FixedOffset> {
    let nanoseconds = u32::try_from(at.subsec_nanosecond()).unwrap_or_default();
    DateTime::from_timestamp(at.as_second(), nanoseconds).unwrap_or_default().fixed_offset()
}

/// Clocks of several machines may put an end before its beginning.
fn seconds(time: SignedDuration) -> Duration {
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests;
