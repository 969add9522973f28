//! What a stage knows beyond one release: a fold of the facts of all releases that touched it, and of what people said about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approval::Identity;
use super::event::{Event, Fact};
use super::freeze::{Frozen, FrozenBy};
use super::ids::{Digest, ImageName, ReleaseId, StageName};
use super::reason::Reason;

/// What the stages of a pipeline remember, by name; a stage that is missing remembers nothing.
pub type Ledgers = BTreeMap<StageName, StageLedger>;

/// What one stage remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageLedger {
    /// The last release that left the stage through its last step.
    pub last_good: Option<LastGood>,
    /// The newest release that entered, whatever became of it.
    pub last_entered: Option<ReleaseId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// What failed here, was rolled back, and was not proven since, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
    /// What was rejected here and did not run well since, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
    /// What people said, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Heard>,
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

/// Images that an approver rejected. Another release of the same images is asked about only with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub at: Timestamp,
    pub release: ReleaseId,
    pub images: BTreeMap<ImageName, Digest>,
    pub by: Identity,
    pub comment: String,
}

/// What a person says about a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub by: Identity,
    pub reason: String,
    #[serde(flatten)]
    pub said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case")]
pub enum Said {
    Freeze,
    Unfreeze,
    /// The release's lease on the stage, with this fence, is no longer valid.
    BreakLock {
        release: ReleaseId,
        fence: u64,
    },
}

/// What a person said, and when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub at: Timestamp,
    #[serde(flatten)]
    pub word: Word,
}

/// Of each list the newest are kept: an item of DynamoDB stays under 100 kB, and these are a few hundred bytes each.
const KEPT: usize = 100;

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
    /// Takes in a fact about this stage; facts of other kinds leave it as it is.
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
            newest(&mut self.rejected);
        } else if let Fact::StageFrozen { .. } = &event.fact {
            let by = FrozenBy::Release { release: release.clone() };
            self.frozen.get_or_insert(Frozen { at, by });
        } else if let Fact::ImagesFailed { images, reason, .. } = &event.fact {
            self.failed.retain(|f| &f.images != images);
            let (release, images, reason) = (release.clone(), images.clone(), reason.clone());
            self.failed.push(Failed { at, release, images, reason });
            newest(&mut self.failed);
        }
    }

    /// Takes in what a person said.
    pub fn hear(&mut self, word: &Word, now: Timestamp) {
        match &word.said {
            Said::Freeze => {
                let by = FrozenBy::Person { identity: word.by.clone(), reason: word.reason.clone() };
                self.frozen = Some(Frozen { at: now, by });
            }
            Said::Unfreeze => self.frozen = None,
            Said::BreakLock { .. } => {}
        }
        self.words.push(Heard { at: now, word: word.clone() });
        newest(&mut self.words);
    }

    /// Whether this was the last thing said.
    pub fn has_heard(&self, word: &Word, at: Timestamp) -> bool {
        self.words.last().is_some_and(|last| last.at == at && &last.word == word)
    }

    /// What failed here before and would enter again with these images.
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

fn newest<T>(list: &mut Vec<T>) {
    let over = list.len().saturating_sub(KEPT);
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
            by,
            comment: "no".into(),
        };
        let mut ledger = StageLedger::default();
        let mut takes = |fact: Fact| {
            assert_eq!(stage_of(&fact), Some(&id("prod")));
            ledger.apply(&Event { v: 1, seq: 2, at: at(2), release: id("r1"), fact });
            let count = |text: &str| ledger.rejected(&images(text)).count();
            (count("one"), count("other"))
        };
        let rejected = Fact::ApprovalRejected { answer, images: images("one") };
        assert_eq!(takes(rejected), (1, 0));
        let left = |text: &str| Fact::StageLeft { stage: id("prod"), images: images(text) };
        assert_eq!(takes(left("other")), (1, 0));
        assert_eq!(takes(left("one")), (0, 0));
        assert_eq!(ledger.rejected(&BTreeMap::new()).count(), 0, "nothing is no image");
    }
}
