//! What each exit code means, in words: for `--help` and README.md.

use super::text::Text;
use crate::model::exit_code::ExitCode;

/// The meaning, as a clause.
pub fn meaning(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Done => "done, or everything requested was already running",
        ExitCode::Usage => "the command or the pipeline file is wrong",
        ExitCode::BuildFailed => "a build, push or copy failed",
        ExitCode::Blocked => "a gate blocks",
        ExitCode::Rejected => "rejected",
        ExitCode::Expired => "the approval expired",
        ExitCode::RolledBack => "failed, and rolled back",
        ExitCode::Superseded => "superseded by somebody else's deployment, which was left alone",
        ExitCode::Stuck => "failed and stuck: a person is needed",
        ExitCode::Aborted => "stopped or aborted",
        ExitCode::Failed => {
            "failed, not rolled back: rollback is off (in the file or in ECS), or nothing was deployed yet"
        }
        ExitCode::Suspended => "suspended: `kanmon resume` continues it",
        ExitCode::StillRunning => "still running in AWS at the deadline",
        ExitCode::Unknown => "the result is unknown",
        ExitCode::Access => "access or set-up is missing",
        ExitCode::Locked => "the release or the stage is locked by another process, or the stage is frozen",
        ExitCode::Defect => "a defect of kanmon",
    }
}

/// All of them below a heading, a line each; on a terminal of `width` cells the meanings stay in their column.
pub fn listed(width: Option<usize>) -> Text {
    let line = |code: &ExitCode| format!("\n  {:>2}  {}", code.number(), meaning(*code));
    Text::laid_out(&format!("Exit codes:{}", ExitCode::ALL.iter().map(line).collect::<String>())).wrapped(width, COLUMN)
}

/// An exit code of two digits and two blanks.
const COLUMN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a table below a heading: what stands in its first two columns.
    fn table<'a>(readme: &'a str, heading: &str) -> Vec<(&'a str, &'a str)> {
        let section = readme.split(heading).nth(1).expect("the heading");
        let rows = section.lines().skip_while(|l| !l.starts_with("| ---")).skip(1).take_while(|l| l.starts_with('|'));
        rows.map(|row| row.trim_matches(['|', ' ']).split_once(" | ").expect("two columns")).collect()
    }

    #[test]
    fn the_readmes_tables_are_this_list() {
        let english = table(include_str!("../../README.md"), "\n## Exit codes\n");
        let expected: Vec<_> = ExitCode::ALL.iter().map(|c| (c.number().to_string(), meaning(*c).to_owned())).collect();
        assert_eq!(english.iter().map(|(n, m)| ((*n).to_owned(), (*m).to_owned())).collect::<Vec<_>>(), expected);
        let japanese = table(include_str!("../../README.ja.md"), "\n## 終了コード\n");
        assert_eq!(
            japanese.iter().map(|(n, _)| (*n).to_owned()).collect::<Vec<_>>(),
            expected.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>()
        );
    }
}
