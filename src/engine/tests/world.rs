//! A simulated world for `decide` without a runtime: it carries out effects, shows what is watched, and fails where its given choices say so. When they
//! are used up, everything succeeds, so that failing cases shrink well.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::engine::approval::refusal;
use crate::engine::decision::Watch;
use crate::engine::enter::SCAN_READINGS;
use crate::engine::inbox::absorb;
use crate::engine::step::follow;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalRequest, Identity};
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::effect_properties::Lookup;
use crate::model::event::{Event, Fact, ImageOrigin, PushedImage, Started};
use crate::model::fault::FaultKind;
use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::gate_reason::{ScanBlock, ScanWait};
use crate::model::ids::{ContentHash, Digest, ImageName, ServiceName, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::plan::{Change, ChangeKind, StagePlan, Unnamed, UnnamedGate, WorkloadPlan};
use crate::model::release::Release;
use crate::model::release::samples::{at, check_result, id};
use crate::model::rollout::{
    Baseline, Circumstances, PROOFS, RollbackTarget, RolloutProgress, RolloutState, TaskStop, TaskStopCause,
};
use crate::model::severity::Severity;
use crate::model::stage_state::Approval;
use crate::model::step::check::CheckFact;
use crate::model::step::part::{Direction, StepPart};
use crate::model::step::roll::RollFact;
use crate::model::step::roll_state::{RollState, RolloutRun};
use crate::model::step::run::{RunFact, TaskEnd};
use crate::model::verdict::Verdict;

pub(super) const REQUESTER: &str = "arn:aws:iam::012345678901:user/alice";
const APPROVER: &str = "arn:aws:iam::012345678901:user/bob";
const OTHER_APPROVER: &str = "arn:aws:iam::012345678901:user/carol";

/// Choices: one byte each, and 0 (success) after the last.
pub(super) struct Chance {
    bytes: std::vec::IntoIter<u8>,
}

impl Chance {
    pub fn new(bytes: Vec<u8>) -> Chance {
        Chance { bytes: bytes.into_iter() }
    }

    /// Whether something happens that has this probability.
    pub fn odds(&mut self, percent: u32) -> bool {
        let byte = u32::from(self.bytes.next().unwrap_or(0));
        byte * 100 >= 256 * (100 - percent)
    }

    /// One of so many; 0 is the harmless one.
    pub fn pick(&mut self, of: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or(0)) % of
    }
}

/// A service as ECS has it.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub primary: String,
    pub definition: String,
    pub desired: u32,
    flight: Option<Flight>,
    /// How often this release's UpdateService took effect.
    pub updates: u32,
    /// Whether somebody else deployed since it was read last.
    pub theirs: bool,
}

/// A deployment under way.
#[derive(Debug, Clone)]
struct Flight {
    fate: Fate,
    readings: u32,
    /// Its ARN, where ECS lists service deployments.
    arn: Option<String>,
    /// What ran before it.
    before: (String, String),
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Succeeds,
    RollsBack,
    RollbackFails,
    LeftFailed,
    IsStopped,
    Hangs,
    CrashLoops,
    IsAmbiguous,
    StaysUnseen,
}

const FATES: [Fate; 9] = [
    Fate::Succeeds,
    Fate::RollsBack,
    Fate::RollbackFails,
    Fate::LeftFailed,
    Fate::IsStopped,
    Fate::Hangs,
    Fate::CrashLoops,
    Fate::IsAmbiguous,
    Fate::StaysUnseen,
];

/// A container that the file does not name, in the account's own registry.
fn sidecar() -> Unnamed {
    let image = format!("012345678901.dkr.ecr.ap-northeast-1.amazonaws.com/metrics@{}", Digest::of(b"metrics"));
    Unnamed { image, gate: UnnamedGate::Unjudged }
}

pub(super) struct World {
    pub chance: Chance,
    pub now: Timestamp,
    pub release: Release,
    pub events: Vec<Event>,
    pub services: BTreeMap<(StageName, ServiceName), Service>,
    /// Messages that the process has not read.
    pub inbox: Vec<Message>,
    /// Effects that took place without a reported result.
    landed: BTreeMap<Effect, Fact>,
    ids: u32,
}

