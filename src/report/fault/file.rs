//! Files and folders of this machine.

use super::{joined, listed};
use crate::model::fault::file::{FileProblem, IgnoreFileUnusable, Oddity, Role, Use};
use crate::report::nearest;
use crate::report::words::Words;

/// Nobody reads more names than this.
const SHOWN: usize = 10;

pub fn words(problem: &FileProblem) -> Words {
    match problem {
        FileProblem::NoPipelineFolder { folder, within } => {
            Words::new(format!("there is no folder `{folder}/` in {within} or above it"))
                .hint(format!("write a pipeline file into {folder}/, or name one with `--pipeline FILE`"))
        }
        FileProblem::NoPipelineFile { path, siblings } => {
            let words = Words::new(format!("there is no pipeline file `{path}`"));
            let name = path.rsplit('/').next().unwrap_or_default();
            match nearest::hint(name, siblings.iter().map(String::as_str)) {
                Some(hint) => words.hint(hint),
                None => words.hint("name an existing file, or none: the default is the only file in `pipelines/`"),
            }
        }
        FileProblem::NoneInFolder { folder } => Words::new(format!("there is no pipeline file in {folder}"))
            .hint("write one (NAME.yaml), or name one elsewhere with `--pipeline FILE`"),
        FileProblem::SeveralPipelineFiles { folder, files } => {
            let name = folder.rsplit('/').next().unwrap_or_default();
            let first = files.first().map(String::as_str).unwrap_or_default();
            Words::new(format!("there are {} pipeline files in {folder}: {}", files.len(), some(files)))
                .hint(format!("name one: `--pipeline {name}/{first}`"))
        }
        FileProblem::PipelineFolderNamed { path, files } => {
            Words::new(format!("`{path}` is a folder, not a pipeline file"))
                .hint(format!("name one of its files with `--pipeline`: {}", some(files)))
        }
        FileProblem::NotAPipelineFile { path, oddity } => {
            Words::new(format!("`{path}` is {}, not a pipeline file", odd(oddity)))
        }
        FileProblem::Unreadable { path } | FileProblem::NoRoot { path } => {
            Words::new(format!("`{path}` cannot be read"))
        }
        FileProblem::Changed { path, was, is } => Words::new(format!("`{path}` has changed since the release started"))
            .cause(format!("its SHA-256 was {was}, and is {is}"))
            .hint("restore the file, or make a new release"),
        FileProblem::Gone { path } => {
            Words::new(format!("`{path}` existed when the release started, but no longer does"))
                .hint("restore the file, or make a new release")
        }
        FileProblem::Missing { role, path, looked_in } => Words::new(format!("{} `{path}` does not exist", the(*role)))
            .cause(format!("looked in {looked_in}"))
            .hint(match role {
                Role::ImageFiles => "build it first, or correct `from`",
                Role::BuildContext => "correct `context` in the pipeline file",
                Role::Dockerfile => "correct `file` in the pipeline file",
            }),
        FileProblem::Outside { role, path } => Words::new(format!("{} `{path}` is outside the repository", the(*role)))
            .hint("name a path below the repository's root"),
        FileProblem::ContextOrFileUnfit { context, file } => {
            Words::new("the build context must be a folder, and the Dockerfile a file")
                .cause(format!("context `{context}`, file `{file}`"))
        }
        FileProblem::IgnoreFileUnusable { unusable } => {
            let words = Words::new("`.dockerignore` cannot be used");
            match unusable {
                IgnoreFileUnusable::Unreadable => words,
                IgnoreFileUnusable::NotAFile => words.cause("it is not a file"),
                IgnoreFileUnusable::TooLarge => words.cause("it is larger than 1 MiB"),
                IgnoreFileUnusable::NotText => words.cause("it is not UTF-8 text"),
                IgnoreFileUnusable::Pattern { line, pattern } if pattern == "!" => {
                    words.cause(format!("line {line}: `!` alone is not a pattern"))
                }
                IgnoreFileUnusable::Pattern { line, pattern } => {
                    words.cause(format!("line {line}: `{pattern}` is not a valid pattern"))
                }
            }
        }
        FileProblem::Excluded { path } => Words::new(format!("`{path}` is excluded by .dockerignore"))
            .hint(format!("add a line `!{path}` to it, or correct `from`")),
        FileProblem::NeverPacked { path, never } => Words::new(format!("`{path}` never goes into an image"))
            .cause(format!("kanmon keeps {} out of every image", listed(never))),
        FileProblem::Empty { path } => Words::new(format!("`{path}` is empty, so there is nothing to make a layer of"))
            .hint("first build what the image should contain"),
        FileProblem::LinkLeaves { path, target } => Words::new(format!("the link {path} leads out of its folder"))
            .cause(format!("it points to {target}"))
            .hint("copy what it points to instead"),
        FileProblem::Whiteout { path } => Words::new(format!("{path} cannot be in a layer"))
            .cause("names that start with .wh. delete files of the layers below"),
        FileProblem::NotPackable { path } => {
            Words::new(format!("{path} cannot be in a layer")).cause("it is neither a file, a folder nor a link")
        }
        FileProblem::ChangedWhileRead { path } => Words::new(format!("{path} was changed while it was read"))
            .hint("build the image again when nothing writes to its files"),
        FileProblem::NoTemporaryFolder { parent } => {
            Words::new(format!("no temporary folder can be created in {parent}"))
                .hint("set TMPDIR to a folder that can be written")
        }
        FileProblem::Unusable { path, cannot } => Words::new(match cannot {
            Use::Make => format!("{path} could not be created"),
            Use::Link => format!("{path} could not be linked"),
            Use::Read => format!("{path} could not be read"),
            Use::Write => format!("{path} could not be written"),
            Use::Expect => format!("{path} was not written by the builder"),
        }),
    }
}

fn the(role: Role) -> &'static str {
    match role {
        Role::BuildContext => "the build context",
        Role::Dockerfile => "the Dockerfile",
        Role::ImageFiles => "the image's file or folder",
    }
}

fn odd(oddity: &Oddity) -> String {
    let to = |to: &Option<String>| to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    match oddity {
        Oddity::Folder => "a folder".to_owned(),
        Oddity::Fifo => "a named pipe (FIFO)".to_owned(),
        Oddity::Socket => "a socket".to_owned(),
        Oddity::Device => "a device".to_owned(),
        Oddity::BrokenLink { to: target } => format!("a symbolic link{} whose target does not exist", to(target)),
        Oddity::CircularLink { to: target } => format!("a symbolic link{} that leads back to itself", to(target)),
        Oddity::Unreadable => "something that cannot be read".to_owned(),
    }
}

/// The first names, and how many more there are.
fn some(files: &[String]) -> String {
    match files.len() {
        0 => "there are none".to_owned(),
        n if n > SHOWN => format!("{} and {} more", joined(&files[..SHOWN]), n - SHOWN),
        _ => joined(files),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_an_ignore_file_that_is_not_a_pattern_is_named() {
        let cause = |pattern: &str| {
            let unusable = IgnoreFileUnusable::Pattern { line: 2, pattern: pattern.into() };
            words(&FileProblem::IgnoreFileUnusable { unusable }).cause.unwrap()
        };
        assert_eq!(cause("!"), "line 2: `!` alone is not a pattern");
        assert_eq!(cause("[b"), "line 2: `[b` is not a valid pattern");
    }
}
