//! The first page: what runs in each stage, and the releases.

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use super::release_state::Shown;
use super::release_state::{age, inked};
use super::tasks;
use crate::model::freeze::Frozen;
use crate::model::ids::{ReleaseId, ServiceName, StageName};
use crate::model::rollout::ServiceReading;
use crate::report::display_names;
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::verb::status;
use crate::report::wrap::{cells, clipped, filled, padded};

/// A service of a stage.
pub struct ServiceLine<'a> {
    pub stage: &'a StageName,
    pub service: &'a ServiceName,
    pub seen: Seen<'a>,
    /// The release that deployed what runs; of a service that was not read, the stage's last good release.
    pub release: Option<&'a ReleaseId>,
}

/// What was read of a service.
#[derive(Clone, Copy)]
pub enum Seen<'a> {
    NotYet,
    Unreadable,
    Reading(&'a ServiceReading),
}

/// What stands below the services.
pub enum Note<'a> {
    Frozen(&'a StageName, &'a Frozen),
    /// Services of these stages cannot be read.
    NotVisible(Vec<&'a StageName>),
    /// The record of a release cannot be read.
    Unreadable(&'a ReleaseId, String),
    /// This many releases are not shown.
    Older(usize),
}

/// The most services that get a line each; of more, each stage gets one.
const MOST_SERVICES: usize = 8;

/// The services, at this width in cells.
pub fn services(lines: &[ServiceLine<'_>], width: usize, paint: Paint) -> Text {
    let rows: Vec<[String; 3]> = match lines.len() > MOST_SERVICES {
        false => lines.iter().map(|line| row(line, paint)).collect(),
        true => by_stage(lines, paint),
    };
    let widest = |column: usize| rows.iter().map(|row| cells(&row[column])).max().unwrap_or(0);
    // Names may be long: the other columns get what they need first.
    let (tasks, release) = (widest(1), widest(2));
    let name = widest(0).min(width.saturating_sub(tasks + release + 5)).max(width / 5);
    rows.iter()
        .map(|[first, second, third]| format!(" {}  {}  {third}", padded(first, name), filled(second, tasks)))
        .collect()
}

fn row(line: &ServiceLine<'_>, paint: Paint) -> [String; 3] {
    let name = format!("{}/{}", line.stage, line.service);
    match line.seen {
        Seen::NotYet | Seen::Unreadable => {
            let seen = if let Seen::NotYet = line.seen { "reading …" } else { "not visible" };
            let recorded = line.release.map_or("", |release| release.as_str());
            [name, paint.faint(seen), paint.faint(recorded)]
        }
        Seen::Reading(reading) => {
            let by = line.release.map_or_else(|| paint.faint(NOT_RECORDED), ToString::to_string);
            let rolling = if tasks::is_rolling(reading) { paint.strong(" ▶") } else { String::new() };
            [name, tasks::brief(reading, paint) + &rolling, by]
        }
    }
}

/// What runs was deployed by no release that is recorded.
const NOT_RECORDED: &str = "not by kanmon";

/// A line for each stage, and one for each service that is being deployed.
fn by_stage(lines: &[ServiceLine<'_>], paint: Paint) -> Vec<[String; 3]> {
    let mut stages: Vec<&StageName> = lines.iter().map(|line| line.stage).collect();
    stages.dedup();
    let mut rows = Vec::new();
    for stage in stages {
        let of_stage: Vec<_> = lines.iter().filter(|line| line.stage == stage).collect();
        if let [only] = of_stage[..] {
            rows.push(row(only, paint));
            continue;
        }
        let read: Vec<_> = of_stage
            .iter()
            .filter_map(|line| match line.seen {
                Seen::Reading(reading) => Some((*line, reading)),
                Seen::NotYet | Seen::Unreadable => None,
            })
            .collect();
        let (running, desired) = read.iter().fold((0, 0), |(runs, wants), (_, reading)| {
            (runs + reading.running.min(reading.desired), wants + reading.desired)
        });
        let mut by: BTreeMap<String, usize> = BTreeMap::new();
        for (line, _) in &read {
            *by.entry(line.release.map_or_else(|| NOT_RECORDED.to_owned(), ToString::to_string)).or_default() += 1;
        }
        let by: Vec<String> = by.into_iter().rev().map(|(release, n)| format!("{release} ({n})")).collect();
        let counts = match read.len() == of_stage.len() {
            true => format!("{} {running}/{desired}", tasks::drawn(running, desired, paint)),
            false => format!("{} of {} read", read.len(), of_stage.len()),
        };
        rows.push([format!("{stage}: {} services", of_stage.len()), counts, by.join(", ")]);
        let rolling = read.into_iter().filter(|(_, reading)| tasks::is_rolling(reading));
        rows.extend(rolling.map(|(line, _)| row(line, paint)));
    }
    rows
}

/// What stands below the services, each as one line; what is longer is in `status`.
pub fn note(note: &Note<'_>, width: usize, paint: Paint) -> String {
    match note {
        Note::Frozen(stage, frozen) => paint.careful(&clipped(&format!(" {}", status::frozen(stage, frozen)), width)),
        Note::NotVisible(stages) => {
            let stages: Vec<&str> = stages.iter().map(|stage| stage.as_str()).collect();
            paint.faint(&clipped(
                &format!(" not visible to you: {}; `kanmon status` shows why", stages.join(", ")),
                width,
            ))
        }
        Note::Unreadable(release, why) => {
            paint.careful(&clipped(&format!(" the record of {release} cannot be read: {why}"), width))
        }
        Note::Older(count) => paint.faint(&format!(" {count} older releases: `kanmon history`")),
    }
}

/// Releases, each as one line of at most this many cells.
pub fn releases(releases: &[Shown<'_>], now: Timestamp, width: usize, paint: Paint) -> Text {
    let id = releases.iter().map(|shown| cells(shown.release.id.as_str())).max().unwrap_or(0);
    let chains: Vec<String> = releases.iter().map(|shown| chain(shown, true, paint)).collect();
    let widest = chains.iter().map(|chain| cells(chain)).max().unwrap_or(0);
    // The state needs room: stages have their names only where enough is left.
    let named = width.saturating_sub(id + AGE + widest + GAPS) >= STATE;
    let chains = match named {
        true => chains,
        false => releases.iter().map(|shown| chain(shown, false, paint)).collect(),
    };
    let widest = chains.iter().map(|chain| cells(chain)).max().unwrap_or(0);
    let rest = width.saturating_sub(id + AGE + widest + GAPS);
    let rows = releases.iter().zip(&chains).map(|(shown, chain)| {
        let release = shown.release;
        let age = age(now.duration_since(release.started_at));
        let who = display_names::short_name(&release.requested_by);
        let by = if rest >= STATE + WHO { format!("  {}", paint.faint(&padded(&who, WHO - 2))) } else { String::new() };
        let room = rest.saturating_sub(cells(&by));
        let (ink, state) = shown.fitted_state(now, room);
        let state = padded(&state, room);
        let id = padded(release.id.as_str(), id);
        format!("{id}  {age:>3}  {}  {}{by}", filled(chain, widest), inked(ink, &state, paint))
    });
    rows.collect()
}

/// The widest age.
const AGE: usize = 3;
/// The gaps between the columns, and the mark of the selected release.
const GAPS: usize = 8;
/// The least room for a release's state.
const STATE: usize = 30;
/// The room for the requester, with the gap before it.
const WHO: usize = 18;

/// The stages in their order, each as a sign; `named`: with their names.
fn chain(shown: &Shown<'_>, named: bool, paint: Paint) -> String {
    let stages = shown.release.started.pipeline.stages.iter();
    let signs = stages.map(|stage| {
        let (ink, sign) = shown.sign(stage);
        match named {
            true => inked(ink, &format!("{sign} {}", stage.name), paint),
            false => inked(ink, &sign.to_string(), paint),
        }
    });
    signs.collect::<Vec<_>>().join(if named { "  " } else { "" })
}

/// The heading of the list of releases.
pub const RELEASES: &str = " releases ";

/// There is nothing to list.
pub const NO_RELEASE: &str = "no release is recorded yet; `kanmon release` starts one";
