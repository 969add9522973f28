//! A registry's scanning configuration, and what it makes of a repository.

use jiff::Timestamp;

use super::Repository;
use crate::sandbox::iam::pattern;

/// When a repository's images are scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    Manual,
    ScanOnPush,
    ContinuousScan,
}

impl Frequency {
    pub fn name(self) -> &'static str {
        match self {
            Frequency::Manual => "MANUAL",
            Frequency::ScanOnPush => "SCAN_ON_PUSH",
            Frequency::ContinuousScan => "CONTINUOUS_SCAN",
        }
    }

    pub fn named(name: &str) -> Option<Frequency> {
        [Frequency::Manual, Frequency::ScanOnPush, Frequency::ContinuousScan].into_iter().find(|f| f.name() == name)
    }
}

/// A rule: repositories that match one of the wildcards are scanned at this frequency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub frequency: Frequency,
    pub filters: Vec<String>,
}

/// `GetRegistryScanningConfiguration`: basic without rules until it is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scanning {
    /// Enhanced scanning, since when; basic where `None`.
    pub enhanced: Option<Timestamp>,
    pub rules: Vec<Rule>,
}

impl Scanning {
    /// How often the repository is scanned, and by which filters.
    pub fn of<'a>(&'a self, repository: &Repository) -> (Frequency, Vec<&'a str>) {
        let matching = |rule: &'a Rule| {
            let filters = rule.filters.iter().filter(|f| wildcard(f, &repository.name)).map(String::as_str);
            filters.map(move |f| (rule.frequency, f))
        };
        let applied: Vec<(Frequency, &str)> = self.rules.iter().flat_map(matching).collect();
        let own =
            if repository.scan_on_push && self.enhanced.is_none() { Frequency::ScanOnPush } else { Frequency::Manual };
        let frequency = applied.iter().map(|(f, _)| *f).max().unwrap_or(Frequency::Manual).max(own);
        (frequency, applied.into_iter().filter(|(f, _)| *f == frequency).map(|(_, p)| p).collect())
    }
}

/// ECR's filters match anywhere unless they have a wildcard of their own.
fn wildcard(filter: &str, name: &str) -> bool {
    if filter.contains('*') { pattern::matches(filter, name) } else { name.contains(filter) }
}
