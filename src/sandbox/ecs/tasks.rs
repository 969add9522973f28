//! A cluster's tasks, with indexes of what is read often: which is due next, and how many of each kind a deployment has. A service may
//! have thousands of tasks, and the scheduler runs after each change of one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::task::Task;

/// Tasks, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Not STOPPED yet, whatever their desired status.
    pub present: usize,
    /// With desired status RUNNING, in any phase.
    pub live: usize,
    pub pending: usize,
    pub running: usize,
    pub healthy: usize,
}

impl Tally {
    fn of(task: &Task) -> Tally {
        Tally {
            present: usize::from(!task.is_stopped()),
            live: usize::from(task.is_live()),
            pending: usize::from(task.is_pending()),
            running: usize::from(task.is_running()),
            healthy: usize::from(task.is_healthy()),
        }
    }

    fn each(self, other: Tally, by: impl Fn(usize, usize) -> usize) -> Tally {
        Tally {
            present: by(self.present, other.present),
            live: by(self.live, other.live),
            pending: by(self.pending, other.pending),
            running: by(self.running, other.running),
            healthy: by(self.healthy, other.healthy),
        }
    }

    fn and(self, other: Tally) -> Tally {
        self.each(other, |a, b| a + b)
    }

    /// Those that are not among `part`, which must be a part of these.
    pub fn without(self, part: Tally) -> Tally {
        self.each(part, |a, b| a - b)
    }
}

/// The tasks of one deployment that have not stopped.
#[derive(Debug, Clone, Default)]
struct Group {
    /// Oldest first.
    ids: BTreeSet<(Timestamp, String)>,
    tally: Tally,
}

/// All tasks of a cluster, those of its services and one-off ones.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    by_id: BTreeMap<String, Task>,
    due: BTreeSet<(Timestamp, String)>,
    /// By service and deployment.
    groups: BTreeMap<String, BTreeMap<String, Group>>,
    total: Tally,
    unresolved: Vec<String>,
}

impl Tasks {
    pub fn get(&self, id: &str) -> Option<&Task> {
        self.by_id.get(id)
    }

    pub fn values(&self) -> impl Iterator<Item = &Task> {
        self.by_id.values()
    }

    pub fn insert(&mut self, task: Task) {
        self.count(&task, (None, Tally::default()), (task.due, Tally::of(&task)));
        if task.unresolved {
            self.unresolved.push(task.id.clone());
        }
        self.by_id.insert(task.id.clone(), task);
    }

    pub fn remove(&mut self, id: &str) {
        if let Some(task) = self.by_id.remove(id) {
            self.count(&task, (task.due, Tally::of(&task)), (None, Tally::default()));
        }
    }

    /// Changes a task, but neither its service nor its deployment.
    pub fn change<R>(&mut self, id: &str, change: impl FnOnce(&mut Task) -> R) -> Option<R> {
        let (key, mut task) = self.by_id.remove_entry(id)?;
        let before = (task.due, Tally::of(&task));
        let answer = change(&mut task);
        self.count(&task, before, (task.due, Tally::of(&task)));
        self.by_id.insert(key, task);
        Some(answer)
    }

    pub fn tags_mut(&mut self, id: &str) -> Option<&mut Vec<Value>> {
        self.by_id.get_mut(id).map(|t| &mut t.tags)
    }

    /// The task whose phase ends first, the first by its id where several do.
    pub fn next_due(&self) -> Option<(Timestamp, &str)> {
        self.due.first().map(|(at, id)| (*at, id.as_str()))
    }

    /// Seeded tasks whose images nobody has looked up since this was last asked.
    pub fn take_unresolved(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unresolved)
    }

    /// All tasks, one-off ones too.
    pub fn total(&self) -> Tally {
        self.total
    }

    pub fn tally_of_service(&self, service: &str) -> Tally {
        self.groups
            .get(service)
            .into_iter()
            .flat_map(BTreeMap::values)
            .fold(Tally::default(), |all, g| all.and(g.tally))
    }

    pub fn tally(&self, service: &str, deployment: &str) -> Tally {
        self.groups.get(service).and_then(|all| all.get(deployment)).map(|g| g.tally).unwrap_or_default()
    }

    /// The deployment's tasks that have not stopped, oldest first.
    pub fn of_deployment<'a>(&'a self, service: &str, deployment: &str) -> impl Iterator<Item = &'a Task> {
        self.tasks_of(self.groups.get(service).and_then(|all| all.get(deployment)))
    }

    /// The service's tasks that have not stopped, but for those of one deployment; oldest first.
    pub fn of_others(&self, service: &str, deployment: &str) -> Vec<&Task> {
        let groups = self.groups.get(service).into_iter().flatten().filter(|(id, _)| *id != deployment);
        let mut others: Vec<&Task> = groups.flat_map(|(_, group)| self.tasks_of(Some(group))).collect();
        others.sort_by(|a, b| (a.times.created, &a.id).cmp(&(b.times.created, &b.id)));
        others
    }

    /// The service's tasks that have not stopped.
    pub fn of_service<'a>(&'a self, service: &str) -> impl Iterator<Item = &'a Task> {
        self.groups.get(service).into_iter().flat_map(BTreeMap::values).flat_map(|group| self.tasks_of(Some(group)))
    }

    fn tasks_of<'a>(&'a self, group: Option<&'a Group>) -> impl Iterator<Item = &'a Task> {
        group.into_iter().flat_map(|g| &g.ids).filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Updates the indexes after a change of a task.
    fn count(&mut self, task: &Task, before: (Option<Timestamp>, Tally), after: (Option<Timestamp>, Tally)) {
        if before.0 != after.0 {
            if let Some(at) = before.0 {
                self.due.remove(&(at, task.id.clone()));
            }
            if let Some(at) = after.0 {
                self.due.insert((at, task.id.clone()));
            }
        }
        let (before, after) = (before.1, after.1);
        if before == after {
            return;
        }
        self.total = self.total.and(after).without(before);
        let (Some(service), Some(deployment)) = (&task.service, &task.started_by) else { return };
        let groups = self.groups.entry(service.clone()).or_default();
        let group = groups.entry(deployment.clone()).or_default();
        group.tally = group.tally.and(after).without(before);
        let key = (task.times.created, task.id.clone());
        match (before.present, after.present) {
            (0, 1) => group.ids.insert(key),
            (1, 0) => group.ids.remove(&key),
            _ => false,
        };
        if group.ids.is_empty() {
            groups.remove(deployment);
        }
    }
}

#[cfg(test)]
impl Tasks {
    /// The indexes agree with a count of all tasks.
    pub fn assert_in_step(&self) {
        let mut expected = Tasks::default();
        for task in self.by_id.values() {
            expected.insert(task.clone());
        }
        assert_eq!((&self.due, self.total), (&expected.due, expected.total));
        let groups = |tasks: &Tasks| -> Vec<_> {
            let all =
                tasks.groups.iter().flat_map(|(s, of)| of.iter().map(move |(d, g)| (s.clone(), d.clone(), g.clone())));
            all.map(|(service, deployment, group)| (service, deployment, group.ids, group.tally)).collect()
        };
        assert_eq!(groups(self), groups(&expected));
    }
}
