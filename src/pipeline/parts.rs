//! What stages refer to: accounts, images, services and tasks by their names.

use std::collections::BTreeMap;

use crate::model::ids::{AccountName, ImageName, ServiceName, TaskName};
use crate::model::pipeline::{Account, ImageSpec, ServiceSpec, TaskSpec};
use crate::model::step::Step;

/// What stages refer to, as far as it is valid.
pub struct Parts {
    pub accounts: BTreeMap<AccountName, Account>,
    pub images: BTreeMap<ImageName, ImageSpec>,
    pub services: BTreeMap<ServiceName, ServiceSpec>,
    pub tasks: BTreeMap<TaskName, TaskSpec>,
    /// Whether nothing was wrong so far.
    pub whole: bool,
}

impl Parts {
    /// The images that a step's services or task run.
    pub fn images_of<'a>(&'a self, step: &'a Step) -> impl Iterator<Item = &'a ImageName> {
        let services = step.services().iter().filter_map(|s| self.services.get(s)).flat_map(|s| s.containers.values());
        let task = step.task().and_then(|t| self.tasks.get(t)).into_iter().flat_map(|t| t.containers.values());
        services.chain(task)
    }
}
