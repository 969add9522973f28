use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::model::commits::{CommitList, CommitsUnknown};
use crate::model::event::SourceNamedBy;

/// On a machine that is no build.
fn source(root: &Path) -> Read {
    super::source(root, |_| None)
}

/// In a build of CodeBuild that names this commit.
fn source_in_a_build(root: &Path, commit: &str) -> Read {
    super::source(root, |name| match name {
        "CODEBUILD_BUILD_ID" => Some("hello:0a1b".to_owned()),
        "CODEBUILD_RESOLVED_SOURCE_VERSION" => Some(commit.to_owned()),
        _ => None,
    })
}

/// A repository, and a file that does not exist as long as nothing of its configuration is executed.
struct Repository {
    dir: tempfile::TempDir,
}

impl Repository {
    fn new() -> Repository {
        let repository = Repository { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(repository.root()).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    fn committed() -> Repository {
        let repository = Repository::new();
        repository.write("a.txt", "one").write("big.bin", "content").commit();
        repository
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("r")
    }

    fn write(&self, path: &str, text: &str) -> &Repository {
        std::fs::write(self.root().join(path), text).unwrap();
        self
    }

    fn git(&self, args: &[&str]) -> &Repository {
        git(&self.root(), args);
        self
    }

    fn commit(&self) -> &Repository {
        self.git(&["add", "-A"]).git(&["-c", "user.name=Ann", "-c", "user.email=ann@x.example", "commit", "-qm", "x"])
    }

    /// A program that creates the mark, and copies its input to its output.
    fn program(&self) -> String {
        let path = self.dir.path().join("evil");
        std::fs::write(&path, format!("#!/bin/sh\ntouch '{}'\ncat\n", self.mark().display())).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    fn mark(&self) -> PathBuf {
        self.dir.path().join("mark")
    }
}

fn git(folder: &Path, args: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "protocol.file.allow=always"]).args(args).current_dir(folder);
    assert!(git.output().unwrap().status.success(), "git {args:?}");
}

#[test]
fn a_commit_is_read_with_its_branch_author_and_changes() {
    let repository = Repository::committed();
    let found = source(&repository.root());
    assert_eq!(found.notices, []);
    assert_eq!(found.source.branch.as_deref(), Some("main"));
    assert_eq!(found.source.author.as_deref(), Some("Ann <ann@x.example>"));
    assert_eq!(found.source.subject.as_deref(), Some("x"));
    assert_eq!((found.source.commit.map(|c| c.len()), found.source.dirty), (Some(40), false));
    std::fs::create_dir(repository.root().join(".kanmon")).unwrap();
    repository.write(".kanmon/journal.db", "");
    assert!(!source(&repository.root()).source.dirty);
    repository.write("new.txt", "").git(&["config", "status.showUntrackedFiles", "no"]);
    assert!(source(&repository.root()).source.dirty);
}

#[test]
fn there_is_no_commit_outside_a_repository_and_before_its_first() {
    assert_eq!(source(tempfile::tempdir().unwrap().path()), Read::default());
    assert_eq!(source(&Repository::new().root()), Read::default());
}

#[test]
fn codebuild_names_the_commit_only_where_there_is_no_repository() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let unpacked = source_in_a_build(tempfile::tempdir().unwrap().path(), commit);
    assert_eq!((unpacked.source.commit.as_deref(), unpacked.source.named_by), (Some(commit), SourceNamedBy::CodeBuild));
    let repository = Repository::committed();
    assert_eq!(source_in_a_build(&repository.root(), commit), source(&repository.root()));
    assert_eq!(source_in_a_build(&Repository::new().root(), commit), Read::default());
    std::fs::write(repository.root().join(".git/HEAD"), "garbage").unwrap();
    assert_eq!(source_in_a_build(&repository.root(), commit).source.commit, None);
}

#[test]
fn a_repository_that_git_cannot_read_is_unknown() {
    let repository = Repository::committed();
    std::fs::write(repository.root().join(".git/HEAD"), "garbage").unwrap();
    let found = source(&repository.root());
    assert!(found.source.commit.is_none());
    let why = found.source.unreadable.unwrap();
    assert!(matches!(&why, GitProblem::Refused { said } if said.contains("not a git repository")), "{why:?}");
    assert_eq!(found.notices, [CheckoutNotice::CommitUnknown { why }]);

    let repository = Repository::committed();
    std::fs::remove_dir_all(repository.root().join(".git/objects")).unwrap();
    std::fs::create_dir(repository.root().join(".git/objects")).unwrap();
    assert!(source(&repository.root()).source.unreadable.is_some());

    let repository = Repository::committed();
    repository.write(".git/index", "garbage");
    let found = source(&repository.root());
    assert!(found.source.commit.is_some() && found.source.dirty);
    let [CheckoutNotice::ChangesUnknown { why: GitProblem::Refused { said } }] = &found.notices[..] else {
        panic!("{found:?}")
    };
    assert!(said.contains("index"), "{said}");
}

