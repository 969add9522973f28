//! A log of what the stores accepted and what arrived at AWS, in order. It is kept apart from the stores, and checked independently.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use kanmon::model::effect_properties::Needs;
use kanmon::model::event::Fact;
use kanmon::model::ids::{ReleaseId, StageName};
use kanmon::ports::journal::LEASE;
use kanmon::runtime::lease_guard::TRUSTED;
use tokio::time::Instant;

#[derive(Debug, Clone)]
pub enum Entry {
    /// A process got the lease of a release.
    Taken { process: String, release: ReleaseId, fence: u64 },
    /// A process got the lease of a stage.
    Locked { release: ReleaseId, lease: u64, stage: StageName },
    /// The lease of a stage was released.
    Freed { release: ReleaseId, stage: StageName },
    /// The leases of a release and of all its stages were released.
    GivenUp { release: ReleaseId },
    /// A process has ended, and its machine knows that: others take over without waiting for its lease to expire.
    Ended { process: String },
    /// The store accepted these facts.
    Accepted { process: String, release: ReleaseId, fence: u64, after: u64, facts: Vec<Fact> },
    /// A call that changes something arrived at AWS, this long after it was sent.
    Arrived { process: String, release: ReleaseId, call: Call, underway: Duration },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub operation: String,
    pub service: String,
    pub definition: String,
    pub worked: bool,
}

#[derive(Debug, Default)]
pub struct Log {
    entries: Mutex<Vec<(Instant, Entry)>>,
    counts: Mutex<BTreeMap<&'static str, usize>>,
}

/// What a thousand schedules must meet, each at least `LEAST` times.
pub const WANTED: [&str; 8] = [
    "crashes",
    "pauses longer than a lease",
    "clocks set",
    "lost replies",
    "takeovers",
    "overlaps",
    "successes",
    "superseded",
];

/// What is met less often than in one of fifty schedules is hardly tested, and a small change elsewhere could end it.
pub const LEAST: usize = 20;

impl Log {
    pub fn put(&self, entry: Entry) {
        self.entries.lock().unwrap().push((Instant::now(), entry));
    }

