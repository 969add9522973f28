//! Every code of the JSON output with its meaning: one list for `kanmon help codes` and README.md.

mod approval;
mod check;
pub mod command;
pub mod family;
mod refusal;
mod registry;
mod release;
mod rollout;
mod scan;

use family::{Code, Family};

use super::text::Text;
use super::{exit_codes, fault};

/// All of them.
pub fn families() -> impl Iterator<Item = Family> {
    let by_subject = [
        release::FAMILIES,
        scan::FAMILIES,
        approval::FAMILIES,
        rollout::FAMILIES,
        check::FAMILIES,
        registry::FAMILIES,
        &[refusal::REFUSALS, command::COMMANDS],
        fault::codes::FAMILIES,
    ];
    by_subject.into_iter().flatten().copied()
}

/// All of them below their headings, after the exit codes; fitted to a terminal of this width, in cells.
pub fn listed(width: Option<usize>) -> Text {
    exit_codes::listed(width).and(Text::laid_out(&reasons()).wrapped(width, column()))
}

/// The widest code and two blanks.
fn column() -> usize {
    let widest = families().flat_map(|f| f.codes).map(|(code, _)| code.len()).max().unwrap_or_default();
    widest + 2
}

fn reasons() -> String {
    let column = column();
    let line = |(code, meaning): &Code| format!("\n  {code:<column$}{meaning}");
    let family = |f: Family| format!("\n{}:{}", f.heading, f.codes.iter().map(line).collect::<String>());
    families().map(family).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::model::approval_reason::{
        AnswerReason, ApprovalMismatch, ClosedReason, Conflict, ExpiryReason, PlanDifference, Settled,
        UnknownRequester, VoidReason, WithdrawalRefusal,
    };
    use crate::model::check_result::{CommandEnd, HttpAnswer, RequestRefusal};
    use crate::model::ending::ManualStep;
    use crate::model::event::NotCopied;
    use crate::model::fault::Problem;
    use crate::model::fault::registry::ManifestFlaw;
    use crate::model::gate_reason::{GateReason, LastScan, ScanBlock, ScanWait, Unclear};
    use crate::model::git_problem::GitProblem;
    use crate::model::program_problem::ProgramProblem;
    use crate::model::reason::Reason;
    use crate::model::registry_login::{FileFlaw, HelperProblem, NoLogin};
    use crate::model::rollout_reason::{ProofGap, RolloutFailure, StuckReason, SupersededBy, UnknownRollout};
    use crate::model::warning::{BuildNotice, Warning};

    /// The codes of a type, as serde lists them where it is given one that does not exist.
    fn known<T: DeserializeOwned>() -> Vec<String> {
        let Err(error) = serde_json::from_value::<T>(serde_json::json!({ "code": "" })) else {
            panic!("no code is empty")
        };
        let error = error.to_string();
        let (_, names) = error.split_once("expected ").expect("serde names what it expects");
        names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// Types, each with its name, its codes and its family.
    macro_rules! types {
        ($($type:ident => $family:expr,)*) => {
            [$((stringify!($type), known::<$type>(), $family),)*]
        };
    }

    fn types() -> Vec<(&'static str, Vec<String>, Family)> {
        types! {
            Reason => release::ENDINGS,
            ManualStep => release::MANUAL_STEPS,
            Warning => release::WARNINGS,
            BuildNotice => release::BUILD_NOTICES,
            GitProblem => release::GIT,
            GateReason => scan::GATE,
            ScanWait => scan::SCAN_WAITS,
            LastScan => scan::LAST_SCANS,
            ScanBlock => scan::SCAN_BLOCKS,
            Unclear => scan::UNCLEAR,
            AnswerReason => approval::ANSWERS,
            Settled => approval::SETTLED,
            ClosedReason => approval::CLOSED,
            WithdrawalRefusal => approval::WITHDRAWALS,
            Conflict => approval::CONFLICTS,
            UnknownRequester => approval::UNKNOWN_REQUESTERS,
            VoidReason => approval::VOIDS,
            PlanDifference => approval::DIFFERENCES,
            ExpiryReason => approval::EXPIRIES,
            ApprovalMismatch => approval::MISMATCHES,
            RolloutFailure => rollout::FAILURES,
            StuckReason => rollout::STUCK,
            SupersededBy => rollout::SUPERSEDING,
            UnknownRollout => rollout::UNKNOWN,
            ProofGap => rollout::PROOF_GAPS,
            HttpAnswer => check::HTTP_ANSWERS,
            CommandEnd => check::COMMAND_ENDS,
            RequestRefusal => check::REQUESTS,
            ProgramProblem => check::PROGRAMS,
            NotCopied => registry::NOT_COPIED,
            NoLogin => registry::LOGINS,
            FileFlaw => registry::LOGIN_FILES,
            HelperProblem => registry::LOGIN_HELPERS,
            ManifestFlaw => registry::MANIFESTS,
        }
        .into()
    }

    /// The names of all enums of the source whose variants are written with a `code`, but not those that a macro defines.
    fn enums_with_codes() -> Vec<String> {
        let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    found.extend(enums_in(&std::fs::read_to_string(&path).expect("a file")));
                }
            }
        }
        found
    }

    fn enums_in(source: &str) -> Vec<String> {
        let attribute = |line: &str| line.trim_start().starts_with("#[serde(") && line.contains("tag = \"code\"");
        let lines: Vec<&str> = source.lines().collect();
        let marked = (0..lines.len()).filter(|at| attribute(lines[*at]));
        marked
            .filter_map(|at| lines[at..].iter().find_map(|line| line.split_once("enum ")))
            .map(|(_, rest)| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '$').next().unwrap_or_default().to_owned()
            })
            .filter(|name| !name.starts_with('$'))
            .collect()
    }

    #[test]
    fn every_enum_that_is_written_with_a_code_is_among_the_types() {
        let mut named: Vec<_> = types().into_iter().map(|(name, ..)| name.to_owned()).collect();
        let mut found = enums_with_codes();
        named.sort();
        found.sort();
        assert_eq!(named, found);
    }

    #[test]
    fn every_code_that_can_be_written_is_in_the_list_and_no_other() {
        let shown: Vec<_> = families().collect();
        for (name, known, family) in types() {
            assert_eq!(known, family.codes.iter().map(|(code, _)| *code).collect::<Vec<_>>(), "{name}");
            assert!(shown.contains(&family), "{name} is not shown");
        }
    }

    #[test]
    fn every_heading_and_every_meaning_is_a_clause_and_each_heading_is_there_once() {
        let mut headings = BTreeSet::new();
        for family in families() {
            assert!(headings.insert(family.heading), "{}", family.heading);
            for (code, meaning) in family.codes {
                assert!(!meaning.is_empty() && !meaning.ends_with('.') && !meaning.contains('\n'), "{code}: {meaning}");
            }
        }
    }

    #[test]
    fn every_refusal_has_its_meaning_and_no_other_is_listed() {
        assert_eq!(refusal_codes(), crate::model::refusal::codes().collect::<Vec<_>>());
    }

    fn refusal_codes() -> Vec<&'static str> {
        super::refusal::REFUSALS.codes.iter().map(|(code, _)| *code).collect()
    }

    /// A failing command's `reason.code` is a fault's, a refusal's, or its own.
    #[test]
    fn no_code_of_a_failing_command_means_two_things() {
        let own = command::COMMANDS.codes.iter().map(|(code, _)| *code);
        let of_commands = refusal_codes().into_iter().chain(own).chain(Problem::codes());
        let mut seen = BTreeSet::new();
        let twice: Vec<_> = of_commands.filter(|code| !seen.insert(*code)).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn the_help_has_every_code_and_every_exit_code() {
        let help = listed(None).shown();
        for (code, meaning) in families().flat_map(|f| f.codes) {
            assert!(help.contains(code) && help.contains(meaning), "{code}");
        }
        assert!(help.starts_with("Exit codes:"));
    }
}