#[test]
fn nothing_of_the_repositorys_configuration_is_executed() {
    let repository = Repository::committed();
    let evil = repository.program();
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.gitProxy",
        "core.pager",
        "core.editor",
        "core.askPass",
        "core.alternateRefsCommand",
        "credential.helper",
        "gpg.program",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.a=b.clean",
        "filter.a=b.process",
        "merge.evil.driver",
        "alias.status",
        "alias.rev-parse",
    ] {
        repository.git(&["config", key, &evil]);
    }
    repository.git(&["config", "log.showSignature", "true"]).git(&["config", "filter.evil.required", "true"]);
    repository.write(".git/info/attributes", "a.txt filter=evil diff=evil\nbig.bin filter=a=b\n");
    let hooks = repository.root().join(".git/hooks");
    for hook in ["post-index-change", "fsmonitor-watchman", "reference-transaction"] {
        std::fs::copy(&evil, hooks.join(hook)).unwrap();
    }
    // The same lengths, so that git has to look into them.
    repository.write("a.txt", "two").write("big.bin", "Content");
    assert!(source(&repository.root()).source.dirty);
    assert!(!repository.mark().exists());

    // The control: git by itself runs it.
    let mut git = Command::new("git");
    git.args(["status", "--porcelain"]).current_dir(repository.root()).output().unwrap();
    assert!(repository.mark().exists());
}

#[test]
fn a_submodules_configuration_is_not_executed_and_its_changes_count() {
    let inner = Repository::committed();
    let outer = Repository::committed();
    outer.git(&["submodule", "add", "-q", &inner.root().display().to_string(), "sub"]).commit();
    assert_eq!(source(&outer.root()), Read { notices: vec![], ..source(&outer.root()) });
    assert!(!source(&outer.root()).source.dirty);
    let evil = outer.program();
    git(&outer.root().join("sub"), &["config", "core.fsmonitor", &evil]);
    git(&outer.root().join("sub"), &["config", "filter.evil.clean", &evil]);
    outer.write(".git/modules/sub/info/attributes", "* filter=evil\n").write("sub/a.txt", "two");
    assert!(source(&outer.root()).source.dirty);
    assert!(!outer.mark().exists());
}

#[test]
fn a_missing_object_of_a_partial_clone_is_not_fetched() {
    let repository = Repository::committed();
    let evil = repository.program();
    repository.git(&["config", "extensions.partialClone", "origin"]).git(&["config", "remote.origin.promisor", "true"]);
    repository.git(&["config", "remote.origin.url", &format!("ext::{evil}")]);
    repository.git(&["config", "protocol.ext.allow", "always"]);
    std::fs::remove_dir_all(repository.root().join(".git/objects")).unwrap();
    std::fs::create_dir(repository.root().join(".git/objects")).unwrap();
    assert!(source(&repository.root()).source.unreadable.is_some());
    assert!(!repository.mark().exists());
}

#[test]
fn a_file_of_git_lfs_is_compared_with_its_pointer() {
    let repository = Repository::new();
    let sha256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 7\n");
    repository.write("big.bin", &pointer).commit();
    repository.write(".git/info/attributes", "*.bin filter=lfs\n").git(&["config", "filter.lfs.clean", "false"]);
    repository.write("big.bin", "content");
    assert!(!source(&repository.root()).source.dirty);
    repository.write("big.bin", "Content");
    let found = source(&repository.root());
    assert!(found.source.dirty);
    assert_eq!(found.notices, [CheckoutNotice::Filtered { first: "big.bin".into(), others: 0 }]);
}

/// A repository with a commit for each of these subjects, and their names.
fn with_subjects(subjects: &[&str]) -> (Repository, Vec<String>) {
    let repository = Repository::committed();
    let mut names = vec![head(&repository)];
    for subject in subjects {
        let person = ["-c", "user.name=Ann", "-c", "user.email=ann@x.example"];
        repository.git(&[&person[..], &["commit", "-q", "--allow-empty", "-m", subject]].concat());
        names.push(head(&repository));
    }
    (repository, names)
}

fn head(repository: &Repository) -> String {
    source(&repository.root()).source.commit.unwrap()
}

fn subjects(list: &CommitList) -> Vec<&str> {
    list.newest.iter().map(|c| c.subject.as_str()).collect()
}

#[test]
fn the_commits_between_two_are_listed_in_both_directions() {
    let (repository, names) = with_subjects(&["one", "two \u{1b}[2J\n\nbody"]);
    let found = between(&repository.root(), &names[0], &names[2]).unwrap();
    assert_eq!(subjects(&found.new), ["two \u{1b}[2J", "one"]);
    assert_eq!((found.new.count, found.gone.count), (2, 0));
    assert_eq!((found.new.newest[0].name.as_str(), found.new.newest[0].author.as_str()), (names[2].as_str(), "Ann"));
    let back = between(&repository.root(), &names[2], &names[1]).unwrap();
    assert_eq!((subjects(&back.gone).len(), back.new.count), (1, 0));
}

#[test]
fn a_replaced_commit_is_shown_as_its_name_says() {
    let (repository, names) = with_subjects(&["the truth", "something harmless"]);
    repository.git(&["replace", &names[1], &names[2]]);
    let found = between(&repository.root(), &names[0], &names[1]).unwrap();
    assert_eq!(subjects(&found.new), ["the truth"]);
}

#[test]
fn commits_that_cannot_be_listed_are_unknown_with_the_reason() {
    let (repository, names) = with_subjects(&["one"]);
    let root = repository.root();
    let none = "0".repeat(40);
    assert_eq!(between(&root, &none, &names[1]), Err(CommitsUnknown::NotHere { commit: none.clone() }));
    for text in ["--output=/tmp/x", "main", "HEAD"] {
        assert_eq!(between(&root, text, &names[1]), Err(CommitsUnknown::NotAName { text: text.to_owned() }));
    }
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(between(elsewhere.path(), &names[0], &names[1]), Err(CommitsUnknown::NoRepository));
    let from = format!("file://{}", root.display());
    git(elsewhere.path(), &["clone", "-q", "--depth", "1", &from, "copy"]);
    assert_eq!(between(&elsewhere.path().join("copy"), &names[0], &names[1]), Err(CommitsUnknown::CutOff));
}
