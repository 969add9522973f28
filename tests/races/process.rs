//! A process that is paused and killed, and has its own clocks.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kanmon::ports::clock::Clock;
use kanmon::ports::journal::{Holder, LEASE};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::log::Log;
use super::random::Random;
use crate::scenarios::simulation::Time;

/// How many faults a schedule can still have; after them it continues undisturbed to its end.
pub struct Faults {
    any: AtomicU32,
    /// Changes that are late. They have a number of their own: the others are mostly used up before the first change is made.
    late: AtomicU32,
    ended: AtomicBool,
}

impl Faults {
    pub fn new(any: u32, late: u32) -> Faults {
        Faults { any: AtomicU32::new(any), late: AtomicU32::new(late), ended: AtomicBool::new(false) }
    }

    /// No fault happens any more.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn one(&self, of: &AtomicU32) -> bool {
        !self.ended.load(Ordering::Relaxed)
            && of.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok()
    }
}

pub struct Process {
    pub holder: Holder,
    pub log: Arc<Log>,
    faults: Arc<Faults>,
    random: Mutex<Random>,
    /// The time until which it is paused.
    still_until: Mutex<Instant>,
    crashed: AtomicBool,
    dies: Notify,
}

impl Process {
    pub fn new(holder: Holder, log: Arc<Log>, faults: Arc<Faults>, random: Random) -> Arc<Process> {
        Arc::new(Process {
            holder,
            log,
            faults,
            random: Mutex::new(random),
            still_until: Mutex::new(Instant::now()),
            crashed: AtomicBool::new(false),
            dies: Notify::new(),
        })
    }

    fn happens(&self, of_a_thousand: u64) -> bool {
        self.random.lock().unwrap().odds(of_a_thousand) && self.faults.one(&self.faults.any)
    }

    /// Whether a connection breaks here.
    pub fn loses(&self) -> bool {
        let lost = self.happens(12);
        if lost {
            self.log.count("lost replies");
        }
        lost
    }

    fn crash(&self) {
        self.log.count("crashes");
        self.crashed.store(true, Ordering::Relaxed);
        self.dies.notify_one();
    }

    fn pause(&self) {
        let seconds = self.random.lock().unwrap().one_of(&[3, 15, 30, 50, 65, 90, 150, 400]);
        if seconds > LEASE.as_secs().unsigned_abs() {
            self.log.count("pauses longer than a lease");
        }
        let mut until = self.still_until.lock().unwrap();
        *until = (*until).max(Instant::now() + Duration::from_secs(seconds));
    }

    /// A moment at which the whole process may be paused or killed. Returns when the process runs again.
    pub async fn passes(&self) {
        if self.happens(6) {
            self.crash();
        }
        if self.happens(12) {
            self.pause();
        }
        loop {
            if self.crashed.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            let until = *self.still_until.lock().unwrap();
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    /// By how much the wall clock is set, if it is set at this moment.
    fn sets_its_clock(&self) -> Option<SignedDuration> {
        let set = self.happens(2);
        if set {
            self.log.count("clocks set");
        }
        set.then(|| {
            let mut random = self.random.lock().unwrap();
            let seconds: i64 = random.one_of(&[2, 30, 70, 600, 7200]);
            SignedDuration::from_secs(if random.odds(500) { seconds } else { -seconds })
        })
    }

    /// An additional time that a call is in transit.
    pub fn way(&self, changes: bool) -> Option<Duration> {
        let late = match changes {
            true => self.random.lock().unwrap().odds(400) && self.faults.one(&self.faults.late),
            false => self.happens(10),
        };
        late.then(|| Duration::from_secs(self.random.lock().unwrap().one_of(&[1, 10, 25, 45, 70, 130])))
    }

    /// While a change of its own is in transit for so long, the process may be killed or paused. Otherwise it keeps its lease until the
    /// change arrives, and nobody can take over before.
    pub async fn stops_during(&self, way: Duration) {
        let (stops, parts, killed) = {
            let mut random = self.random.lock().unwrap();
            (random.odds(600), u32::try_from(random.below(4)).expect("few"), random.odds(600))
        };
        if stops {
            tokio::time::sleep(way * parts / 4).await;
            if killed { self.crash() } else { self.pause() }
        }
    }

    /// Returns when it is killed.
    pub async fn killed(&self) {
        self.dies.notified().await;
    }
}

/// A machine's clocks: the wall clock is wrong by `by` and is set now and then; the monotonic one starts anywhere.
pub struct Wrong {
    pub time: Arc<Time>,
    pub process: Arc<Process>,
    pub by: Mutex<SignedDuration>,
    pub up: SignedDuration,
    /// By how many parts per thousand it is fast.
    pub fast: i32,
}

#[async_trait]
impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        let mut by = self.by.lock().unwrap();
        if let Some(jump) = self.process.sets_its_clock() {
            *by += jump;
        }
        self.time.timestamp() + *by
    }

    fn uptime(&self) -> SignedDuration {
        let passed = self.time.passed();
        self.up + passed + passed * self.fast / 1000
    }

    async fn sleep(&self, duration: SignedDuration) {
        self.time.sleep(duration).await;
    }

    fn token(&self, digits: usize) -> String {
        self.time.token(digits)
    }
}
