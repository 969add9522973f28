//! A small pipeline and facts about it, for tests.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::model::approval::{ApprovalPolicy, ApprovalWay, Identity, Requester};
use crate::model::approval_reason::ApprovalMismatch;
use crate::model::check_result::{CheckResult, HttpAnswer};
use crate::model::effect::{Effect, StepRef};
use crate::model::ending::Ending;
use crate::model::event::{Event, Fact, Source, Started};
use crate::model::fault::FaultKind;
use crate::model::gate::{GateJudgement, GateRules};
use crate::model::ids::ReleaseId;
use crate::model::machine::Machine;
use crate::model::outcome::Outcome;
use crate::model::pipeline::{
    Account, Build, FileRef, ImageSpec, OnFailure, Pipeline, ServiceSpec, Stage, State, TaskDefinitionSource, TaskSpec,
    Transfer,
};
use crate::model::reason::Reason;
use crate::model::rollout::RolloutEnd;
use crate::model::rollout_reason::{RolloutFailure, StuckReason, UnknownRollout};
use crate::model::step::Step;
use crate::model::step::check::Check;
use crate::model::step::roll::Roll;
use crate::model::step::run::Run;
use crate::model::verdict::Verdict;
use crate::model::warning::{BuildNotice, Warning};

/// A valid id.
pub(crate) fn id<T: FromStr<Err: std::fmt::Debug>>(s: &str) -> T {
    s.parse().unwrap()
}

/// This many seconds after the time at which all tests begin.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// `dev`, then `prod` with approval: in each a migration, a roll of `web`, and a check.
pub(crate) fn pipeline() -> Pipeline {
    let account = Account {
        name: id("main"),
        id: id("012345678901"),
        region: id("ap-northeast-1"),
        role: None,
        external_id: None,
        profile: None,
        assume: Default::default(),
        endpoints: BTreeMap::new(),
    };
    let approval = ApprovalPolicy {
        way: ApprovalWay::Kanmon,
        approvers: vec![],
        expires: SignedDuration::from_hours(24),
        self_approval: false,
    };
    let image = ImageSpec {
        account: id("main"),
        repository: "shop".into(),
        platforms: vec!["linux/amd64".into()],
        build: Build::None,
    };
    let service = ServiceSpec {
        taskdef: TaskDefinitionSource::Live,
        containers: BTreeMap::from([("web".into(), id("web"))]),
        sheet: Default::default(),
    };
    let task = TaskSpec {
        taskdef: FileRef { path: "migrate.json".into(), sha256: "0".repeat(64) },
        containers: BTreeMap::from([("migrate".into(), id("web"))]),
        sheet: Default::default(),
        network_of: id("web"),
        container: "migrate".into(),
        command: vec!["migrate".into()],
        timeout: SignedDuration::from_mins(10),
    };
    Pipeline {
        version: 1,
        app: id("shop"),
        state: State::Local,
        accounts: BTreeMap::from([(id("main"), account)]),
        images: BTreeMap::from([(id("web"), image)]),
        services: BTreeMap::from([(id("web"), service)]),
        tasks: BTreeMap::from([(id("migrate"), task)]),
        stages: vec![stage("dev", None), stage("prod", Some(approval))],
        poll: SignedDuration::from_secs(5),
    }
}

fn stage(name: &str, approval: Option<ApprovalPolicy>) -> Stage {
    let check = Check::Http {
        url: "http://127.0.0.1/".into(),
        status: 200,
        contains: None,
        timeout: SignedDuration::from_secs(30),
    };
    Stage {
        name: id(name),
        account: id("main"),
        cluster: name.into(),
        service_names: BTreeMap::new(),
        values: None,
        images: Transfer::Pull,
        gate: GateRules::default(),
        approval,
        steps: vec![
            Step::Run(Run { task: id("migrate") }),
            Step::Roll(Roll { services: vec![id("web")] }),
            Step::Check(check),
        ],
        deadline: SignedDuration::from_mins(30),
        on_failure: OnFailure::Rollback,
    }
}

