//! Why programs cannot be run, in words: of a script whose interpreter is missing, the system says only "no such file".

use crate::model::program_problem::ProgramProblem;

pub fn why(problem: &ProgramProblem) -> String {
    match problem {
        ProgramProblem::NotInPath => "it is not in PATH".to_owned(),
        ProgramProblem::Missing => "there is no such file".to_owned(),
        ProgramProblem::NotAFile => "it is not a file".to_owned(),
        ProgramProblem::NotExecutable => {
            "it is not executable; `chmod +x` makes it executable, and git keeps the mode".to_owned()
        }
        ProgramProblem::Empty => "it is empty".to_owned(),
        ProgramProblem::ByteOrderMark => "a byte order mark is before its `#!`".to_owned(),
        ProgramProblem::NoInterpreterLine => "it has no `#!` line that names its interpreter".to_owned(),
        ProgramProblem::LineEndsWithCrLf => {
            "its `#!` line ends with CR LF, as on Windows; it must end with LF".to_owned()
        }
        ProgramProblem::InterpreterUnnamed => "its `#!` line names no interpreter".to_owned(),
        ProgramProblem::InterpreterMissing { interpreter } => format!("its interpreter `{interpreter}` does not exist"),
        ProgramProblem::InterpreterNotInPath { interpreter } => {
            format!("its interpreter `{interpreter}` is not in PATH")
        }
        ProgramProblem::System { said } => said.clone(),
    }
}

/// The same as a sentence.
pub fn cannot_be_run(program: &str, problem: &ProgramProblem) -> String {
    format!("`{program}` cannot be run: {}", why(problem))
}
