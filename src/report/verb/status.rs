//! What `status` prints: what runs where, and which release deployed it.

use crate::model::arn;
use crate::model::fault::Fault;
use crate::model::freeze::Frozen;
use crate::model::ids::{AccountName, ReleaseId, ServiceName, StageName};
use crate::model::release::Release;
use crate::report::text::Text;
use crate::report::{ending, fault, freeze, outcome, table};

/// A service of a stage: a row of the table.
pub struct ServiceRow<'a> {
    pub stage: &'a str,
    pub service: &'a str,
    pub live: Live<'a>,
    /// The release that deployed the running revision; `None`: none that is recorded here.
    pub release: Option<&'a str>,
    /// The stage's last good release.
    pub last_good: Option<&'a str>,
    /// Whether the last good release's images run, whoever registered the revision.
    pub good_runs: bool,
}

/// What runs of a service.
#[derive(Clone, Copy)]
pub enum Live<'a> {
    NotAsked,
    Unreadable,
    Runs {
        running: u32,
        desired: u32,
        /// The images, as people read them.
        images: &'a [String],
        /// The task definition's ARN.
        task_definition: &'a str,
    },
}

/// What cannot be read; in JSON its names alone.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub enum Unread {
    Account { account: AccountName },
    Service { stage: StageName, service: ServiceName },
}

/// The table of services. `width`: of the terminal, in cells.
pub fn services<'a>(rows: impl Iterator<Item = ServiceRow<'a>>, width: Option<usize>) -> Text {
    let lines = rows.map(|row| {
        let [runs, image, revision] = match row.live {
            Live::NotAsked => ["-", "-", "-"].map(str::to_owned),
            Live::Unreadable => ["?", "?", "?"].map(str::to_owned),
            Live::Runs { running, desired, images, task_definition } => {
                [format!("{running}/{desired}"), images.join(", "), arn::last(task_definition).to_owned()]
            }
        };
        vec![format!("{}/{}", row.stage, row.service), runs, image, revision, released(&row)]
    });
    table::table(&["service", "runs", "image", "revision", "release"], lines.collect(), width)
}

/// The release whose revision runs, and the stage's last good one if that is another.
fn released(row: &ServiceRow<'_>) -> String {
    match (row.live, row.release, row.last_good) {
        (Live::NotAsked | Live::Unreadable, _, good) => good.unwrap_or("-").to_owned(),
        (Live::Runs { .. }, None, None) => "not by kanmon".to_owned(),
        (Live::Runs { .. }, None, Some(good)) => format!("not by kanmon (last good: {good})"),
        (Live::Runs { .. }, Some(id), good) if good == Some(id) || row.good_runs => id.to_owned(),
        (Live::Runs { .. }, Some(id), None) => format!("{id} (not proven yet)"),
        (Live::Runs { .. }, Some(id), Some(good)) => format!("{id} (last good: {good})"),
    }
}

/// An account or a service cannot be read.
pub fn unread(what: &Unread, why: &Fault) -> String {
    let what = match what {
        Unread::Account { account } => format!("account {account}"),
        Unread::Service { stage, service } => format!("{stage}/{service}"),
    };
    format!("{what} cannot be read: {}", fault::words(why).line())
}

pub fn frozen(stage: &StageName, frozen: &Frozen) -> String {
    format!("{stage} is frozen: {}; `kanmon unfreeze {stage} --comment WHY` unfreezes it", freeze::text(frozen))
}

/// `who`: works on the release.
pub fn locked(stage: &StageName, release: &ReleaseId, who: &str) -> String {
    format!("{stage} is locked by {release} ({who})")
}

/// A release that has not ended for good. `who`: works on it; `waits`: the stages whose approval it waits for.
pub fn open(release: &Release, who: Option<&str>, waits: &[&str]) -> String {
    let id = &release.id;
    match (who, &release.ending) {
        (Some(who), _) if waits.is_empty() => format!("{id} is in progress ({who})"),
        (Some(who), _) => format!("{id} waits for approval of {} ({who})", waits.join(", ")),
        (None, Some(ending)) => {
            let sentence = ending::words(ending, release).sentence;
            format!("{id} {}: {sentence}; `kanmon resume {id}` continues it", outcome::word(ending.outcome()))
        }
        (None, None) => format!("{id} was interrupted; `kanmon resume {id}` continues it"),
    }
}
