//! What a stage knows beyond one release: a fold of the facts of all releases that touched it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{Event, Fact};
use super::ids::{ReleaseId, StageName};

/// What one stage remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageLedger {
    /// The last release that left the stage through its last step.
    pub last_good: Option<LastGood>,
    /// The newest release that entered, whatever became of it.
    pub last_entered: Option<ReleaseId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastGood {
    pub release: ReleaseId,
    pub at: Timestamp,
}

/// The stage that a fact teaches something about.
pub fn stage_of(fact: &Fact) -> Option<&StageName> {
    match fact {
        Fact::StageEntered { stage } | Fact::StageLeft { stage } => Some(stage),
        _ => None,
    }
}

impl StageLedger {
    /// Takes in a fact about this stage; facts of other kinds leave it as it is.
    pub fn apply(&mut self, event: &Event) {
        match &event.fact {
            Fact::StageEntered { .. } => self.last_entered = Some(event.release.clone()),
            Fact::StageLeft { .. } => {
                self.last_good = Some(LastGood { release: event.release.clone(), at: event.at });
            }
            _ => {}
        }
    }

    /// Takes in a fact that comes late, with a release of another store: what is known of newer ones stays.
    pub fn apply_late(&mut self, event: &Event) {
        let known = self.clone();
        self.apply(event);
        // Release ids sort by time.
        if known.last_entered > self.last_entered {
            self.last_entered = known.last_entered;
        }
        if known.last_good.as_ref().map(|g| g.at) > self.last_good.as_ref().map(|g| g.at) {
            self.last_good = known.last_good;
        }
    }
}
