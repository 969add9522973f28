//! What a stage knows beyond one release: a fold of the facts of all releases that touched it, and of what people said about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approval::Identity;
use super::event::{Event, Fact};
use super::ids::{Digest, ImageName, ReleaseId, StageName};

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
    /// What people said, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Heard>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastGood {
    pub release: ReleaseId,
    pub at: Timestamp,
}

/// A stage that nothing new enters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub at: Timestamp,
    pub by: FrozenBy,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrozenBy {
    Person(Identity),
    /// By itself, because this release's rollback failed.
    Release(ReleaseId),
}

/// Images that failed together and were rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    pub at: Timestamp,
    pub release: ReleaseId,
    pub images: BTreeMap<ImageName, Digest>,
    pub why: String,
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
    /// The release's hold on the stage, with this fence, counts no more.
    BreakLock {
        release: ReleaseId,
        fence: u64,
    },
}

/// A word, and when it was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub at: Timestamp,
    #[serde(flatten)]
    pub word: Word,
}

/// Of each list the newest are kept: an item of DynamoDB stays under 100 kB, and these are a few hundred bytes each.
const KEPT: usize = 100;

/// The stage that a fact teaches something about.
pub fn stage_of(fact: &Fact) -> Option<&StageName> {
    match fact {
        Fact::StageEntered { stage }
        | Fact::StageLeft { stage, .. }
        | Fact::StageFrozen { stage, .. }
        | Fact::ImagesFailed { stage, .. } => Some(stage),
        _ => None,
    }
}

impl StageLedger {
    /// Takes in a fact about this stage; facts of other kinds leave it as it is.
    pub fn apply(&mut self, event: &Event) {
        let (at, release) = (event.at, &event.release);
        match &event.fact {
            Fact::StageEntered { .. } => self.last_entered = Some(release.clone()),
            Fact::StageLeft { images, .. } => {
                self.last_good = Some(LastGood { release: release.clone(), at });
                self.failed.retain(|f| !f.images.iter().all(|(image, digest)| images.get(image) == Some(digest)));
            }
            Fact::StageFrozen { reason, .. } => {
                let by = FrozenBy::Release(release.clone());
                self.frozen.get_or_insert_with(|| Frozen { at, by, reason: reason.clone() });
            }
            Fact::ImagesFailed { images, why, .. } => {
                self.failed.retain(|f| &f.images != images);
                let (release, images, why) = (release.clone(), images.clone(), why.clone());
                self.failed.push(Failed { at, release, images, why });
                newest(&mut self.failed);
            }
            _ => {}
        }
    }

    /// Takes in what a person said.
    pub fn hear(&mut self, word: &Word, now: Timestamp) {
        match &word.said {
            Said::Freeze => {
                let by = FrozenBy::Person(word.by.clone());
                self.frozen = Some(Frozen { at: now, by, reason: word.reason.clone() });
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
}

fn newest<T>(list: &mut Vec<T>) {
    let over = list.len().saturating_sub(KEPT);
    list.drain(..over);
}
