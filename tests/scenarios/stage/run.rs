//! Processes of kanmon: started, crashed, stopped, gone on with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::approval::{ApprovalRequest, Requester};
use kanmon::model::effect::Effect;
use kanmon::model::event::{Event, Fact, Source, Started};
use kanmon::model::fault::Fault;
use kanmon::model::ids::{ImageName, ReleaseId, StageName};
use kanmon::model::inbox::MessageBody;
use kanmon::model::ledger::{Said, StageLedger, Word};
use kanmon::model::outcome::{Ending, Outcome};
use kanmon::model::release::Release;
use kanmon::model::stage_state::Approval;
use kanmon::ports::clock::Clock as _;
use kanmon::ports::journal::{Holder, Journal as _, JournalError, Lease};
use kanmon::ports::sink::Sink;
use kanmon::runtime::hold;
use kanmon::runtime::runner::{RunError, Runner};
use kanmon::runtime::stop::{self, Stopper};
use tokio::task::JoinHandle;

use super::{DEVELOPER, Person, Stage};
use crate::binary::junit::{self, Junit};

/// What somebody asks of kanmon.
pub struct Asking {
    pub by: Person,
    pub requester: Option<Requester>,
    pub until: Option<&'static str>,
    pub given: BTreeMap<ImageName, String>,
    pub forced: Option<String>,
}

impl Default for Asking {
    fn default() -> Asking {
        Asking { by: DEVELOPER, requester: None, until: None, given: BTreeMap::new(), forced: None }
    }
}

/// A process that works on a release.
pub struct Run {
    pub id: ReleaseId,
    holder: Holder,
    task: JoinHandle<Result<Ending, RunError>>,
    stopper: Stopper,
    told: Arc<Mutex<Vec<String>>>,
}

/// How a process left a release.
pub struct Ended {
    pub ending: Ending,
    pub code: u8,
    pub release: Release,
    pub events: Vec<Event>,
    /// Everything that was ever waited for, in the sink's words.
    pub told: Vec<String>,
}

/// A release's events and what they fold into.
#[derive(Clone)]
pub(super) struct Read {
    events: Arc<[Event]>,
    release: Arc<Release>,
}

struct Ear(Arc<Mutex<Vec<String>>>);

impl Sink for Ear {
    fn event(&mut self, _: &Event, _: &Release) {}

    fn waiting(&mut self, what: &[String]) {
        let mut told = self.0.lock().unwrap();
        for line in what {
            if !told.contains(line) {
                told.push(line.clone());
            }
        }
    }

    fn said(&mut self, _: &Effect, _: &str) {}

    fn unread(&mut self, what: &str, why: Option<&Fault>) {
        let why = why.map_or_else(|| "again".to_owned(), Fault::to_string);
        self.0.lock().unwrap().push(format!("unread: {what}: {why}"));
    }
}

impl Stage {
    /// `kanmon release`, by the developer, to the end.
    pub async fn release(&self) -> Run {
        self.asks(Asking::default()).await
    }

    pub async fn release_until(&self, until: &'static str) -> Run {
        self.asks(Asking { until: Some(until), ..Asking::default() }).await
    }

    pub async fn asks(&self, asking: Asking) -> Run {
        let pipeline = self.pipeline();
        let time = self.machine.now();
        let id: ReleaseId =
            format!("r{}-{}", time.strftime("%Y%m%d-%H%M%S"), self.time.token(6)).parse().expect("an id");
        let until = asking.until.map_or_else(|| pipeline.stages.last().expect("stages").name.clone(), name);
        let requested_by = asking.requester.unwrap_or_else(|| Requester::Person { identity: asking.by.identity() });
        let started = Started {
            pipeline: pipeline.clone(),
            kanmon: "0".to_owned(),
            requested_by,
            source: Source::default(),
            until,
            given: asking.given,
            forced: asking.forced,
            again: None,
        };
        let holder = self.process();
        let first = Fact::Started(Box::new(started));
        let (lease, event) = self.journal.begin(&pipeline.app, &id, first, &holder, time).await.expect("begun");
        self.work(asking.by, lease, &[event])
    }

    /// `kanmon promote RELEASE --to STAGE`, by another process.
    pub async fn promotes(&self, by: Person, id: &ReleaseId, to: &str) -> Run {
        self.promotes_as(by, Requester::Person { identity: by.identity() }, id, to).await
    }

    /// The same, asked for by somebody else than the one whose credentials it runs with.
    pub async fn promotes_as(&self, by: Person, requested_by: Requester, id: &ReleaseId, to: &str) -> Run {
        self.takes_over(by, id, Fact::Extended { until: name(to), requested_by, forced: None, again: None }).await
    }

