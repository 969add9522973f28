//! Processes of kanmon: started, crashed, stopped, resumed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::approval::{ApprovalRequest, Requester};
use kanmon::model::effect::Effect;
use kanmon::model::ending::Ending;
use kanmon::model::event::{Event, Fact, Source, Started};
use kanmon::model::fault::Fault;
use kanmon::model::fault::state::StoreProblem;
use kanmon::model::ids::{ImageName, ReleaseId, StageName};
use kanmon::model::ledger::StageLedger;
use kanmon::model::outcome::Outcome;
use kanmon::model::progress::Progress;
use kanmon::model::reason::Watched;
use kanmon::model::release::Release;
use kanmon::model::stage_state::Approval;
use kanmon::model::waiting::Wait;
use kanmon::ports::journal::{Holder, Journal as _, JournalError};
use kanmon::ports::sink::Sink;
use kanmon::report::reason::subject;
use kanmon::report::waiting;
use kanmon::report::words::Words;
use kanmon::runtime::runner::RunError;
use kanmon::runtime::stop::{self, Stopper};
use kanmon::usecase::abort::{Aborted, abort};
use kanmon::usecase::begin::{NewRelease, Reasons, begin, new_id};
use kanmon::usecase::break_lock::break_lock;
use kanmon::usecase::context::Context;
use kanmon::usecase::environment::Environment;
use kanmon::usecase::error::Error;
use kanmon::usecase::freeze::{FreezeResult, freeze, unfreeze};
use kanmon::usecase::promote::{PromoteRequest, Promoted, promote};
use kanmon::usecase::records::VERSION;
use kanmon::usecase::resume::resume;
use kanmon::usecase::work::UnderWay;
use tokio::task::JoinHandle;

use super::{DEVELOPER, Person, Simulation};
use crate::binary::junit::{self, Junit};

/// The options of `kanmon release`, and where it runs.
pub struct ReleaseOptions {
    pub by: Person,
    /// The environment of the process.
    pub environment: Environment,
    pub execution: Option<String>,
    pub until: Option<&'static str>,
    pub given: BTreeMap<ImageName, String>,
    pub reasons: Reasons,
}

impl Default for ReleaseOptions {
    fn default() -> ReleaseOptions {
        ReleaseOptions {
            by: DEVELOPER,
            environment: Environment::Ordinary,
            execution: None,
            until: None,
            given: BTreeMap::new(),
            reasons: Reasons::default(),
        }
    }
}

/// `--force --comment WHY`.
pub fn force(why: &str) -> Reasons {
    Reasons { force: Some(why.to_owned()), again: None }
}

/// A process that works on a release.
pub struct Run {
    pub id: ReleaseId,
    holder: Holder,
    task: JoinHandle<Result<Ending, RunError>>,
    stopper: Stopper,
    waits: Arc<Mutex<Vec<String>>>,
}

/// How a process left a release.
pub struct Ended {
    pub ending: Ending,
    pub code: u8,
    pub release: Release,
    pub events: Vec<Event>,
    /// Everything that it waited for, as the sink got it.
    pub waits: Vec<String>,
}

/// A release's events and their fold.
#[derive(Clone)]
pub(super) struct Read {
    events: Arc<[Event]>,
    release: Arc<Release>,
}

/// Records what was waited for, and what could not be read.
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Sink for Recorder {
    fn event(&mut self, _: &Event, _: &Release) {}

    fn waiting(&mut self, what: &[Wait]) {
        let mut waits = self.0.lock().unwrap();
        for line in what.iter().map(waiting::text) {
            if !waits.contains(&line) {
                waits.push(line);
            }
        }
    }

    fn progress(&mut self, _: &Effect, _: &Progress) {}

    fn unread(&mut self, what: &Watched, why: Option<&Fault>) {
        let what = subject(what);
        let why = why.map_or_else(|| "again".to_owned(), Fault::to_string);
        self.0.lock().unwrap().push(format!("unread: {what}: {why}"));
    }
}

