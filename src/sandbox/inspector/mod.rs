//! Amazon Inspector: coverage and findings. A scan is a function of when it began and of the time: nothing is stored
//! that could fall behind the clock. ECR's basic scan has the same findings under its own names.

pub mod api;
pub mod behaviour;
mod filter;
pub mod finding;
pub mod location;
pub mod rescan;
mod rows;
pub mod scan;

use std::collections::{BTreeMap, BTreeSet};

use behaviour::{Behaviour, LaterFindings, StatusChange};
use rescan::Rescans;

use super::latency::Latency;
use crate::model::ids::{AccountId, Region};

/// What Inspector would find, for all accounts.
#[derive(Debug, Clone)]
pub struct Inspector {
    latency: Latency,
    disabled: BTreeSet<AccountId>,
    behaviours: Vec<Behaviour>,
    later: Vec<LaterFindings>,
    status_changes: Vec<StatusChange>,
    rescans: BTreeMap<(AccountId, Region), Rescans>,
}

impl Inspector {
    pub fn new(latency: Latency) -> Inspector {
        Inspector {
            latency,
            disabled: BTreeSet::new(),
            behaviours: Vec::new(),
            later: Vec::new(),
            status_changes: Vec::new(),
            rescans: BTreeMap::new(),
        }
    }

    /// Turns Inspector off for an account.
    pub fn disable(&mut self, account: &AccountId) {
        self.disabled.insert(account.clone());
    }

    /// Adds what scans of matching images do and find.
    pub fn add(&mut self, behaviour: Behaviour) {
        self.behaviours.push(behaviour);
    }

    /// Adds findings that a re-scan status_changes up at their time.
    pub fn add_later(&mut self, later: LaterFindings) {
        self.later.push(later);
    }

    /// Closes or suppresses findings at their time. Of several status_changes, the one that was added last counts.
    pub fn add_status_change(&mut self, change: StatusChange) {
        self.status_changes.push(change);
    }
}