    /// `kanmon promote RELEASE --to STAGE --reason WHY`, to ask again about what was rejected.
    pub async fn promotes_again(&self, by: Person, id: &ReleaseId, to: &str, why: &str) -> Run {
        let requested_by = Requester::Person { identity: by.identity() };
        let fact = Fact::Extended { until: name(to), requested_by, forced: None, again: Some(why.to_owned()) };
        self.takes_over(by, id, fact).await
    }

    /// `kanmon promote RELEASE --to STAGE --force --reason WHY`.
    pub async fn promotes_by_force(&self, by: Person, id: &ReleaseId, to: &str, why: &str) -> Run {
        let requested_by = Requester::Person { identity: by.identity() };
        let fact = Fact::Extended { until: name(to), requested_by, forced: Some(why.to_owned()), again: None };
        self.takes_over(by, id, fact).await
    }

    /// `kanmon freeze STAGE`, `kanmon unfreeze STAGE` and the like.
    pub async fn says(&self, by: Person, stage: &str, said: Said, why: &str) -> StageLedger {
        let word = Word { by: by.identity(), reason: why.to_owned(), said };
        let app = self.pipeline().app;
        self.journal.decree(&app, &name(stage), &word, self.time.timestamp()).await.expect("heard")
    }

    /// What a stage remembers.
    pub async fn ledger(&self, stage: &str) -> StageLedger {
        self.journal.ledger(&self.pipeline().app, &name(stage)).await.expect("a ledger")
    }

    /// `kanmon resume RELEASE`, by another process.
    pub async fn resumes(&self, id: &ReleaseId) -> Run {
        let by = Requester::Person { identity: DEVELOPER.identity() };
        self.takes_over(DEVELOPER, id, Fact::Resumed { by, kanmon: "0".to_owned() }).await
    }

    async fn takes_over(&self, by: Person, id: &ReleaseId, fact: Fact) -> Run {
        let taken = hold::take(&self.journal, self.machine.as_ref(), id, &self.process(), &|_, _| {}).await;
        let lease = taken.expect("a free lease");
        let mut events = self.journal.read(id).await.expect("a journal");
        let last = events.last().expect("an event").seq;
        let appended = self.journal.append(&lease, last, &[fact], self.machine.now()).await;
        events.extend(appended.expect("appended"));
        self.work(by, lease, &events)
    }

    /// `kanmon abort RELEASE`, while a process works on it.
    pub async fn aborts(&self, id: &ReleaseId, roll_back: bool) {
        let body = MessageBody::Abort { by: DEVELOPER.identity(), reason: "a mistake".to_owned(), roll_back };
        self.journal.send(id, body, self.time.timestamp()).await.expect("sent");
    }

    fn work(&self, by: Person, lease: Lease, events: &[Event]) -> Run {
        let release = Release::fold(events).expect("a whole journal");
        let ports = self.ports(by, lease.release.as_str(), Some(by.name.to_owned()));
        let (stopper, stop) = stop::channel();
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let (id, holder, heard) = (lease.release.clone(), lease.holder.clone(), told.clone());
        let task = tokio::spawn(async move {
            let mut ear = Ear(heard);
            Runner::new(ports, lease, release, &mut ear, stop).run().await
        });
        Run { id, holder, task, stopper, told }
    }

    pub async fn release_of(&self, id: &ReleaseId) -> Release {
        Release::clone(&self.read(id).await.release)
    }

    /// A release as it stands; read again only where something was written since.
    async fn read(&self, id: &ReleaseId) -> Read {
        let known = self.read.lock().unwrap().get(id).cloned();
        if let Some(read) = known.filter(|read| self.journal.last(id) == Some(read.release.seq)) {
            return read;
        }
        let events = self.journal.read(id).await.expect("a journal");
        let release = Arc::new(Release::fold(&events).expect("a whole journal"));
        let read = Read { events: events.into(), release };
        self.read.lock().unwrap().insert(id.clone(), read.clone());
        read
    }

    /// A release that is over for now.
    pub async fn ended(&self, id: &ReleaseId) -> Ended {
        let events = self.journal.read(id).await.expect("a journal");
        let release = Release::fold(&events).expect("a whole journal");
        let ending = release.ending.clone().expect("it has ended");
        // Whatever the story, its report says the same.
        junit::read(&kanmon::report::junit::of(&events, &release)).agrees(ending.outcome, release.until.as_str());
        Ended { code: ending.outcome.exit_code().number(), ending, release, events, told: Vec::new() }
    }

    /// Waits until something is true of a release.
    pub async fn when<T>(&self, id: &ReleaseId, what: &str, true_of: impl Fn(&Release) -> Option<T>) -> T {
        let until = self.time.timestamp() + SignedDuration::from_hours(48);
        loop {
            let Read { release, .. } = self.read(id).await;
            if let Some(found) = true_of(&release) {
                return found;
            }
            if let Some(ending) = &release.ending {
                panic!("{id} never {what}: it ended with {ending:?}");
            }
            assert!(self.time.timestamp() < until, "{id} never {what}");
            self.pass(SignedDuration::from_secs(2)).await;
        }
    }

