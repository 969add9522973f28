//! What `check` prints.

use crate::model::approvers::Weakness;
use crate::model::ids::StageName;
use crate::model::program_problem::ProgramProblem;
use crate::report::words::Words;
use crate::report::{approver_patterns, program};

/// Of a file without mistakes.
pub const VALID: &str = "valid";

/// The file has mistakes, which are printed above.
pub fn mistakes(file: &str, mistakes: usize) -> Words {
    let mistakes = if mistakes == 1 { "1 mistake".to_owned() } else { format!("{mistakes} mistakes") };
    Words::new(format!("{file} has {mistakes}; nothing was changed"))
}

/// An approver's pattern is valid, but weaker than its author may expect.
pub fn weak_approver(stage: &StageName, pattern: &str, weakness: &Weakness) -> String {
    format!("{stage}: approver {pattern}: {}", approver_patterns::weakness(weakness))
}

/// A check's program cannot be run.
pub fn program(stage: &StageName, name: &str, why: &ProgramProblem) -> String {
    format!("stage {stage}: {}", program::cannot_be_run(name, why))
}

/// Each of these programs, a line each, cannot be run.
pub fn programs(each: &[String]) -> Words {
    Words::new("a check cannot be made; nothing was changed").cause(each.join("\n"))
}