impl Simulation {
    /// `kanmon release`, by the developer, to the end.
    pub async fn release(&self) -> Run {
        self.release_with(ReleaseOptions::default()).await
    }

    pub async fn release_until(&self, until: &'static str) -> Run {
        self.release_with(ReleaseOptions { until: Some(until), ..ReleaseOptions::default() }).await
    }

    pub async fn release_with(&self, asking: ReleaseOptions) -> Run {
        self.try_release(asking).await.expect("it begins")
    }

    /// The same; it may be refused.
    pub async fn try_release(&self, asking: ReleaseOptions) -> Result<Run, Error> {
        let context = Context { environment: asking.environment, ..self.context(asking.by) };
        let wanted = NewRelease {
            images: asking.given,
            until: asking.until.map(name),
            execution: asking.execution,
            reasons: asking.reasons,
        };
        Ok(self.work(begin(&context, wanted).await?))
    }

    /// `kanmon promote RELEASE --to STAGE`, by another process.
    pub async fn promotes(&self, by: Person, id: &ReleaseId, to: &str) -> Run {
        self.promotes_with(by, id, to, None, Reasons::default()).await
    }

    /// The same inside a CodePipeline execution.
    pub async fn promotes_in(&self, by: Person, execution: &str, id: &ReleaseId, to: &str) -> Run {
        self.promotes_with(by, id, to, Some(execution.to_owned()), Reasons::default()).await
    }

    /// `kanmon promote RELEASE --to STAGE --again --comment WHY`, to ask again about what was rejected.
    pub async fn promotes_again(&self, by: Person, id: &ReleaseId, to: &str, why: &str) -> Run {
        self.promotes_with(by, id, to, None, Reasons { force: None, again: Some(why.to_owned()) }).await
    }

    /// `kanmon promote RELEASE --to STAGE --force --comment WHY`.
    pub async fn promotes_by_force(&self, by: Person, id: &ReleaseId, to: &str, why: &str) -> Run {
        self.promotes_with(by, id, to, None, force(why)).await
    }

    async fn promotes_with(
        &self,
        by: Person,
        id: &ReleaseId,
        to: &str,
        execution: Option<String>,
        reasons: Reasons,
    ) -> Run {
        let wanted = PromoteRequest { to: name(to), execution, reasons };
        match promote(&self.context(by), id, wanted).await.expect("it goes further") {
            Promoted::UnderWay(release) => self.work(release),
            Promoted::Already(release) => panic!("{} runs in {to} already", release.id),
        }
    }

    /// `kanmon freeze STAGE --comment WHY`.
    pub async fn freezes(&self, by: Person, stage: &str, why: &str) {
        let froze = freeze(&self.uncounted_context(by), &name(stage), why.to_owned()).await.expect("it is frozen");
        assert!(matches!(froze, FreezeResult::Now { .. }), "{stage} was frozen before");
    }

    /// `kanmon unfreeze STAGE --comment WHY`.
    pub async fn unfreezes(&self, by: Person, stage: &str, why: &str) {
        let was = unfreeze(&self.uncounted_context(by), &name(stage), why.to_owned()).await.expect("it is unfrozen");
        assert!(was.is_some(), "{stage} was not frozen");
    }

    /// `kanmon unlock RELEASE|STAGE --comment WHY`; who held it.
    pub async fn unlocks(&self, by: Person, what: &str, why: &str) -> Option<String> {
        break_lock(&self.uncounted_context(by), what, why.to_owned()).await.expect("it is unlocked")
    }

    /// A stage's ledger.
    pub async fn ledger(&self, stage: &str) -> StageLedger {
        self.journal.ledger(&self.pipeline().app, &name(stage)).await.expect("a ledger")
    }

    /// `kanmon resume RELEASE`, by another process.
    pub async fn resumes(&self, id: &ReleaseId) -> Run {
        self.try_resume(DEVELOPER, id).await.expect("it goes on")
    }

