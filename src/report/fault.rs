//! Faults in words: the only place that writes sentences, causes and hints about them.

mod approval;
mod aws;
mod build;
mod call;
pub mod codes;
mod credentials;
mod file;
mod own;
mod registry;
mod registry_login;
mod service;
pub mod state;
mod statement;
mod task_definition;

use super::words::Words;
use crate::model::fault::{Fault, Problem};

/// What people read about a fault.
pub fn words(fault: &Fault) -> Words {
    let words = match &fault.problem {
        Problem::Call(problem) => call::words(problem),
        Problem::Credentials(problem) => credentials::words(problem),
        Problem::Aws(problem) => aws::words(problem),
        Problem::Approval(problem) => approval::words(problem),
        Problem::Registry(problem) => registry::words(problem),
        Problem::Build(problem) => build::words(problem),
        Problem::File(problem) => file::words(problem),
        Problem::Service(problem) => service::words(problem),
        Problem::TaskDefinition(problem) => task_definition::words(problem),
        Problem::Own(problem) => own::words(problem),
        Problem::Several { faults } => several(faults),
    };
    let cause = match (words.cause, &fault.said) {
        (Some(cause), Some(said)) => Some(format!("{cause}: {said}")),
        (cause, said) => cause.or_else(|| said.clone()),
    };
    Words { cause, ..words }
}

fn several(faults: &[Fault]) -> Words {
    let each = faults.iter().map(words).map(|words| {
        let hints = words.hints.iter().map(|hint| format!("\n  hint: {}", hint.replace('\n', "\n  ")));
        format!("\n- {}{}", words.line(), hints.collect::<String>())
    });
    Words::new(format!("{} problems were found; nothing was changed", faults.len())).cause(each.collect::<String>())
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[impl AsRef<str>]) -> String {
    match names {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [all @ .., last] => {
            let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", all.join(", "), last.as_ref())
        }
    }
}

fn joined(names: &[impl AsRef<str>]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
