//! Colours, spinners and questions: decided once, by the terminals, the environment and the flags.
//!
//! The conventions of no-color.org and bixense.com/clicolors; CI as GitHub, GitLab and others set it.

/// Which of the process's streams are terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminals {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

/// What the flags say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    pub no_color: bool,
    /// `--output json`.
    pub json: bool,
}

/// How kanmon prints, and whether it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appearance {
    /// Colours on stdout and on stderr.
    pub colored_stdout: bool,
    pub colored_stderr: bool,
    /// Whether lines are fitted to the terminal.
    pub fitted_stdout: bool,
    pub fitted_stderr: bool,
    /// Spinners on stderr.
    pub spinners: bool,
    /// Questions, answered on stdin.
    pub questions: bool,
}

/// Decides; `variable` is the environment.
pub fn decide(terminals: Terminals, flags: Flags, variable: impl Fn(&str) -> Option<String>) -> Appearance {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let is_on = |name: &str| set(name).is_some_and(|value| value != "0" && value != "false");
    // A build system may give its commands a terminal; its log is none.
    let ci = is_on("CI");
    let dumb = set("TERM").is_some_and(|term| term == "dumb");
    let never = flags.json || flags.no_color || set("NO_COLOR").is_some();
    let always = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let automatic = !dumb && set("CLICOLOR").is_none_or(|value| value != "0");
    let (stdout, stderr) = (terminals.stdout && !ci, terminals.stderr && !ci);
    let colored = |terminal: bool| !never && (always || automatic && terminal);
    Appearance {
        colored_stdout: colored(stdout),
        colored_stderr: colored(stderr),
        fitted_stdout: stdout,
        fitted_stderr: stderr,
        spinners: stderr && !dumb,
        questions: terminals.stdin && !ci && !flags.json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Terminals = Terminals { stdin: true, stdout: true, stderr: true };
    const NONE: Terminals = Terminals { stdin: false, stdout: false, stderr: false };

    /// The environment, and what is decided with three terminals and with none.
    type Row = (&'static [(&'static str, &'static str)], &'static str, &'static str);

    /// What is decided, a letter each: colours on stdout and stderr, lines fitted to them, spinners, questions.
    fn decided(terminals: Terminals, flags: Flags, environment: &[(&str, &str)]) -> String {
        let variable = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let Appearance { colored_stdout, colored_stderr, fitted_stdout, fitted_stderr, spinners, questions } =
            decide(terminals, flags, variable);
        let is = [colored_stdout, colored_stderr, fitted_stdout, fitted_stderr, spinners, questions];
        is.iter().zip("cCfFsq".chars()).map(|(is, letter)| if *is { letter } else { '-' }).collect()
    }

    #[test]
    fn the_environment_decides_by_its_conventions() {
        let table: [Row; 21] = [
            (&[], "cCfFsq", "------"),
            (&[("NO_COLOR", "1")], "--fFsq", "------"),
            (&[("NO_COLOR", "0")], "--fFsq", "------"),
            (&[("NO_COLOR", "")], "cCfFsq", "------"),
            (&[("CLICOLOR", "0")], "--fFsq", "------"),
            (&[("CLICOLOR", "1")], "cCfFsq", "------"),
            (&[("CLICOLOR", "")], "cCfFsq", "------"),
            (&[("CLICOLOR_FORCE", "1")], "cCfFsq", "cC----"),
            (&[("CLICOLOR_FORCE", "yes")], "cCfFsq", "cC----"),
            (&[("CLICOLOR_FORCE", "0")], "cCfFsq", "------"),
            (&[("CLICOLOR_FORCE", "")], "cCfFsq", "------"),
            (&[("CLICOLOR_FORCE", "1"), ("CLICOLOR", "0")], "cCfFsq", "cC----"),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], "--fFsq", "------"),
            (&[("TERM", "dumb")], "--fF-q", "------"),
            (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], "cCfF-q", "cC----"),
            (&[("TERM", "xterm-256color")], "cCfFsq", "------"),
            (&[("CI", "true")], "------", "------"),
            (&[("CI", "1")], "------", "------"),
            (&[("CI", "false")], "cCfFsq", "------"),
            (&[("CI", "")], "cCfFsq", "------"),
            (&[("CI", "true"), ("CLICOLOR_FORCE", "1")], "cC----", "cC----"),
        ];
        for (environment, with, without) in table {
            assert_eq!(decided(ALL, Flags::default(), environment), with, "{environment:?}");
            assert_eq!(decided(NONE, Flags::default(), environment), without, "{environment:?}, no terminal");
        }
    }

    #[test]
    fn each_stream_is_decided_by_its_own_terminal() {
        assert_eq!(decided(Terminals { stdin: true, ..NONE }, Flags::default(), &[]), "-----q");
        assert_eq!(decided(Terminals { stdout: true, ..NONE }, Flags::default(), &[]), "c-f---");
        assert_eq!(decided(Terminals { stderr: true, ..NONE }, Flags::default(), &[]), "-C-Fs-");
    }

    #[test]
    fn the_flags_come_before_the_environment() {
        let force: &[(&str, &str)] = &[("CLICOLOR_FORCE", "1")];
        assert_eq!(decided(ALL, Flags { no_color: true, json: false }, force), "--fFsq");
        assert_eq!(decided(ALL, Flags { no_color: false, json: true }, force), "--fFs-");
    }
}