    /// Waits for a fact.
    pub async fn fact(&self, id: &ReleaseId, what: &str, is: impl Fn(&Fact) -> bool) {
        let until = self.time.timestamp() + SignedDuration::from_hours(48);
        while !self.read(id).await.events.iter().any(|e| is(&e.fact)) {
            assert!(self.time.timestamp() < until, "{id} never {what}");
            self.pass(SignedDuration::from_secs(1)).await;
        }
    }

    /// Waits until approval of a stage is asked for.
    pub async fn asked(&self, id: &ReleaseId, stage: &str) -> ApprovalRequest {
        let stage = name(stage);
        self.when(id, "asked", |release| match &release.stage(&stage).approval {
            Approval::Asked(request) => Some(request.clone()),
            _ => None,
        })
        .await
    }
}

impl Run {
    /// Waits until the process leaves the release.
    pub async fn end(self, stage: &Stage) -> Ended {
        let ending = self.task.await.expect("no panic").expect("the journal is whole");
        let mut ended = stage.ended(&self.id).await;
        assert_eq!(ended.ending, ending, "the ending is written down");
        ended.told = self.told.lock().unwrap().clone();
        ended
    }

    /// The process is no more, from one moment to the next.
    pub async fn crash(self, stage: &Stage) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|e| e.is_cancelled()), "it was still at work");
        stage.dead.lock().unwrap().insert(self.holder.id);
    }

    /// The process is no more, and nobody knows it: its machine burnt.
    pub async fn vanishes(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|e| e.is_cancelled()), "it was still at work");
    }

    /// Waits for a process to end without an ending of the release.
    pub async fn fails(self) -> RunError {
        self.task.await.expect("no panic").expect_err("it cannot go on")
    }

    /// The process ended because its journal could not be written.
    pub async fn died(self, stage: &Stage) {
        assert!(self.task.await.expect("no panic").is_err(), "it could not write");
        stage.dead.lock().unwrap().insert(self.holder.id);
    }

    /// The process dies as soon as such a fact is written.
    pub async fn dies_at(self, stage: &Stage, is: impl Fn(&Fact) -> bool + Send + 'static) {
        stage.journal.set_hook(move |moment, facts| match moment == Moment::After && facts.iter().any(&is) {
            true => Err(JournalError::Store("the process is killed here".to_owned())),
            false => Ok(()),
        });
        self.over().await;
        stage.journal.set_hook(|_, _| Ok(()));
        self.died(stage).await;
    }

    /// Waits until the process is no more.
    pub async fn over(&self) {
        while !self.task.is_finished() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Ctrl-C.
    pub fn stop(&self) {
        self.stopper.stop();
    }
}

impl Ended {
    /// Holds the ending against what it should be, showing it whole if it is not.
    #[track_caller]
    pub fn is(&self, outcome: Outcome, code: u8) {
        assert_eq!((self.ending.outcome, self.code), (outcome, code), "{:#?}", self.ending);
    }

    /// Its report for tools that read JUnit's XML.
    #[track_caller]
    pub fn junit(&self) -> Junit {
        junit::read(&kanmon::report::junit::of(&self.events, &self.release))
    }

    /// All of an ending's words.
    pub fn words(&self) -> String {
        let parts = [Some(&self.ending.sentence), self.ending.cause.as_ref(), self.ending.hint.as_ref()];
        parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    pub fn says(&self, what: &str) {
        assert!(self.words().contains(what), "`{what}` is not in:\n{}", self.words());
    }

    pub fn count(&self, is: impl Fn(&Fact) -> bool) -> usize {
        self.events.iter().filter(|e| is(&e.fact)).count()
    }

    pub fn has(&self, is: impl Fn(&Fact) -> bool) -> bool {
        self.count(is) > 0
    }

    /// The place of the first such fact in the journal.
    pub fn place(&self, is: impl Fn(&Fact) -> bool) -> usize {
        self.events.iter().position(|e| is(&e.fact)).expect("there is such a fact")
    }

    pub fn entered(&self, stage: &str) -> bool {
        self.release.stage(&name(stage)).entered.is_some()
    }
}

pub fn name(stage: &str) -> StageName {
    stage.parse().expect("a name")
}

impl Drop for Ended {
    /// What happened, for whoever looks into a failure.
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("KANMON_STORY").is_some() {
            for event in &self.events {
                eprintln!("{:>3} {} {}", event.seq, event.at, serde_json::to_string(&event.fact).unwrap_or_default());
            }
        }
    }
}