    /// The same; it may be refused.
    pub async fn try_resume(&self, by: Person, id: &ReleaseId) -> Result<Run, Error> {
        Ok(self.work(resume(&self.context(by), id, None).await?))
    }

    /// `kanmon abort RELEASE`, while a process works on it.
    pub async fn aborts(&self, id: &ReleaseId, roll_back: bool) {
        match self.try_abort(id, roll_back).await.expect("it is aborted") {
            Aborted::Read { .. } => {}
            Aborted::Sent { holder } => panic!("{holder} has not read it"),
            Aborted::Here(_) => panic!("nobody works on {id}"),
        }
    }

    /// The same while nobody works on it: the command itself ends it.
    pub async fn aborts_unattended(&self, id: &ReleaseId, roll_back: bool) -> Run {
        match self.try_abort(id, roll_back).await.expect("it is aborted") {
            Aborted::Here(release) => self.work(release),
            Aborted::Read { holder } | Aborted::Sent { holder } => panic!("{holder} works on {id}"),
        }
    }

    pub async fn try_abort(&self, id: &ReleaseId, roll_back: bool) -> Result<Aborted, Error> {
        abort(&self.uncounted_context(DEVELOPER), id, "a mistake".to_owned(), roll_back).await
    }

    /// A record whose first fact names this requester, as somebody who can write the state can write it, and a process that works on it.
    pub async fn works_on_a_record_of(&self, requested_by: Requester) -> Run {
        let context = self.context(DEVELOPER);
        let file = &context.pipeline;
        let started = Started {
            until: file.stages.last().expect("stages").name.clone(),
            pipeline: file.clone(),
            kanmon: VERSION.to_owned(),
            requested_by,
            source: Source::default(),
            given: BTreeMap::new(),
            forced: None,
            again: None,
        };
        let (id, first) = (new_id(context.clock.as_ref()), Fact::Started(Box::new(started)));
        let begun = self.journal.begin(&file.app, &id, first, &context.holder, context.clock.now()).await;
        let (lease, event) = begun.expect("it is written");
        let ports = context.ports(id.as_str(), None);
        self.work(UnderWay::new(ports, lease, vec![event]).expect("a whole record"))
    }

    /// A process works on a release that it holds.
    fn work(&self, taken: UnderWay) -> Run {
        let (stopper, stop) = stop::channel();
        let waits: Arc<Mutex<Vec<String>>> = Arc::default();
        let (id, holder, waited_for) = (taken.release().id.clone(), taken.holder().clone(), waits.clone());
        let task = tokio::spawn(async move {
            let mut sink = Recorder(waited_for);
            taken.work(&mut sink, stop).await.map(|worked| worked.ending)
        });
        Run { id, holder, task, stopper, waits }
    }

    pub async fn release_of(&self, id: &ReleaseId) -> Release {
        Release::clone(&self.read(id).await.release)
    }

    /// The current state of a release; it is read again only if something was written since.
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

    /// A release that has ended for now.
    pub async fn ended(&self, id: &ReleaseId) -> Ended {
        let events = self.journal.read(id).await.expect("a journal");
        let release = Release::fold(&events).expect("a whole journal");
        let ending = release.ending.clone().expect("it has ended");
        crate::scenarios::corpus::write(&self.journal.export(id).await.expect("a record"), &ending);
        // In every story the report agrees with the ending.
        junit::read(&kanmon::report::junit::of(&events, &release)).agrees(ending.outcome(), release.until.as_str());
        Ended { code: ending.outcome().exit_code().number(), ending, release, events, waits: Vec::new() }
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
                panic!("{id}: never {what}: it ended with {ending:?}");
            }
            assert!(self.time.timestamp() < until, "{id}: never {what}");
            self.pass(SignedDuration::from_secs(2)).await;
        }
    }

    /// Waits for a fact.
    pub async fn fact(&self, id: &ReleaseId, what: &str, is: impl Fn(&Fact) -> bool) {
        let until = self.time.timestamp() + SignedDuration::from_hours(48);
        while !self.read(id).await.events.iter().any(|e| is(&e.fact)) {
            assert!(self.time.timestamp() < until, "{id}: never {what}");
            self.pass(SignedDuration::from_secs(1)).await;
        }
    }

    /// Waits until approval of a stage is requested.
    pub async fn approval_request(&self, id: &ReleaseId, stage: &str) -> ApprovalRequest {
        let stage = name(stage);
        self.when(id, "asked", |release| match &release.stage(&stage).approval {
            Approval::Requested(request) => Some(request.clone()),
            _ => None,
        })
        .await
    }
}