/// A machine as the requester: the person behind it is unknown.
pub(crate) fn unknown_requester() -> Requester {
    let arn = "arn:aws:sts::012345678901:assumed-role/build/AWSCodeBuild-1".to_owned();
    let by = Identity { user_id: "AROA:AWSCodeBuild-1".to_owned(), arn, account: id("012345678901") };
    Requester::Unknown { by, machine: Machine::CodeBuild { initiator: None } }
}

pub(crate) fn started() -> Fact {
    Fact::Started(Box::new(Started {
        pipeline: pipeline(),
        kanmon: "0.1.0".into(),
        requested_by: unknown_requester(),
        source: Source { commit: Some("c0ffee".into()), ..Source::default() },
        until: id("prod"),
        given: BTreeMap::new(),
        forced: None,
        again: None,
    }))
}

pub(crate) fn warned(text: impl Into<String>) -> Fact {
    Fact::Warned {
        warning: Warning::Build { image: id("web"), noticed: BuildNotice::SecretNames { files: vec![text.into()] } },
    }
}

pub(crate) fn step(stage: &str, step: usize) -> StepRef {
    StepRef { stage: id(stage), step }
}

pub(crate) fn gate_passed(stage: &str) -> Fact {
    let judgement = GateJudgement {
        verdict: Verdict::Pass,
        counts: BTreeMap::new(),
        suppressed: BTreeMap::new(),
        blocking: vec![],
        reasons: vec![],
    };
    Fact::GateJudged { stage: id(stage), judgement }
}

/// These facts as events, a second apart.
pub(crate) fn events(release: &str, facts: impl IntoIterator<Item = Fact>) -> Vec<Event> {
    let release: ReleaseId = id(release);
    let event = |(seq, fact)| Event { v: 1, seq, at: at(seq as i64), release: release.clone(), fact };
    (1..).zip(facts).map(event).collect()
}

/// A reason with this outcome.
pub fn reason(outcome: Outcome) -> Reason {
    let (stage, service) = (id("dev"), id("web"));
    let rolled = |end| Reason::RolloutEnded { stage: id("dev"), service, end, task_stop: None, held_up: None };
    let stage = || stage;
    let said = Some("because".to_owned());
    match outcome {
        Outcome::Succeeded => Reason::Deployed { app: id("shop"), until: stage(), unverified: false },
        Outcome::Unchanged => Reason::Unchanged { until: stage() },
        Outcome::BuildFailed => Reason::EffectFailed {
            effect: Effect::Build { image: id("web") },
            attempts: 1,
            fault: crate::model::fault::samples::of(FaultKind::BuildFailed),
        },
        Outcome::Blocked => Reason::NewerRelease { stage: stage(), newer: id("r9") },
        Outcome::Rejected => {
            Reason::Rejected { stage: stage(), by: Some(bob()), comment: String::new(), carried: false }
        }
        Outcome::Expired => Reason::ApprovalExpired { stage: stage(), why: None, carried: false },
        Outcome::RolledBack => rolled(RolloutEnd::RolledBack { said }),
        Outcome::Superseded => Reason::Overtaken { stage: stage(), newer: id("r9") },
        Outcome::Stuck => rolled(RolloutEnd::Stuck { why: StuckReason::Ecs { said } }),
        Outcome::Aborted => Reason::Aborted { comment: "by accident".into() },
        Outcome::Failed => rolled(RolloutEnd::Failed { why: RolloutFailure::Ecs { said, monitor: None } }),
        Outcome::Suspended => Reason::Stopped,
        Outcome::StillRunning => rolled(RolloutEnd::StillRunning),
        Outcome::Unknown => rolled(RolloutEnd::Unknown { why: UnknownRollout::NotProven { missing: None } }),
        Outcome::Access => Reason::NotApprovedInCodePipeline { stage: stage(), mismatch: ApprovalMismatch::NoApproval },
        Outcome::Locked => Reason::Locked { stage: stage() },
    }
}

/// An ending with this outcome.
pub fn ending(outcome: Outcome) -> Ending {
    Ending::of(reason(outcome))
}

pub fn check_result() -> CheckResult {
    CheckResult::Http { url: "http://web/".into(), answer: HttpAnswer::Expected { status: 200 }, tried_for: None }
}

fn bob() -> Identity {
    Identity { arn: "arn:aws:iam::012345678901:user/bob".into(), account: id("012345678901"), user_id: "B".into() }
}
