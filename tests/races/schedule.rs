//! One schedule: releases that begin, are left, and are resumed, on any number of machines.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::SignedDuration;
use kanmon::model::effect::Effect;
use kanmon::model::event::{Event, Fact};
use kanmon::model::fault::Fault;
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;
use kanmon::model::progress::Progress;
use kanmon::model::release::Release;
use kanmon::ports::journal::Journal as _;
use kanmon::ports::sink::Sink;
use kanmon::runtime::stop;
use kanmon::sandbox::latency::Latency;
use kanmon::usecase::begin::{NewRelease, begin_as, new_id};
use kanmon::usecase::context::Context;
use kanmon::usecase::resume::resume;
use kanmon::usecase::work::UnderWay;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::journal::Watched;
use super::log::{Entry, Log};
use super::network::Network;
use super::process::{Faults, Process, Wrong};
use super::random::Random;
use crate::scenarios::simulation::{Content, DEV, DEVELOPER, Simulation, Story};
use kanmon::model::reason::Watched as Reading;
use kanmon::model::waiting::Wait;

/// A schedule has fewer faults than this: with more, the processes would hardly do anything.
const FAULTS: u64 = 14;
/// A schedule has fewer late changes than this, besides its other faults: a release makes about three changes.
const LATE: u64 = 4;
/// AWS is faster here, so that a rollout takes about as long as a lease: the events in between are of interest, not the waiting.
const PACE: f64 = 4.0;
/// After this time there are no more faults, and every release ends.
const HOURS: i64 = 3;
/// How often a release is resumed on its own machines.
const TAKEN_UP: u32 = 12;

fn steps(random: &mut Random) -> Value {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    match random.below(4) {
        0 => json!([{ "run": "migrate" }, { "roll": "web" }]),
        1 => json!([{ "roll": "web" }, { "check": { "http": url } }]),
        2 => json!([{ "roll": ["web", "admin"] }]),
        _ => json!([{ "roll": "web" }]),
    }
}

/// Everything that takes part in a schedule.
struct Play {
    sim: Simulation,
    log: Arc<Log>,
    faults: Arc<Faults>,
}

/// A release: its own image, and its machines.
struct Part {
    id: ReleaseId,
    layer: String,
    random: Mutex<Random>,
}

/// A sink that records nothing.
struct Ignored;

impl Sink for Ignored {
    fn event(&mut self, _: &Event, _: &Release) {}
    fn waiting(&mut self, _: &[Wait]) {}
    fn progress(&mut self, _: &Effect, _: &Progress) {}
    fn unread(&mut self, _: &Reading, _: Option<&Fault>) {}
}

/// Runs the schedule of a seed.
pub async fn play(seed: u64) -> Result<BTreeMap<&'static str, usize>, String> {
    let mut random = Random::new(seed);
    let story = Story::new().stages(&["dev"]).steps("dev", steps(&mut random));
    let story = story.world("/ecs/0/serviceDeployments", json!(random.odds(300)));
    let mut fewer = |than| u32::try_from(random.below(than)).expect("few");
    let faults = Arc::new(Faults::new(fewer(FAULTS), fewer(LATE)));
    let play = Play {
        sim: story.file("/defaults/poll", json!("40s")).open_at(Latency::new(PACE)),
        log: Arc::default(),
        faults,
    };
    let play = Arc::new(play);
    let releases = 2 + random.below(2);
    let mut parts = Vec::new();
    for n in 0..releases {
        let id = new_id(play.sim.time.as_ref());
        let part = Arc::new(Part { id, layer: format!("image {n}"), random: Mutex::new(random.part()) });
        let delay = random.one_of(&[0, 1, 5, 30, 60, 100, 200]);
        parts.push((part, delay));
    }
    let mut tasks = Vec::new();
    for (part, delay) in &parts {
        let (play, part, delay, second) = (play.clone(), part.clone(), *delay, random.odds(500));
        tasks.push(tokio::spawn(async move {
            play.sim.pass(SignedDuration::from_secs(delay)).await;
            let first = play.clone().begins(part.clone());
            // Somebody else resumes it from another machine, whether or not a process works on it.
            let other = async {
                if second {
                    play.sim.pass(SignedDuration::from_secs(delay + 45)).await;
                    play.clone().taken_up(part.clone(), TAKEN_UP / 2).await;
                }
            };
            tokio::join!(first, other);
        }));
    }
    let all = async {
        for task in tasks {
            task.await.map_err(|e| format!("a process panicked: {e}"))?;
        }
        Ok::<(), String>(())
    };
    tokio::select! {
        biased;
        done = all => done?,
        () = play.sim.hours(HOURS) => {}
    }
    play.faults.end();
    // Calls in transit arrive, and leases expire.
    play.sim.hours(1).await;
    let mut ids: Vec<_> = parts.iter().map(|(part, _)| part.clone()).collect();
    ids.sort_by(|a, b| a.id.cmp(&b.id));
    for part in &ids {
        play.clone().taken_up(part.clone(), 4).await;
    }
    play.log.check()?;
    for part in &ids {
        play.ended(&part.id).await?;
    }
    play.settled().await?;
    Ok(play.log.counts())
}

