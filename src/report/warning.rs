//! Warnings in words.

use super::{approval, fault};
use crate::model::format::commit;
use crate::model::warning::{BuildNotice, Warning};

/// How many files are named; the rest is a number.
const NAMED: usize = 8;

/// One sentence.
pub fn text(warning: &Warning) -> String {
    match warning {
        Warning::WithdrawalRefused { stage, by, refusal } => {
            format!(
                "the withdrawal of the approval of {stage} by {by} does not count: {}",
                approval::withdrawal(refusal)
            )
        }
        Warning::AbortTooLate { by } => format!("{by} asked to abort the release after everything was done"),
        Warning::Build { image, noticed } => format!("image {image}: {}", build(noticed)),
        Warning::LabelUnread { image, fault } => format!(
            "image {image}: its commit is not shown, because its label could not be read: {}",
            fault::words(fault).line()
        ),
        Warning::SourceChanged { image, commit: name } => format!(
            "image {image}: files of the working tree changed during the build, so it may contain more than commit {}",
            commit(name, 12)
        ),
        Warning::ExecutionWaits { execution, pipeline, fault } => format!(
            "execution {execution} of {pipeline} still waits for an answer that no longer counts; stop it in CodePipeline, because kanmon could not: {}",
            fault::words(fault).line()
        ),
        Warning::ExecutionGoesOn { execution, pipeline, fault } => format!(
            "execution {execution} of {pipeline} continues after an approval that no longer counts; stop it in CodePipeline, because kanmon could not: {}",
            fault::words(fault).line()
        ),
        Warning::ExecutionSucceeded { execution, pipeline, stage } => {
            format!(
                "execution {execution} of {pipeline} was approved and has succeeded, but nothing was deployed in {stage}"
            )
        }
        Warning::StageUnread { stage, fault } => format!(
            "stage {stage} could not be read, so it is unknown whether it still runs what this release deployed: {}",
            fault::words(fault).line()
        ),
        Warning::StageHasNewer { stage, newer } => format!("{stage} was passed before and now runs {newer}"),
    }
}

fn build(noticed: &BuildNotice) -> String {
    match noticed {
        BuildNotice::SecretNames { files } => {
            let files = listed(files);
            format!("names that often hold secrets go into the image: {files}; .dockerignore keeps them out")
        }
        BuildNotice::DockerignoreUnused { files } => {
            format!("not used: {}; only the .dockerignore of the repository's root counts", listed(files))
        }
    }
}

/// The first names, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noticed_of_a_build_is_one_line_each() {
        let image = || "web".parse().unwrap();
        let files = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let secrets = BuildNotice::SecretNames { files: files(&[".env"]) };
        let many = BuildNotice::DockerignoreUnused { files: (1..=10).map(|n| format!("f{n}")).collect() };
        let all = [secrets, many].map(|noticed| text(&Warning::Build { image: image(), noticed }));
        insta::assert_snapshot!(all.join("\n"), @r"
        image web: names that often hold secrets go into the image: .env; .dockerignore keeps them out
        image web: not used: f1, f2, f3, f4, f5, f6, f7, f8 and 2 more; only the .dockerignore of the repository's root counts
        ");
    }
}