impl Run {
    /// Waits until the process leaves the release.
    pub async fn end(self, sim: &Simulation) -> Ended {
        let ending = self.task.await.expect("no panic").expect("the journal is whole");
        let mut ended = sim.ended(&self.id).await;
        assert_eq!(ended.ending, ending, "the ending is recorded");
        ended.waits = self.waits.lock().unwrap().clone();
        ended
    }

    /// Kills the process; this is known.
    pub async fn crash(self, sim: &Simulation) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|e| e.is_cancelled()), "it had not ended by itself");
        sim.dead.lock().unwrap().insert(self.holder.id);
    }

    /// Kills the process together with its machine, so that nobody knows that it has ended.
    pub async fn vanishes(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|e| e.is_cancelled()), "it had not ended by itself");
    }

    /// Waits for a process to end without an ending of the release.
    pub async fn fails(self) -> RunError {
        self.task.await.expect("no panic").expect_err("it cannot go on")
    }

    /// The process ended because its journal could not be written.
    pub async fn died(self, sim: &Simulation) {
        assert!(self.task.await.expect("no panic").is_err(), "it could not write");
        sim.dead.lock().unwrap().insert(self.holder.id);
    }

    /// Kills the process as soon as such a fact is written.
    pub async fn dies_at(self, sim: &Simulation, is: impl Fn(&Fact) -> bool + Send + 'static) {
        sim.journal.set_append_hook(move |moment, facts| match moment == Moment::After && facts.iter().any(&is) {
            true => Err(killed()),
            false => Ok(()),
        });
        self.over().await;
        sim.journal.set_append_hook(|_, _| Ok(()));
        self.died(sim).await;
    }

    /// Waits until the process has ended.
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
    /// Compares the ending with the expected one.
    #[track_caller]
    pub fn is(&self, outcome: Outcome, code: u8) {
        assert_eq!((self.ending.outcome(), self.code), (outcome, code), "{:#?}", self.ending);
    }

    /// Its JUnit report.
    #[track_caller]
    pub fn junit(&self) -> Junit {
        junit::read(&kanmon::report::junit::of(&self.events, &self.release))
    }

    /// All sentences about the ending.
    pub fn words(&self) -> String {
        let Words { sentence, cause, hints } = self.printed();
        [sentence].into_iter().chain(cause).chain(hints).collect::<Vec<_>>().join("\n")
    }

    /// What people read about the ending.
    pub fn printed(&self) -> Words {
        kanmon::report::ending::words(&self.ending, &self.release)
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

    /// The index of the first such fact in the journal.
    pub fn index_of(&self, is: impl Fn(&Fact) -> bool) -> usize {
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
    /// If the test fails, prints what happened.
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("KANMON_STORY").is_some() {
            for event in &self.events {
                eprintln!("{:>3} {} {}", event.seq, event.at, serde_json::to_string(&event.fact).unwrap_or_default());
            }
        }
    }
}

/// The error that a process gets which is killed during an append.
pub fn killed() -> JournalError {
    let (file, error) = ("journal.db".to_owned(), "the process is killed here".to_owned());
    JournalError::Store(StoreProblem::Failed { file, error })
}