impl Play {
    fn process(&self, part: &Part) -> (Arc<Process>, Context) {
        let mut random = part.random.lock().unwrap();
        let process = Process::new(self.sim.process(), self.log.clone(), self.faults.clone(), random.part());
        let clock = Wrong {
            time: self.sim.time.clone(),
            process: process.clone(),
            by: Mutex::new(SignedDuration::from_secs(
                random.one_of(&[0, 0, 1, -1, 20, -20, 70, -70, 300, -300, 3600, -3600]),
            )),
            up: SignedDuration::from_secs(random.one_of(&[0, 1000, 5_000_000])),
            fast: random.one_of(&[0, 0, 5, -5]),
        };
        let network = Network { inner: self.sim.connector(), process: process.clone(), release: part.id.clone() };
        let content = Content { layer: part.layer.clone(), labels: BTreeMap::new() };
        let contents = Arc::new(Mutex::new(BTreeMap::from([("shop".to_owned(), content)])));
        let mut connection = self.sim.connection(DEVELOPER);
        connection.http = SharedHttpClient::new(network);
        connection.images.contents = contents;
        connection.journal = Arc::new(Watched { inner: self.sim.journal.clone(), process: process.clone() });
        connection.clock = Arc::new(clock);
        let context = self.sim.context_of(connection, process.holder.clone());
        (process, context)
    }

    /// `kanmon release` until it begins, and then `kanmon resume` until it ends.
    async fn begins(self: Arc<Self>, part: Arc<Part>) {
        while self.sim.journal.read(&part.id).await.is_err() {
            let (process, context) = self.process(&part);
            let until = Some(context.pipeline.stages[0].name.clone());
            let wanted = NewRelease { until, ..NewRelease::default() };
            tokio::select! {
                biased;
                () = process.killed() => {}
                begun = begin_as(&context, part.id.clone(), wanted) => match begun {
                    Ok(begun) => self.works(&process, begun, &part).await,
                    Err(_) => self.sim.pass(SignedDuration::from_secs(5)).await,
                },
            }
        }
        self.taken_up(part, TAKEN_UP).await;
    }

    /// `kanmon resume` until the release has ended, or too many times.
    async fn taken_up(self: Arc<Self>, part: Arc<Part>, times: u32) {
        for _ in 0..times {
            let pause = part.random.lock().unwrap().one_of(&[1, 10, 40, 80, 200]);
            self.sim.pass(SignedDuration::from_secs(pause)).await;
            let Ok(events) = self.sim.journal.read(&part.id).await else { continue };
            if Release::fold(&events).expect("a whole journal").ended_for_good().is_some() {
                return;
            }
            let (process, context) = self.process(&part);
            tokio::select! {
                biased;
                () = process.killed() => {}
                () = self.resumes(&process, &context, &part) => {}
            }
        }
    }

