//! A finding: a vulnerable package in an image.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;

/// Inspector's severities; ECR's basic scan calls UNTRIAGED by the name UNDEFINED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Severity {
    Untriaged,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    const ALL: [Severity; 6] = [
        Severity::Untriaged,
        Severity::Informational,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Severity::Untriaged => "UNTRIAGED",
            Severity::Informational => "INFORMATIONAL",
            Severity::Low => "LOW",
            Severity::Medium => "MEDIUM",
            Severity::High => "HIGH",
            Severity::Critical => "CRITICAL",
        }
    }

    /// The name in a basic scan.
    pub fn basic_name(self) -> &'static str {
        if self == Severity::Untriaged { "UNDEFINED" } else { self.name() }
    }

    fn score(self) -> f64 {
        match self {
            Severity::Untriaged | Severity::Informational => 0.0,
            Severity::Low => 3.1,
            Severity::Medium => 5.5,
            Severity::High => 7.8,
            Severity::Critical => 9.8,
        }
    }
}

impl FromStr for Severity {
    type Err = String;
    fn from_str(s: &str) -> Result<Severity, String> {
        let known = Severity::ALL.into_iter().find(|v| v.name().eq_ignore_ascii_case(s.trim()));
        known.ok_or_else(|| {
            format!("`{s}` is not a severity; CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL and UNTRIAGED are")
        })
    }
}

impl TryFrom<String> for Severity {
    type Error = String;
    fn try_from(s: String) -> Result<Severity, String> {
        s.parse()
    }
}

/// A finding in a seed; absent members are derived from the others.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The vulnerability, e.g. `CVE-2026-10001`.
    pub id: String,
    pub severity: Severity,
    pub package: Option<String>,
    pub version: Option<String>,
    /// The version that fixes it; without one there is no fix.
    pub fixed_in: Option<String>,
    #[serde(default)]
    pub exploit: bool,
    /// The probability that it is exploited, 0 to 1.
    pub epss: Option<f64>,
    /// Whether CISA lists it as known to be exploited.
    #[serde(default)]
    pub known_exploited: bool,
    #[serde(default)]
    pub status: Status,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    #[default]
    Active,
    Suppressed,
    Closed,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Active => "ACTIVE",
            Status::Suppressed => "SUPPRESSED",
            Status::Closed => "CLOSED",
        }
    }
}

impl Spec {
    /// The nth finding of a severity if only counts are given: every second one has a fix.
    pub fn numbered(severity: Severity, n: u32) -> Spec {
        let series = match severity {
            Severity::Critical => 1,
            Severity::High => 2,
            Severity::Medium => 3,
            Severity::Low => 4,
            Severity::Informational => 5,
            Severity::Untriaged => 6,
        };
        Spec {
            id: format!("CVE-2026-{}", series * 10_000 + n),
            severity,
            package: None,
            version: None,
            fixed_in: (n % 2 == 1).then(|| "1.0.1".to_owned()),
            exploit: false,
            epss: None,
            known_exploited: false,
            status: Status::Active,
        }
    }

    pub fn package(&self) -> &str {
        self.package.as_deref().unwrap_or("libsample")
    }

    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or("1.0.0")
    }

    pub fn fix(&self) -> &'static str {
        if self.fixed_in.is_some() { "YES" } else { "NO" }
    }

    pub fn exploit_available(&self) -> &'static str {
        if self.exploit { "YES" } else { "NO" }
    }

    pub fn score(&self) -> f64 {
        self.severity.score()
    }
}

/// A finding in an image, seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub spec: Spec,
    pub observed: Timestamp,
    /// When its status changed last.
    pub updated: Timestamp,
}
