//! Checkouts that git does not read, or that somebody else prepared.

use super::rig::{Desk, Sandbox};

/// The same happens where git refuses a folder of another user (`safe.directory`), which only root could set up here.
#[test]
fn a_checkout_that_git_does_not_read_has_an_unknown_commit_and_a_warning_in_gits_words() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    let dev = sandbox.keys("developer");
    let known = desk.run(&dev, &["release", "--until", "dev"]).ended(0);
    assert!(!known.err.contains("warning"), "{}", known.err);
    desk.write(".git/HEAD", "garbage");
    let unread = desk.run(&dev, &["release", "--until", "dev"]).ended(0);
    let unread = unread.told("warning: the commit is unknown: git: fatal: not a git repository");
    assert!(unread.err.contains("commit unknown, asked by developer"), "{}", unread.err);
    let history = desk.run(&dev, &["history"]).ended(0);
    assert_eq!(history.out.lines().filter(|l| l.contains(" unknown ")).count(), 1, "{}", history.out);
}