/// The task definition that this release brings a service to.
pub(super) fn ours(stage: &StageName, service: &ServiceName) -> String {
    format!("{stage}-{service}:2")
}

impl World {
    pub fn new(started: Started, mut chance: Chance) -> World {
        let mut services = BTreeMap::new();
        for stage in &started.pipeline.stages {
            for service in stage.services() {
                let key = (stage.name.clone(), service.clone());
                let runs_it = chance.odds(10);
                let definition =
                    if runs_it { ours(&stage.name, service) } else { format!("{}-{service}:1", stage.name) };
                let desired = if chance.odds(8) { 0 } else { 2 };
                let primary = format!("ecs-svc/{}-{service}-0", stage.name);
                services.insert(key, Service { primary, definition, desired, flight: None, updates: 0, theirs: false });
            }
        }
        let first = Event { v: 1, seq: 1, at: at(0), release: id("r1"), fact: Fact::Started(Box::new(started)) };
        let release = Release::begin(&first).expect("it starts");
        World {
            chance,
            now: at(0),
            release,
            events: vec![first],
            services,
            inbox: Vec::new(),
            landed: BTreeMap::new(),
            ids: 0,
        }
    }

    /// Writes facts down as the loop would: one after another, each able to follow.
    pub fn append(&mut self, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            let event = Event { v: 1, seq: self.release.seq + 1, at: self.now, release: id("r1"), fact };
            if let Err(illegal) = self.release.apply(&event) {
                panic!("what the engine records can follow: {illegal}\n{:?}", event.fact);
            }
            self.events.push(event);
        }
    }

    /// Sends a message.
    pub fn send(&mut self, body: MessageBody) {
        self.ids += 1;
        self.inbox.push(Message { id: self.ids.into(), at: self.now, release: id("r1"), body });
    }

    /// An approver sends a message about a stage's approval, mostly a rejection.
    pub fn approver_sends(&mut self, stage: &StageName) {
        let by = Identity { arn: OTHER_APPROVER.into(), account: id("012345678901"), user_id: "U".into() };
        let plan = match &self.release.stage(stage).approval {
            Approval::Requested(request) | Approval::Given(_, request) => request.plan.clone(),
            Approval::NotRequested | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => return,
        };
        let answer = |answer| {
            let (stage, comment) = (stage.clone(), String::new());
            MessageBody::Answer(ApprovalAnswer { stage, plan: plan.clone(), answer, by: Some(by.clone()), comment })
        };
        let body = match self.chance.pick(4) {
            0 | 1 => MessageBody::Withdraw { stage: stage.clone(), by: by.clone(), comment: String::new() },
            2 => answer(Answer::Rejected),
            _ => answer(Answer::Approved),
        };
        self.send(body);
    }

    /// Reads the inbox, as the loop does; whether it had messages.
    pub fn read_inbox(&mut self) -> bool {
        let messages = std::mem::take(&mut self.inbox);
        for message in &messages {
            let read = Fact::Absorbed { message: message.id };
            self.append([read].into_iter().chain(absorb(&self.release, message)));
        }
        !messages.is_empty()
    }

    fn fresh(&mut self, what: &str) -> String {
        self.ids += 1;
        format!("{what}/{}", self.ids)
    }

    fn roll(&self, at: &StepRef, service: &ServiceName) -> RollState {
        self.release.roll(at, service).expect("the step rolls it").clone()
    }

    fn service(&mut self, at: &StepRef, service: &ServiceName) -> &mut Service {
        self.services.get_mut(&(at.stage.clone(), service.clone())).expect("the stage has it")
    }

    /// Carries out an effect, or fails; the resulting fact.
    pub fn carry_out(&mut self, effect: &Effect) -> Fact {
        let failed = |effect: &Effect, kind| Fact::EffectFailed {
            effect: effect.clone(),
            fault: crate::model::fault::samples::of(kind),
        };
        if self.chance.odds(5) {
            return failed(effect, [FaultKind::Throttled, FaultKind::Unreachable][self.chance.pick(2)]);
        }
        if self.chance.odds(3) {
            let kinds = [
                FaultKind::AccessDenied,
                FaultKind::CredentialsRefused,
                FaultKind::NotFound,
                FaultKind::Invalid,
                FaultKind::Changed,
                FaultKind::BuildFailed,
                FaultKind::Defect,
            ];
            return failed(effect, kinds[self.chance.pick(kinds.len())]);
        }
        if self.chance.odds(4) {
            self.perhaps(effect);
            return self.look_up(effect);
        }
        self.perform(effect).unwrap_or_else(|kind| failed(effect, kind))
    }

    /// The effect was sent without an answer: it took place or not.
    pub fn perhaps(&mut self, effect: &Effect) {
        if self.chance.odds(50)
            && let Ok(fact) = self.perform(effect)
        {
            self.landed.insert(effect.clone(), fact);
        }
    }

    /// Reads whether an effect took place.
    pub fn look_up(&mut self, effect: &Effect) -> Fact {
        if self.chance.odds(10) {
            let fault = crate::model::fault::samples::of(FaultKind::Unreachable);
            return Fact::EffectUnknown { effect: effect.clone(), fault };
        }
        let landed = self.landed.remove(effect);
        match effect.row().lookup {
            // The repetition finds what is there.
            Lookup::Reads | Lookup::Repeats | Lookup::RepeatsOnceRead => None,
            Lookup::Traced => landed,
        }
        .unwrap_or_else(|| Fact::EffectAbsent { effect: effect.clone() })
    }

    fn perform(&mut self, effect: &Effect) -> Result<Fact, FaultKind> {
        Ok(match effect {
            Effect::Survey { until, .. } => Fact::Surveyed { until: until.clone() },
            Effect::Build { image } | Effect::Adopt { image } => Fact::ImageBuilt {
                image: image.clone(),
                pushed: self.pushed(image),
                origin: ImageOrigin::Built { by: "layers".into() },
            },
            Effect::Copy { image, account } => {
                Fact::ImageCopied { image: image.clone(), account: account.clone(), pushed: self.pushed(image) }
            }
            Effect::Plan { stage } => Fact::StagePlanned { stage: stage.clone(), plan: self.plan(stage) },
            Effect::RequestApproval { stage, plan } => {
                let request = ApprovalRequest {
                    plan: plan.clone(),
                    execution: None,
                    answered_at: None,
                    requested_at: self.now,
                    expires_at: self.now + SignedDuration::from_hours(24),
                };
                Fact::ApprovalRequested { stage: stage.clone(), request }
            }
            Effect::Baseline { at, service } => {
                let found = self.service(at, service);
                found.theirs = false;
                let baseline = Baseline {
                    primary: found.primary.clone(),
                    task_definition: found.definition.clone(),
                    service_deployments: vec![],
                    deployments: vec![],
                    desired: found.desired,
                };
                Fact::step(at, RollFact::BaselineTaken { service: service.clone(), baseline })
            }
            Effect::Register { at, workload } => {
                let arn = match workload {
                    Workload::Service(service) => ours(&at.stage, service),
                    Workload::Task(task) => format!("{}-{task}:2", at.stage),
                };
                let content = ContentHash::of(arn.as_bytes());
                Fact::TaskDefinitionRegistered {
                    at: at.clone(),
                    workload: workload.clone(),
                    arn,
                    content,
                    reused: true,
                }
            }
            // The token makes it the same task, however often it is sent.
            Effect::RunTask { at, task } => Fact::step(
                at,
                RunFact::TaskStarted { task: task.clone(), arn: format!("task/{}-{}", at.stage, at.step) },
            ),
            Effect::Update { at, service, direction } => {
                let roll = self.roll(at, service);
                let (before, task_definition) = match direction {
                    Direction::Forward => {
                        let baseline = roll.baseline.expect("a baseline was taken before the update");
                        (baseline.primary, roll.registered.expect("a task definition was registered before the update"))
                    }
                    Direction::Back => {
                        let target = roll.target.expect("it was prepared");
                        (roll.forward.run.and_then(|run| run.primary).expect("it was rolled"), target.task_definition)
                    }
                };
                let primary = Some(self.deploy(at, service, &before, &task_definition)?);
                if *direction == Direction::Forward {
                    self.service(at, service).updates += 1;
                }
                let (service, direction) = (service.clone(), *direction);
                Fact::step(at, RollFact::RolloutStarted { service, direction, primary, task_definition })
            }
            Effect::StopRollout { at, service } => {
                let fate = [Fate::RollsBack, Fate::Succeeds, Fate::RollbackFails][self.chance.pick(3)];
                match self.service(at, service).flight.as_mut().filter(|f| !f.over) {
                    Some(flight) => (flight.fate, flight.readings) = (fate, 1),
                    None => return Err(FaultKind::Invalid),
                }
                Fact::step(at, RollFact::RolloutStopRequested { service: service.clone() })
            }
            Effect::PrepareRollback { at, service } => {
                let task_definition = self.roll(at, service).baseline.expect("it was read").task_definition;
                let again = self.chance.odds(10);
                let task_definition = if again { format!("{task_definition}-again") } else { task_definition };
                let target = RollbackTarget { task_definition, service_deployments: vec![], deployments: vec![] };
                Fact::step(at, RollFact::RollbackPrepared { service: service.clone(), target, again })
            }
            Effect::Confirm { stage } => {
                let spec = self.release.started.pipeline.stage(stage).expect("it is there");
                if spec.services().any(|service| self.services[&(stage.clone(), service.clone())].theirs) {
                    return Err(FaultKind::Changed);
                }
                Fact::StageConfirmed { stage: stage.clone(), moved: Vec::new() }
            }
            Effect::Check { at } => {
                let verdict = [Verdict::Pass, Verdict::Unknown, Verdict::Fail]
                    [if self.chance.odds(10) { 1 + self.chance.pick(2) } else { 0 }];
                Fact::step(at, CheckFact::CheckJudged { verdict, result: check_result() })
            }
        })
    }

    /// UpdateService, unless PRIMARY is not what it was when it was decided.
    fn deploy(&mut self, at: &StepRef, service: &ServiceName, over: &str, to: &str) -> Result<String, FaultKind> {
        let primary = self.fresh("ecs-svc");
        let arn = (!self.chance.odds(30)).then(|| format!("sd/{primary}"));
        let fate = FATES[if self.chance.odds(30) { self.chance.pick(FATES.len()) } else { 0 }];
        let found = self.service(at, service);
        if found.primary != over {
            return Err(FaultKind::Changed);
        }
        let before = (found.primary.clone(), found.definition.clone());
        found.flight = Some(Flight { fate, readings: 0, arn, before, over: false });
        (found.primary, found.definition) = (primary.clone(), to.to_owned());
        Ok(primary)
    }

    /// Somebody else deploys over whatever runs.
    pub fn somebody_deploys(&mut self) {
        let keys: Vec<_> = self.services.keys().cloned().collect();
        let key = &keys[self.chance.pick(keys.len())];
        if self.release.stage(&key.0).left.is_some() {
            return;
        }
        let primary = self.fresh("ecs-svc/theirs");
        let service = self.services.get_mut(key).expect("it is one of them");
        (service.primary, service.definition, service.theirs) = (primary, "theirs:9".into(), true);
    }

    fn pushed(&self, image: &ImageName) -> PushedImage {
        PushedImage {
            repository: format!("registry/{image}"),
            digest: Digest::of(image.as_str().as_bytes()),
            pushed_at: at(0),
            not_copied: vec![],
        }
    }

    fn plan(&self, stage: &StageName) -> StagePlan {
        let spec = self.release.started.pipeline.stage(stage).expect("it is there");
        let services = spec.services().map(|service| {
            let found = &self.services[&(stage.clone(), service.clone())];
            let next = ours(stage, service);
            let change = Change { path: "image".into(), from: None, to: None, kind: ChangeKind::Changed };
            let planned = WorkloadPlan {
                family: service.to_string(),
                live: Some(found.definition.clone()),
                content: ContentHash::of(next.as_bytes()),
                images: BTreeMap::new(),
                unnamed: BTreeMap::from([("metrics".to_owned(), sidecar())]),
                changes: if found.definition == next { vec![] } else { vec![change] },
                drift: vec![],
                desired: found.desired,
            };
            (service.clone(), planned)
        });
        StagePlan { services: services.collect(), tasks: BTreeMap::new() }
    }

    /// What is new in what is watched.
    pub fn look(&mut self, watch: &Watch) -> Vec<Fact> {
        match watch {
            Watch::Scan { image, account } => {
                let last = self.release.scans.get(&(image.clone(), account.clone())).cloned();
                let reading = match last.as_ref().map(|l| &l.reading) {
                    Some(reading) if matches!(reading.state, ScanState::Scanned { .. }) && !self.chance.odds(5) => {
                        reading.clone()
                    }
                    _ => self.scan(),
                };
                let same = last.as_ref().is_some_and(|l| l.reading == reading);
                let readings = if same { last.map_or(0, |l| l.readings) + 1 } else { 1 };
                match same && (readings > SCAN_READINGS || !matches!(reading.state, ScanState::Scanned { .. })) {
                    true => vec![],
                    false => {
                        vec![Fact::ScanObserved { image: image.clone(), account: account.clone(), reading, readings }]
                    }
                }
            }
            Watch::Approval { stage } => self.answer(stage).into_iter().collect(),
            Watch::Lock { stage } => match self.chance.odds(10) {
                true => vec![],
                false => vec![Fact::StageLocked { stage: stage.clone(), fence: 1 }],
            },
            Watch::Step { at, part: StepPart::Task(task) } => {
                if self.chance.odds(30) {
                    return vec![];
                }
                if self.chance.odds(4) {
                    return vec![Fact::step(at, RunFact::TaskOverdue { task: task.clone() })];
                }
                let exit_code = if self.chance.odds(8) { [Some(1), None][self.chance.pick(2)] } else { Some(0) };
                vec![Fact::step(at, RunFact::TaskRan { task: task.clone(), end: TaskEnd { exit_code, said: None } })]
            }
            Watch::Step { at, part: StepPart::Service(service, direction) } => {
                let run = self.roll(at, service).rollout(*direction).run.clone();
                let last = run.as_ref().and_then(|r| r.progress.clone());
                let progress = self.progress(at, service, last.as_ref());
                let overdue = run.is_some_and(|run| self.is_overdue(at, &run, &progress));
                let (service, direction) = (service.clone(), *direction);
                let overdue = overdue.then(|| RollFact::RolloutOverdue { service: service.clone(), direction });
                let news = last.as_ref() != Some(&progress);
                let news = news.then(|| RollFact::RolloutObserved { service: service.clone(), direction, progress });
                news.into_iter().chain(overdue).map(|fact| Fact::step(at, fact)).collect()
            }
            Watch::Step { part: StepPart::Whole, .. } => panic!("no whole step is watched"),
        }
    }

    fn is_overdue(&self, at: &StepRef, run: &RolloutRun, progress: &RolloutProgress) -> bool {
        let stage = self.release.started.pipeline.stage(&at.stage).expect("it is there");
        follow::is_overdue(run, stage, progress, self.now)
    }

    fn scan(&mut self) -> ScanReading {
        let finding =
            |severity| Finding { id: "CVE-1".into(), severity, package: "ssl".into(), installed: None, fixed_in: None };
        let scanned = |findings| ScanReading {
            state: ScanState::Scanned { at: at(0), again_from: None },
            findings,
            suppressed: vec![],
            titles: Default::default(),
        };
        if !self.chance.odds(15) {
            return scanned(vec![]);
        }
        match self.chance.pick(4) {
            0 => scanned(vec![finding(Severity::Low)]),
            1 => ScanReading {
                state: ScanState::Waiting { waits: ScanWait::Status { status: "PENDING_INITIAL_SCAN".into() } },
                findings: vec![],
                suppressed: vec![],
                titles: Default::default(),
            },
            2 => ScanReading {
                state: ScanState::Unscannable {
                    block: ScanBlock::Status { status: "UNSUPPORTED_OS".into(), said: None },
                },
                findings: vec![],
                suppressed: vec![],
                titles: Default::default(),
            },
            _ => scanned(vec![finding(Severity::Critical)]),
        }
    }

    /// An answer by an approver, by somebody who may not approve, or none.
    fn answer(&mut self, stage: &StageName) -> Option<Fact> {
        let Approval::Requested(request) = self.release.stage(stage).approval.clone() else { return None };
        let policy = self.release.started.pipeline.stage(stage)?.approval.clone()?;
        let identity = |arn: &str| Identity { arn: arn.into(), account: id("012345678901"), user_id: "U".into() };
        let approved = ApprovalAnswer {
            stage: stage.clone(),
            plan: request.plan.clone(),
            answer: Answer::Approved,
            by: Some(identity(APPROVER)),
            comment: String::new(),
        };
        let answer = if self.chance.odds(30) {
            match self.chance.pick(4) {
                0 => ApprovalAnswer { answer: Answer::Rejected, ..approved },
                1 => ApprovalAnswer { by: Some(identity(REQUESTER)), ..approved },
                2 => ApprovalAnswer { plan: crate::model::ids::PlanHash::of(b"another"), ..approved },
                _ => return None,
            }
        } else {
            approved
        };
        let closes = self.chance.odds(10);
        Some(match refusal(&policy, &self.release.requesters, &request, &answer) {
            Some(reason) => Fact::ApprovalRefused { answer, reason, closes },
            None if answer.answer == Answer::Rejected => {
                let images = self.release.started.pipeline.stage(stage).map(|s| self.release.digests(s));
                Fact::ApprovalRejected { answer, images: images.unwrap_or_default() }
            }
            None => Fact::ApprovalGiven { answer },
        })
    }

    fn progress(&mut self, at: &StepRef, service: &ServiceName, last: Option<&RolloutProgress>) -> RolloutProgress {
        let found = self.service(at, service);
        let again = |same: fn(&RolloutState) -> Option<u32>, most: u32| {
            last.and_then(|l| same(&l.rollout)).map_or(1, |n| (n + 1).min(most))
        };
        let proven = || RolloutState::Proven {
            readings: again(|s| if let RolloutState::Proven { readings } = s { Some(*readings) } else { None }, PROOFS),
        };
        let because = || "because".to_owned();
        let mut task_stops = last.map(|l| l.task_stops.clone()).unwrap_or_default();
        let mut arn = last.and_then(|l| l.deployment.clone());
        let rollout = match &mut found.flight {
            _ if found.theirs => RolloutState::Superseded { by: found.primary.clone() },
            None => proven(),
            Some(flight) => {
                flight.readings += 1;
                arn = arn.or(flight.arn.clone());
                match (flight.fate, flight.readings) {
                    (Fate::StaysUnseen, n) => RolloutState::Looking { readings: n.min(6) },
                    (_, 1) => RolloutState::InProgress,
                    (Fate::RollsBack, 2) => RolloutState::RollingBack { said: Some(because()) },
                    (Fate::RollsBack, _) => {
                        if !flight.over {
                            found.definition = flight.before.1.clone();
                            found.primary = format!("{}-back", flight.before.0);
                        }
                        flight.over = true;
                        RolloutState::RolledBack { said: Some(because()) }
                    }
                    (Fate::Succeeds, n) => {
                        flight.over = n > 3;
                        proven()
                    }
                    (Fate::RollbackFails, _) => {
                        flight.over = true;
                        RolloutState::RollbackFailed { said: Some(because()) }
                    }
                    (Fate::LeftFailed, _) => {
                        flight.over = true;
                        RolloutState::Failed { said: Some(because()), monitor: None }
                    }
                    (Fate::IsStopped, _) => {
                        flight.over = true;
                        RolloutState::Stopped { said: Some(because()) }
                    }
                    (Fate::IsAmbiguous, n) if n < 5 => RolloutState::Ambiguous { deployments: vec![because()] },
                    (Fate::IsAmbiguous, _) => proven(),
                    (Fate::Hangs, _) => RolloutState::InProgress,
                    (Fate::CrashLoops, n) => {
                        task_stops = vec![TaskStop {
                            cause: TaskStopCause::ContainerExited,
                            container: Some("web".into()),
                            exit_code: Some(1),
                            said: Some(because()),
                            tasks: n,
                        }];
                        RolloutState::InProgress
                    }
                }
            }
        };
        let (desired, running) = (found.desired, found.desired);
        RolloutProgress {
            rollout,
            deployment: arn,
            desired,
            running,
            failed: 0,
            task_stops,
            circumstances: Circumstances::default(),
        }
    }
}