    async fn resumes(&self, process: &Arc<Process>, context: &Context, part: &Part) {
        // It may have ended meanwhile, or another process may hold it.
        if let Ok(taken) = resume(context, &part.id, None).await {
            self.works(process, taken, part).await;
        }
    }

    async fn works(&self, process: &Arc<Process>, taken: UnderWay, part: &Part) {
        let (_stopper, stop) = stop::channel();
        let working = tokio::spawn(async move { taken.work(&mut Ignored, stop).await });
        let abort = working.abort_handle();
        tokio::select! {
            biased;
            _ = working => {}
            () = process.killed() => {
                abort.abort();
                // On the same machine the end of the process is known immediately; on another the lease has to expire.
                if part.random.lock().unwrap().odds(500) {
                    self.sim.mark_dead(&process.holder);
                    self.log.put(Entry::Ended { process: process.holder.id.clone() });
                }
            }
        }
    }

    /// Compares the ending of a release with the calls that arrived at AWS.
    async fn ended(&self, id: &ReleaseId) -> Result<(), String> {
        let events = self.sim.journal.read(id).await.map_err(|e| e.to_string())?;
        let release = Release::fold(&events).map_err(|e| e.to_string())?;
        let Some(ending) = &release.ending else { return Err(format!("{id} never came to an end")) };
        match ending.outcome() {
            Outcome::Superseded => self.log.count("superseded"),
            outcome if outcome.is_success() => self.log.count("successes"),
            _ => self.log.count("other ends"),
        }
        let left = release.stages.values().any(|stage| stage.left.is_some());
        if ending.outcome().is_success() != left {
            return Err(format!("{id} ended as {:?}, and its stage was left: {left}", ending.outcome()));
        }
        if left {
            self.succeeded(id, &release)?;
        }
        Ok(())
    }

    /// There must be a moment between the last reading of the stage and leaving it at which all services ran this release.
    fn succeeded(&self, id: &ReleaseId, release: &Release) -> Result<(), String> {
        let entries = self.log.entries();
        let when = |is: &dyn Fn(&Fact) -> bool| -> Option<Instant> {
            let mut at = entries.iter().rev().filter_map(|(at, entry)| match entry {
                Entry::Accepted { release, facts, .. } if release == id && facts.iter().any(is) => Some(*at),
                _ => None,
            });
            at.next()
        };
        let left = when(&|f| matches!(f, Fact::StageLeft { .. })).ok_or("nothing was left")?;
        let looked = when(&|f| matches!(f, Fact::Intended { effect: Effect::Confirm { .. }, .. }))
            .ok_or_else(|| format!("{id} succeeded without a last look"))?;
        let mut ours = BTreeMap::new();
        for (_, service, roll) in release.stages.values().flat_map(|s| s.rolls()) {
            let run =
                roll.forward.run.as_ref().ok_or_else(|| format!("{id} succeeded, and {service} was not rolled"))?;
            if roll.registered.is_some() {
                ours.insert(service.to_string(), run.task_definition.clone());
            }
        }
        match self.log.was_ours(&ours, looked, left) {
            true => Ok(()),
            false => Err(format!("{id} is called a success, and {ours:?} was not what the services were set to")),
        }
    }

    /// When nothing changes any more, the services run what was set last.
    async fn settled(&self) -> Result<(), String> {
        self.sim.hours(1).await;
        for service in ["web", "admin"] {
            let last = self.log.entries().into_iter().rev().find_map(|(_, entry)| match entry {
                Entry::Arrived { call, .. }
                    if call.operation == "UpdateService" && call.worked && call.service == service =>
                {
                    Some(call.definition)
                }
                _ => None,
            });
            let runs = self.sim.definition(DEV, "shop-dev", service);
            if let Some(last) = last
                && runs.as_ref() != Some(&last)
            {
                return Err(format!("{service} runs {runs:?}, and was last set to {last}"));
            }
        }
        Ok(())
    }
}