    pub fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.counts.lock().unwrap().clone()
    }

    pub fn entries(&self) -> Vec<(Instant, Entry)> {
        self.entries.lock().unwrap().clone()
    }

    /// Checks everything against the rules.
    pub fn check(&self) -> Result<(), String> {
        let entries = self.entries();
        let printed = || {
            entries
                .iter()
                .map(|(at, e)| format!("{:?} {e:?}", at.duration_since(entries[0].0)))
                .collect::<Vec<_>>()
                .join("\n")
        };
        self.one_writer(&entries).map_err(|why| {
            if std::env::var_os("KANMON_RACE").is_some() { format!("{why}\n{}", printed()) } else { why }
        })
    }

    fn one_writer(&self, entries: &[(Instant, Entry)]) -> Result<(), String> {
        let mut holders: BTreeMap<ReleaseId, (u64, String)> = BTreeMap::new();
        let mut last: BTreeMap<ReleaseId, u64> = BTreeMap::new();
        let mut stages: BTreeMap<StageName, (ReleaseId, u64)> = BTreeMap::new();
        // When each process and release that holds it no longer lost it.
        let mut release_lost: BTreeMap<(ReleaseId, String), Instant> = BTreeMap::new();
        let mut stage_lost: BTreeMap<ReleaseId, Instant> = BTreeMap::new();
        let mut ended: BTreeSet<String> = BTreeSet::new();
        let mut updates: BTreeMap<(ReleaseId, String), Vec<Instant>> = BTreeMap::new();
        for (at, entry) in entries {
            match entry {
                Entry::Taken { process, release, fence } => {
                    if let Some((before, loser)) = holders.insert(release.clone(), (*fence, process.clone())) {
                        if *fence <= before {
                            return Err(format!("{process} took {release} with fence {fence} after {before}"));
                        }
                        release_lost.insert((release.clone(), loser), *at);
                        self.count("takeovers");
                    }
                }
                Entry::Locked { release, lease, stage, .. } => {
                    if let Some((loser, _)) = stages.insert(stage.clone(), (release.clone(), *lease)) {
                        stage_lost.insert(loser, *at);
                    }
                }
                Entry::Freed { release, stage } => {
                    stages.retain(|name, (holder, _)| name != stage || holder != release);
                    stage_lost.insert(release.clone(), *at);
                }
                Entry::GivenUp { release } => {
                    stages.retain(|_, (holder, _)| holder != release);
                    stage_lost.insert(release.clone(), *at);
                }
                Entry::Ended { process } => {
                    ended.insert(process.clone());
                }
                Entry::Accepted { process, release, fence, after, facts } => {
                    if holders.get(release) != Some(&(*fence, process.clone())) {
                        return Err(format!(
                            "{process} (fence {fence}) wrote {release}, held by {:?}",
                            holders.get(release)
                        ));
                    }
                    let expected = last.entry(release.clone()).or_insert(*after);
                    if expected != after {
                        return Err(format!(
                            "{process} wrote {release} after event {after}, and the last was {expected}"
                        ));
                    }
                    *expected += facts.len() as u64;
                    for fact in facts {
                        if let Some(stage) = changes(fact)
                            && stages.get(stage) != Some(&(release.clone(), *fence))
                        {
                            return Err(format!("{release} announced {fact:?}; {stage} is of {:?}", stages.get(stage)));
                        }
                        if let Fact::StageLeft { stage, .. } = fact {
                            stages.retain(|name, (holder, _)| name != stage || holder != release);
                            stage_lost.insert(release.clone(), *at);
                        }
                    }
                }
                Entry::Arrived { process, release, call, underway } => {
                    let sent = *at - *underway;
                    let holds_release = holders.get(release).is_some_and(|(_, holder)| holder == process);
                    let needs_stage = call.operation != "RegisterTaskDefinition";
                    let holds_stage = stages.values().any(|(holder, _)| holder == release);
                    if !(holds_release && (holds_stage || !needs_stage)) {
                        let lost = release_lost.get(&(release.clone(), process.clone()));
                        let held_release = holds_release || lost.is_some_and(|lost| *lost >= sent);
                        let held_stage = holds_stage || stage_lost.get(release).is_some_and(|lost| *lost >= sent);
                        if !(held_release && (held_stage || !needs_stage)) {
                            return Err(format!("{process} sent {call:?} for {release} without holding it"));
                        }
                        // Nobody waits for the lease of a process that is known to have ended.
                        let late = *underway >= Duration::try_from(LEASE - TRUSTED).expect("a while");
                        if !late && !ended.contains(process) {
                            return Err(format!(
                                "{process} lost {release} while {call:?} was underway for {underway:?}"
                            ));
                        }
                        self.count("overlaps");
                        if stages.values().any(|(holder, _)| holder != release) {
                            self.count("overlaps with another release");
                        }
                    }
                    if call.operation == "UpdateService" && call.worked {
                        // The same call may arrive twice only if the first was still in transit when the second was sent: it could not be
                        // seen.
                        let before =
                            updates.entry((release.clone(), call.definition.clone() + &call.service)).or_default();
                        if before.iter().any(|arrived| *arrived <= sent) {
                            return Err(format!("{release} updated {} to {} twice", call.service, call.definition));
                        }
                        before.push(*at);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether there was a moment between these two at which every service was set to what this release deployed.
    pub fn was_ours(&self, definitions: &BTreeMap<String, String>, from: Instant, to: Instant) -> bool {
        let entries = self.entries();
        definitions.iter().all(|(service, ours)| {
            let set = entries.iter().filter_map(|(at, entry)| match entry {
                Entry::Arrived { call, .. }
                    if call.operation == "UpdateService" && call.worked && &call.service == service =>
                {
                    Some((*at, &call.definition))
                }
                _ => None,
            });
            let sets: Vec<_> = set.filter(|(at, _)| *at <= to).collect();
            let before = sets.iter().rev().find(|(at, _)| *at <= from);
            before.is_some_and(|(_, d)| *d == ours) || sets.iter().any(|(at, d)| *at >= from && *d == ours)
        })
    }
}

/// The stage in which a fact announces a change.
fn changes(fact: &Fact) -> Option<&StageName> {
    match fact {
        Fact::StageEntered { stage } => Some(stage),
        Fact::Intended { effect, .. } if effect.row().lease == Needs::Stage => effect.stage(),
        _ => None,
    }
}
