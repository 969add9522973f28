//! What is known about a stage beyond one release: a fold of the facts of all releases that entered it, and of people's commands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approval::Identity;
use super::event::{Event, Fact};
use super::freeze::{Frozen, FrozenBy};
use super::ids::{Digest, ImageName, ReleaseId, StageName};
use super::reason::Reason;

/// The ledgers of a pipeline's stages, by name; a missing one is empty.
pub type Ledgers = BTreeMap<StageName, StageLedger>;

/// The ledger of one stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageLedger {
    /// The last release that passed the stage.
    pub last_good: Option<LastGood>,
    /// The newest release that entered, with any outcome.
    pub last_entered: Option<ReleaseId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// Images that failed here, were rolled back, and were not proven later, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
    /// Images that were rejected here and not proven later, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
    /// Commands of people, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<RecordedCommand>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastGood {
    pub release: ReleaseId,
    pub at: Timestamp,
}

/// Images that failed together and were rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    pub at: Timestamp,
    pub release: ReleaseId,
    pub images: BTreeMap<ImageName, Digest>,
    pub reason: Reason,
}

/// Images that an approver rejected. Approval for another release of the same images needs a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub at: Timestamp,
    pub release: ReleaseId,
    pub images: BTreeMap<ImageName, Digest>,
    /// `None`: CodePipeline does not show who rejected.
    pub by: Option<Identity>,
    pub comment: String,
}

/// A person's command about a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageCommand {
    pub by: Identity,
    pub reason: String,
    #[serde(flatten)]
    pub action: StageAction,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum StageAction {
    Freeze,
    Unfreeze,
    /// The release's lease on the stage, with this fence, is no longer valid.
    BreakLock {
        release: ReleaseId,
        fence: u64,
    },
}

/// A command, and when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCommand {
    pub at: Timestamp,
    #[serde(flatten)]
    pub command: StageCommand,
}

/// Each list has at most this many entries, the newest: a DynamoDB item must stay under 100 kB, and an entry has a few hundred bytes.
const MOST_ENTRIES: usize = 100;

/// The stage whose ledger a fact changes.
pub fn stage_of(fact: &Fact) -> Option<&StageName> {
    if let Fact::StageEntered { stage }
    | Fact::StageLeft { stage, .. }
    | Fact::StageFrozen { stage, .. }
    | Fact::ImagesFailed { stage, .. } = fact
    {
        return Some(stage);
    }
    let Fact::ApprovalRejected { answer, .. } = fact else { return None };
    Some(&answer.stage)
}

impl StageLedger {
    /// Applies a fact about this stage; facts of other kinds change nothing.
    pub fn apply(&mut self, event: &Event) {
        let (at, release) = (event.at, &event.release);
        if let Fact::StageEntered { .. } = &event.fact {
            self.last_entered = Some(release.clone());
        } else if let Fact::StageLeft { images, .. } = &event.fact {
            self.last_good = Some(LastGood { release: release.clone(), at });
            let runs_well = |these: &BTreeMap<ImageName, Digest>| {
                these.iter().all(|(image, digest)| images.get(image) == Some(digest))
            };
            self.failed.retain(|f| !runs_well(&f.images));
            self.rejected.retain(|r| !runs_well(&r.images));
        } else if let Fact::ApprovalRejected { answer, images } = &event.fact {
            let (release, images) = (release.clone(), images.clone());
            let (by, comment) = (answer.by.clone(), answer.comment.clone());
            self.rejected.push(Rejected { at, release, images, by, comment });
            drop_oldest(&mut self.rejected);
        } else if let Fact::StageFrozen { .. } = &event.fact {
            let by = FrozenBy::Release { release: release.clone() };
            self.frozen.get_or_insert(Frozen { at, by });
        } else if let Fact::ImagesFailed { images, reason, .. } = &event.fact {
            self.failed.retain(|f| &f.images != images);
            let (release, images, reason) = (release.clone(), images.clone(), reason.clone());
            self.failed.push(Failed { at, release, images, reason });
            drop_oldest(&mut self.failed);
        }
    }

    /// Applies and records a command.
    pub fn record_command(&mut self, command: &StageCommand, now: Timestamp) {
        match &command.action {
            StageAction::Freeze => {
                let by = FrozenBy::Person { identity: command.by.clone(), reason: command.reason.clone() };
                self.frozen = Some(Frozen { at: now, by });
            }
            StageAction::Unfreeze => self.frozen = None,
            StageAction::BreakLock { .. } => {}
        }
        self.commands.push(RecordedCommand { at: now, command: command.clone() });
        drop_oldest(&mut self.commands);
    }

    /// Whether this was the last command.
    pub fn has_recorded(&self, command: &StageCommand, at: Timestamp) -> bool {
        self.commands.last().is_some_and(|last| last.at == at && &last.command == command)
    }

    /// The failed images that are all among these.
    pub fn failed_before<'l>(&'l self, images: &dyn Fn(&ImageName) -> Option<&'l Digest>) -> Option<&'l Failed> {
        self.failed.iter().rev().find(|f| f.images.iter().all(|(image, digest)| images(image) == Some(digest)))
    }

    /// The rejections of exactly these images, oldest first.
    pub fn rejected<'l>(
        &'l self,
        images: &BTreeMap<ImageName, Digest>,
    ) -> impl DoubleEndedIterator<Item = &'l Rejected> {
        self.rejected.iter().filter(move |r| !images.is_empty() && r.images == *images)
    }
}

fn drop_oldest<T>(list: &mut Vec<T>) {
    let over = list.len().saturating_sub(MOST_ENTRIES);
    list.drain(..over);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::approval::{Answer, ApprovalAnswer};
    use crate::model::ids::PlanHash;
    use crate::model::release::samples::{at, id};

    #[test]
    fn a_rejection_is_remembered_by_its_images_until_they_run_well() {
        let images = |text: &str| BTreeMap::from([(id::<ImageName>("web"), Digest::of(text.as_bytes()))]);
        let by = Identity { arn: "arn:x".into(), account: id("012345678901"), user_id: "X".into() };
        let answer = ApprovalAnswer {
            stage: id("prod"),
            plan: PlanHash::of(b"plan"),
            answer: Answer::Rejected,
            by: Some(by),
            comment: "no".into(),
        };
        let mut ledger = StageLedger::default();
        let mut apply = |fact: Fact| {
            assert_eq!(stage_of(&fact), Some(&id("prod")));
            ledger.apply(&Event { v: 1, seq: 2, at: at(2), release: id("r1"), fact });
            let count = |text: &str| ledger.rejected(&images(text)).count();
            (count("one"), count("other"))
        };
        let rejected = Fact::ApprovalRejected { answer, images: images("one") };
        assert_eq!(apply(rejected), (1, 0));
        let left = |text: &str| Fact::StageLeft { stage: id("prod"), images: images(text) };
        assert_eq!(apply(left("other")), (1, 0));
        assert_eq!(apply(left("one")), (0, 0));
        assert_eq!(ledger.rejected(&BTreeMap::new()).count(), 0, "no images match no rejection");
    }
}
