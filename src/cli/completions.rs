//! `completions`: the script that a shell loads, and what kanmon answers to that script.
//!
//! The engine is clap_complete's: the script runs kanmon with the words of the command line, and kanmon answers with what can follow.

use std::ffi::OsString;
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use super::args::{CompletionsArgs, Shell};
use super::command;
use super::failure::Failure;
use super::output::whole;
use crate::model::exit_code::ExitCode;
use crate::model::visible;
use crate::report::verb::completions as words;

/// The variable in which the script names its shell.
const VARIABLE: &str = "KANMON_COMPLETE";

/// Between two answers to bash, which splits at it; the others split at line breaks.
const BASH_SEPARATOR: char = '\x0b';

/// How long an answer may take: 20 times what it takes on a busy machine, and as long as a person who types may be kept waiting. Without an
/// answer the shell goes on as if nothing matched.
const LIMIT: Duration = Duration::from_secs(1);

impl Shell {
    const ALL: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Shell::Bash => &Bash,
            Shell::Fish => &Fish,
            Shell::Zsh => &Zsh,
        }
    }

    fn separator(self) -> char {
        match self {
            Shell::Bash => BASH_SEPARATOR,
            Shell::Fish | Shell::Zsh => '\n',
        }
    }

    /// Whether an answer can be given to the shell. Names of files can hold anything: nothing that a terminal would act on, and for bash,
    /// which puts the answer into the command line as it is, nothing that means something there.
    fn takes(self, answer: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,^~".contains(c);
        match self {
            Shell::Bash => answer.chars().all(plain),
            Shell::Fish | Shell::Zsh => !answer.chars().any(|c| visible::is_harmful(c) && c != '\t'),
        }
    }
}

/// Prints the script.
pub fn run(args: CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    let written = args.shell.completer().write_registration(VARIABLE, NAME, NAME, NAME, &mut script);
    // Writing to a vector does not fail, and the script is text.
    let script = written.ok().and_then(|()| String::from_utf8(script).ok()).unwrap_or_default();
    whole(script.trim_start(), words::SCRIPT)?;
    Ok(ExitCode::Done)
}

const NAME: &str = "kanmon";

/// The answer to a script, if one asks: what can follow the words of the command line. Empty where that is unknown, or not known in time.
/// Nothing else is printed, whatever happens.
pub fn answer(args: &[OsString]) -> Option<String> {
    let shell = std::env::var(VARIABLE).ok()?;
    // Only the script begins with `--`: a variable that was exported by mistake turns no other command into nothing.
    let [_, separator, words @ ..] = args else { return None };
    if separator != "--" {
        return None;
    }
    let Some(shell) = Shell::ALL.into_iter().find(|s| s.completer().is(&shell)) else { return Some(String::new()) };
    std::panic::set_hook(Box::new(|_| std::process::exit(i32::from(ExitCode::Defect.number()))));
    let (send, answered) = mpsc::channel();
    let words = words.to_vec();
    // Not waited for longer than the limit: a disk may not answer.
    std::thread::spawn(move || send.send(found(shell, words)));
    Some(answered.recv_timeout(LIMIT).unwrap_or_default())
}

fn found(shell: Shell, words: Vec<OsString>) -> String {
    let mut answers = Vec::new();
    let here = std::env::current_dir().ok();
    match shell.completer().write_complete(&mut command::command(), words, here.as_deref(), &mut answers) {
        Ok(()) => {
            let text = String::from_utf8_lossy(&answers);
            let kept: Vec<&str> = text.split(shell.separator()).filter(|answer| shell.takes(answer)).collect();
            kept.join(&shell.separator().to_string())
        }
        Err(_) => String::new(),
    }
}

/// Prints an answer. A shell that has gone away is not interested in it.
pub fn print(answer: &str) {
    let _ = std::io::stdout().write_all(answer.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_gets_nothing_that_it_would_act_on_and_no_shell_what_a_terminal_would() {
        for bad in ["a b", "$(x)", "a;b", "`x`", "a'b", "\u{1b}[2J", "x\u{202e}"] {
            assert!(!Shell::Bash.takes(bad), "{bad:?}");
        }
        for good in ["--until", "pipelines/hello.yaml", "r20260401-090000-1a2b3c", "点検"] {
            assert!(Shell::Bash.takes(good) && Shell::Zsh.takes(good), "{good}");
        }
        assert!(Shell::Fish.takes("prod\tthe stage") && !Shell::Fish.takes("a\u{1b}[2J\tb"));
    }
}
