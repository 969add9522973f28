//! A saved moment of a story: AWS, the record and the time, without processes. Stories can continue from it any number of times.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use kanmon::journal::MemoryJournal;
use kanmon::ports::images::Access;
use kanmon::sandbox::World;

use super::time::SavedTime;
use super::{CallInterceptor, Content, Machine, Simulation, Time};

/// What is left if every process crashes at one moment.
pub struct Snapshot {
    time: SavedTime,
    machine_off: SignedDuration,
    world: World,
    journal: MemoryJournal,
    processes: u32,
    folder: Arc<tempfile::TempDir>,
    contents: BTreeMap<String, Content>,
    given: Option<Access>,
    interceptor: CallInterceptor,
}

impl Simulation {
    /// Saves this moment. Files of the repository are not copied: they must not change.
    pub fn save(&self) -> Snapshot {
        Snapshot {
            time: self.time.save(),
            machine_off: self.machine.off(),
            world: self.world.lock().unwrap().copy(),
            journal: self.journal.copy(|_| false),
            processes: self.processes.load(Ordering::Relaxed),
            folder: self.folder.clone(),
            contents: self.contents.lock().unwrap().clone(),
            given: self.given.lock().unwrap().clone(),
            interceptor: self.interceptor.copy(),
        }
    }
}

impl Snapshot {
    /// A new scenario that begins at that moment, in which all earlier processes are dead.
    pub fn open(&self) -> Simulation {
        let time = Arc::new(Time::at(&self.time));
        let machine = Arc::new(Machine::new(time.clone()));
        machine.set(self.machine_off);
        let dead: BTreeSet<String> = (1..=self.processes).map(Simulation::process_id).collect();
        let dead = Arc::new(Mutex::new(dead));
        let gone = dead.clone();
        Simulation {
            time,
            machine,
            world: Arc::new(Mutex::new(self.world.copy())),
            journal: self.journal.copy(move |holder| gone.lock().unwrap().contains(&holder.id)),
            dead,
            processes: Arc::new(AtomicU32::new(self.processes)),
            folder: self.folder.clone(),
            contents: Arc::new(Mutex::new(self.contents.clone())),
            given: Arc::new(Mutex::new(self.given.clone())),
            interceptor: Arc::new(self.interceptor.copy()),
            read: Arc::default(),
        }
    }
}
