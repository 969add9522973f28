//! What happened before: what runs now, the commits since, and what the earlier stages showed.

use jiff::Timestamp;

use super::fit::{Part, Worth, row, under};
use crate::model::arn;
use crate::model::commits::{Commit, CommitList, CommitsUnknown};
use crate::model::format::{commit as commit_name, lasting};
use crate::model::review::{EarlierStage, Origin, Review};
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::time::moment;
use crate::report::{check, checkout};

/// The longest subject among others in one line, in characters.
const LONGEST: usize = 50;

/// How many commits are listed where there is room for some.
const SOME: usize = 3;

/// The release that runs in the stage now, and since when.
pub(super) fn runs(review: &Review<'_>, now: Timestamp, paint: Paint) -> Text {
    const NAME: &str = "runs now";
    if let Some(running) = review.replaces {
        let id = &running.release.id;
        let since = running.since.map(|at| format!("{} ({})", moment(at), lasting(now.duration_since(at))));
        return match (running.passed, since) {
            (true, Some(since)) => row(NAME, format!("{id}, since {since}")),
            (false, Some(since)) => {
                row(NAME, paint.careful(&format!("{id}, entered {since}; it never passed {}", review.stage.name)))
            }
            (_, None) => row(NAME, id.as_str()),
        };
    }
    if review.shown.is_none() {
        return Text::new();
    }
    if review.runs.values().all(|origin| *origin == Origin::Nothing) {
        return row(NAME, "nothing");
    }
    let each = review.runs.iter().map(|(service, origin)| match origin {
        Origin::Nothing => format!("{service}: nothing"),
        Origin::Release(id) => format!("{service}: {id}"),
        Origin::Unknown(revision) => {
            format!("{service}: not known which release brought {}", arn::last(revision))
        }
    });
    row(NAME, each.collect::<Vec<_>>().join("; "))
}

/// The commits that what runs does not have.
pub(super) fn commits(review: &Review<'_>, paint: Paint) -> Part {
    const NAME: &str = "commits";
    let commits = match &review.commits {
        Ok(commits) => commits,
        Err(why) => return Part::always(row(NAME, format!("not known: {}", unknown(why)))),
    };
    let lost = match commits.gone.count {
        0 => Text::new(),
        count => {
            let first = commits.gone.newest.first().map(|c| format!(": {}", c.subject)).unwrap_or_default();
            let which = if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") };
            under(paint.careful(&format!("{which} of what runs not in this release{first}")))
        }
    };
    let new = &commits.new;
    if new.count == 0 {
        let same =
            if commits.gone.count == 0 { "the same commit as what runs" } else { "none that what runs does not have" };
        return Part::always(row(NAME, same).and(lost));
    }
    let head = match new.count {
        1 => "1 more than what runs".to_owned(),
        count => format!("{count} more than what runs"),
    };
    let short = row(NAME, &head).and(lost.clone());
    let own = review.release.started.source.commit.as_deref();
    let some = row(NAME, format!("{head}{}", subjects(new, own))).and(lost.clone());
    let list = |most| row(NAME, &head).and(listed(new, most)).and(lost.clone());
    Part::of(Worth::Commits, vec![short, some, list(SOME), list(usize::MAX)])
}

/// The subjects of some commits in one line, without the release's own, which has a line already.
fn subjects(commits: &CommitList, own: Option<&str>) -> String {
    let others: Vec<&Commit> = commits.newest.iter().filter(|commit| Some(commit.name.as_str()) != own).collect();
    if others.is_empty() {
        return String::new();
    }
    let cut = |text: &str| match text.chars().count() > LONGEST {
        true => format!("{}…", text.chars().take(LONGEST - 1).collect::<String>()),
        false => text.to_owned(),
    };
    let mut named: Vec<String> = others.iter().take(SOME).map(|commit| cut(&commit.subject)).collect();
    if others.len() > SOME || commits.count > commits.newest.len() {
        named.push("…".to_owned());
    }
    format!(": {}", named.join("; "))
}

fn listed(commits: &CommitList, most: usize) -> Text {
    let shown = commits.newest.len().min(most);
    let lines = commits.newest.iter().take(shown);
    let lines: Text =
        lines.map(|c| under(format!("{} {} ({})", commit_name(&c.name, 8), c.subject, c.author))).collect();
    match commits.count - shown {
        0 => lines,
        more => lines.and(under(format!("and {more} more"))),
    }
}

/// Why the commits are unknown.
fn unknown(why: &CommitsUnknown) -> String {
    match why {
        CommitsUnknown::NothingToCompare => "the release that runs is not known".to_owned(),
        CommitsUnknown::NoCommit { of_what_runs: true } => "no commit is recorded of what runs".to_owned(),
        CommitsUnknown::NoCommit { of_what_runs: false } => "no commit is recorded of this release".to_owned(),
        CommitsUnknown::SeveralCommits => "the images were built from different commits".to_owned(),
        CommitsUnknown::NoRepository => "there is no git repository here".to_owned(),
        CommitsUnknown::NotHere { commit } => {
            format!("commit {} is not in this checkout; `git fetch` may bring it", commit_name(commit, 12))
        }
        CommitsUnknown::NotAName { text } => format!("the record has `{}` instead of a commit", commit_name(text, 40)),
        CommitsUnknown::CutOff => {
            "this checkout has only the end of the history; `git fetch --unshallow` completes it".to_owned()
        }
        CommitsUnknown::Git { why } => checkout::problem(why),
    }
}

/// What an earlier stage showed.
pub(super) fn stage(stage: &EarlierStage<'_>, now: Timestamp, paint: Paint) -> Part {
    let EarlierStage { name, passed_at, replaced_by, checks, tasks } = stage;
    let Some(at) = passed_at else {
        return Part::always(row(name.as_str(), paint.bad("not passed")));
    };
    let since = format!("{} ({})", moment(*at), lasting(now.duration_since(*at)));
    let passed = match replaced_by {
        None => format!("since {since} by the record"),
        Some(other) => paint.careful(&format!("passed {since}; {other} has entered it since")),
    };
    let judged = checks.iter().flatten().count();
    let said = match (checks.len(), judged) {
        (0, _) => paint.careful("; nothing was checked there"),
        (all, judged) if judged < all => paint.careful(&format!("; not known: {} of {all} checks", all - judged)),
        (1, _) => "; 1 check passed".to_owned(),
        (all, _) => format!("; {all} checks passed"),
    };
    let failed = checks.iter().flatten().filter(|(verdict, _)| !verdict.passes());
    let failed: String = failed.map(|(_, result)| paint.bad(&format!("; failed: {}", check::result(result)))).collect();
    let said = if failed.is_empty() { said } else { failed };
    let short = row(name.as_str(), format!("{passed}{said}"));
    let mut long = short.clone();
    for (task, code) in tasks {
        long = long.and(under(match code {
            Some(code) => format!("{task} ended with exit code {code}"),
            None => paint.careful(&format!("not known how {task} ended")),
        }));
    }
    for (_, result) in checks.iter().flatten() {
        long = long.and(under(check::result(result)));
    }
    Part::of(Worth::Checks, vec![short, long])
}
