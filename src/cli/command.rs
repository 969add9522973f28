//! The command line as clap knows it, with its verbs below headings.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _};

use super::args::{Cli, help_width};
use super::completion_values;
use super::verb_groups::GROUPS;
use crate::report::text::Text;
use crate::report::verb::help as words;

/// The whole command line.
pub fn command() -> clap::Command {
    let bare = Cli::command();
    let verbs: Vec<(String, String)> = bare
        .get_subcommands()
        .map(|verb| (verb.get_name().to_owned(), verb.get_about().map(ToString::to_string).unwrap_or_default()))
        .collect();
    let with_values = bare
        .mut_args(completion_values::complete)
        .mut_subcommands(|verb| verb.mut_args(completion_values::complete))
        .mut_subcommand("check", |check| check.mut_args(completion_values::complete_file));
    with_values.help_template(template(&verbs)).after_help(words::after(help_width()).shown())
}

/// Reads the arguments.
///
/// # Errors
/// What is wrong with them, or the help or the version that they ask for.
pub fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = command().color(color(args));
    Cli::from_arg_matches(&command.try_get_matches_from_mut(args)?).map_err(|mistake| mistake.format(&mut command))
}

/// clap knows the conventions of the environment, but not the flag.
fn color(args: &[OsString]) -> ColorChoice {
    match args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--no-color") {
        true => ColorChoice::Never,
        false => ColorChoice::Auto,
    }
}

/// clap's own, with the verbs below headings.
fn template(verbs: &[(String, String)]) -> String {
    let widest = verbs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::from("{before-help}{about-with-newline}\n{usage-heading} {usage}\n\n");
    let listed = |heading: &str, names: Vec<&(String, String)>| {
        let mut text = format!("\x1b[1m\x1b[4m{heading}:\x1b[0m\n");
        for (name, about) in names {
            let line = Text::from(format!("  {name:widest$}  {about}"));
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", line.wrapped(Some(help_width()), widest + 2).shown());
        }
        text + "\n"
    };
    for (heading, names) in GROUPS {
        text += &listed(heading, names.iter().filter_map(|name| verbs.iter().find(|(n, _)| n == name)).collect());
    }
    // All options that kanmon itself has are valid for every verb.
    text + listed("Global options", Vec::new()).trim_end() + "\n{options}{after-help}"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_verb_is_below_one_heading_and_nothing_else_is() {
        let command = Cli::command();
        let mut verbs: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        verbs.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, verbs);
    }

    #[test]
    fn every_verb_has_one_line_and_every_option_a_text() {
        for verb in Cli::command().get_subcommands() {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.contains(['\n', '{']) && !about.ends_with('.'), "{}", verb.get_name());
            let silent: Vec<_> = verb.get_arguments().filter(|arg| arg.get_help().is_none()).collect();
            assert!(silent.is_empty(), "{}: {silent:?}", verb.get_name());
        }
    }

    #[test]
    fn a_comment_is_the_same_flag_everywhere_and_only_a_comment_is() {
        let mut with_comment = BTreeSet::new();
        for verb in Cli::command().get_subcommands() {
            for arg in verb.get_arguments() {
                let (long, short) = (arg.get_long(), arg.get_short());
                assert_eq!(long == Some("comment"), short == Some('m'), "{} {long:?} {short:?}", verb.get_name());
                assert_ne!(long, Some("reason"), "{}", verb.get_name());
                if long == Some("comment") {
                    with_comment.insert(verb.get_name().to_owned());
                }
            }
        }
        let expected = ["abort", "approve", "freeze", "promote", "reject", "release", "unfreeze", "unlock", "withdraw"];
        assert_eq!(with_comment, expected.map(str::to_owned).into());
    }

    #[test]
    fn the_command_line_obeys_claps_rules() {
        command().debug_assert();
    }
}
