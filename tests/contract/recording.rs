//! The folder, named by `tests/run`, in which the suites record their traffic so that it is judged here.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use kanmon::sandbox::World;
use kanmon::sandbox::traffic::Traffic;

/// The folder, if traffic is recorded.
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

/// The arguments of `kanmon sandbox` and `kanmon demo`.
pub fn arguments(suite: &str) -> Vec<String> {
    file(suite).into_iter().flat_map(|file| ["--traffic".to_owned(), file.display().to_string()]).collect()
}

/// The same for a sandbox in process.
pub fn record(world: &mut World, suite: &str) {
    if let Some(traffic) = of("sandbox", suite) {
        world.record(traffic);
    }
}

/// Traffic with this peer, if traffic is recorded.
pub fn of(peer: &str, suite: &str) -> Option<Traffic> {
    let opened = OpenOptions::new().create(true).append(true).open(file(suite)?).expect("a file for traffic");
    Some(Traffic::of(peer, opened))
}

/// Traffic in memory, which is judged immediately.
#[derive(Clone, Default)]
pub struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    /// What was written since the last call.
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
