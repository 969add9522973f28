//! Where the suites' rigs write down what goes over the wire, that it be judged here: a folder that `tests/run` names.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use kanmon::sandbox::World;
use kanmon::sandbox::traffic::Traffic;

/// The folder, where traffic is to be kept.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("KANMON_TRAFFIC").map(PathBuf::from)
}

/// A new file for one peer of a suite.
pub fn file(suite: &str) -> Option<PathBuf> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = folder()?;
    std::fs::create_dir_all(&folder).expect("the traffic's folder");
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    Some(folder.join(format!("{suite}-{}-{n}.jsonl", std::process::id())))
}

/// What `kanmon sandbox` and `kanmon demo` are started with.
pub fn arguments(suite: &str) -> Vec<String> {
    file(suite).into_iter().flat_map(|file| ["--traffic".to_owned(), file.display().to_string()]).collect()
}

/// The same for a world in process.
pub fn record(world: &mut World, suite: &str) {
    if let Some(traffic) = of("sandbox", suite) {
        world.record(traffic);
    }
}

/// Traffic with this peer, where traffic is to be kept.
pub fn of(peer: &str, suite: &str) -> Option<Traffic> {
    let opened = OpenOptions::new().create(true).append(true).open(file(suite)?).expect("a file for traffic");
    Some(Traffic::of(peer, opened))
}

/// Traffic in memory, for who judges it at once.
#[derive(Clone, Default)]
pub struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    /// What was written since it was last taken.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
