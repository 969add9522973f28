use std::collections::BTreeMap;

use super::*;
use crate::model::approval::ApprovalPolicy;
use crate::model::event::SourceNamedBy;
use crate::model::finding::Finding;
use crate::model::gate_reason::GateReason;
use crate::model::ids::{ContentHash, Digest};
use crate::model::pipeline::{Account, OnFailure, TaskSpec, Transfer, UnnamedContainers};
use crate::model::plan::{Change, ChangeKind, UnnamedGate};
use crate::model::release::samples::{events, id, started};
use crate::model::severity::Severity;
use crate::model::step::Step;
use crate::model::step::roll::Roll;
use crate::model::verdict::Verdict;

/// Everything that a plan hash is made from, to be changed one thing at a time.
#[derive(Clone)]
struct Case {
    release: Release,
    stage: Stage,
    plan: StagePlan,
    gate: GateJudgement,
}

impl Case {
    fn hash(&self) -> PlanHash {
        hash(&self.release, &self.stage, &self.plan, &self.gate)
    }

    fn web(&mut self) -> &mut WorkloadPlan {
        self.plan.services.get_mut(&id("web")).unwrap()
    }
}

fn finding(id: &str, severity: Severity) -> Finding {
    Finding { id: id.into(), severity, package: "ssl".into(), installed: None, fixed_in: None }
}

fn case() -> Case {
    let release = Release::fold(&events("r1", [started()])).unwrap();
    let stage = release.started.pipeline.stage(&id("prod")).unwrap().clone();
    let workload = WorkloadPlan {
        family: "web".into(),
        live: Some("web:1".into()),
        content: ContentHash::of(b"next"),
        images: BTreeMap::from([("web".into(), format!("r/web@{}", Digest::of(b"one")))]),
        unnamed: Default::default(),
        changes: vec![],
        drift: vec![],
        desired: 2,
    };
    let plan = StagePlan {
        services: BTreeMap::from([(id("web"), workload.clone())]),
        tasks: BTreeMap::from([(id("migrate"), WorkloadPlan { live: None, ..workload })]),
    };
    let gate = GateJudgement {
        verdict: Verdict::Pass,
        counts: BTreeMap::from([(Severity::Low, 3)]),
        suppressed: BTreeMap::new(),
        blocking: vec![],
        reasons: vec![],
    };
    Case { release, stage, plan, gate }
}

fn changed(what: &str, change: impl FnOnce(&mut Case)) {
    let mut case = case();
    let before = case.hash();
    change(&mut case);
    assert_ne!(case.hash(), before, "an approval must be void after: {what}");
}

fn unchanged(what: &str, change: impl FnOnce(&mut Case)) {
    let mut case = case();
    let before = case.hash();
    change(&mut case);
    assert_eq!(case.hash(), before, "an approval must stay valid after: {what}");
}

#[test]
fn an_approval_is_void_when_what_would_be_deployed_changes() {
    changed("another digest", |c| {
        c.web().images.insert("web".into(), format!("r/web@{}", Digest::of(b"two")));
    });
    changed("another digest of a task", |c| {
        let task = c.plan.tasks.get_mut(&id("migrate")).unwrap();
        task.images.insert("web".into(), format!("r/web@{}", Digest::of(b"two")));
    });
    changed("another task definition", |c| c.web().content = ContentHash::of(b"other"));
    changed("another base", |c| c.web().live = Some("web:2".into()));
    changed("a service more", |c| {
        let web = c.web().clone();
        c.plan.services.insert(id("admin"), web);
    });
    changed("a task less", |c| c.plan.tasks.clear());
}

fn main(case: &mut Case) -> &mut Account {
    case.release.started.pipeline.accounts.get_mut(&id("main")).unwrap()
}

fn task(case: &mut Case) -> &mut TaskSpec {
    case.release.started.pipeline.tasks.get_mut(&id("migrate")).unwrap()
}

#[test]
fn an_approval_is_void_when_the_approvers_or_the_lifetime_change() {
    let policy = |c: &mut Case| c.stage.approval.clone().unwrap();
    changed("other approvers", |c| {
        c.stage.approval =
            Some(ApprovalPolicy { approvers: vec!["arn:aws:iam::012345678901:user/carol".into()], ..policy(c) });
    });
    changed("self approval", |c| c.stage.approval = Some(ApprovalPolicy { self_approval: true, ..policy(c) }));
    changed("a longer life", |c| {
        c.stage.approval = Some(ApprovalPolicy { expires: jiff::SignedDuration::from_hours(99), ..policy(c) });
    });
}

#[test]
fn an_approval_is_void_when_an_unnamed_container_changes() {
    let judged = |verdict| GateJudgement { verdict, ..case().gate };
    let beside = |image: &str, gate: Option<GateJudgement>| Unnamed {
        image: image.into(),
        gate: gate.map_or(UnnamedGate::Kept, UnnamedGate::Judged),
    };
    changed("a container more", |c| {
        c.web().unnamed.insert("metrics".into(), beside("r/m@1", Some(judged(Verdict::Pass))));
    });
    let with = |unnamed: Unnamed| {
        let mut case = case();
        case.web().unnamed.insert("metrics".into(), unnamed);
        case.hash()
    };
    let pass = || beside("r/m@1", Some(judged(Verdict::Pass)));
    assert_ne!(with(pass()), with(beside("r/m@2", Some(judged(Verdict::Pass)))), "another digest of it");
    assert_ne!(with(pass()), with(beside("r/m@1", None)), "it is kept");
    assert_ne!(with(pass()), with(beside("r/m@1", Some(judged(Verdict::Waived)))), "another judgement of it");
    let words =
        GateJudgement { reasons: vec![GateReason::NothingToJudge], counts: BTreeMap::new(), ..judged(Verdict::Pass) };
    assert_eq!(with(pass()), with(beside("r/m@1", Some(words))), "an approval must survive a re-scan of it");
    changed("another policy for them", |c| {
        let web = c.release.started.pipeline.services.get_mut(&id("web")).unwrap();
        web.sheet.unnamed = UnnamedContainers::Keep;
    });
}

#[test]
fn an_approval_is_void_when_the_judgement_or_the_rules_change() {
    changed("another verdict", |c| c.gate.verdict = Verdict::Waived);
    changed("a blocking finding", |c| c.gate.blocking.push(finding("CVE-1", Severity::High)));
    changed("another limit", |c| {
        c.stage.gate.at_most.insert(Severity::High, Some(1));
    });
    changed("a scan that may take longer", |c| c.stage.gate.timeout = jiff::SignedDuration::from_hours(9));
    changed("readings closer together", |c| c.stage.gate.settle = jiff::SignedDuration::from_secs(1));
    changed("a limit taken away", |c| {
        c.stage.gate.at_most.insert(Severity::High, None);
    });
}

#[test]
fn an_approval_is_void_when_a_member_of_a_blocking_finding_changes() {
    let hash = |change: fn(&mut Finding)| {
        let (mut case, mut finding) = (case(), finding("CVE-1", Severity::High));
        change(&mut finding);
        case.gate.blocking.push(finding);
        case.hash()
    };
    let changes: [fn(&mut Finding); 4] = [
        |f| f.id = "CVE-2".into(),
        |f| f.severity = Severity::Critical,
        |f| f.package = String::new(),
        |f| f.fixed_in = Some("3.0".into()),
    ];
    for change in changes {
        assert_ne!(hash(change), hash(|_| ()));
    }
}

#[test]
fn an_approval_is_void_when_the_stage_account_or_steps_change() {
    changed("another release", |c| c.release.id = id("r2"));
    changed("another stage", |c| c.stage.name = id("dev"));
    changed("another cluster", |c| c.stage.cluster = "elsewhere".into());
    changed("another service of ECS", |c| {
        c.stage.service_names.insert(id("web"), "web-b".into());
    });
    changed("another account", |c| {
        c.release.started.pipeline.accounts.get_mut(&id("main")).unwrap().id = id("999999999999");
    });
    changed("another region", |c| {
        c.release.started.pipeline.accounts.get_mut(&id("main")).unwrap().region = id("eu-west-1");
    });
    changed("other steps", |c| {
        c.stage.steps.pop();
    });
    changed("steps in another order", |c| c.stage.steps.swap(0, 1));
    changed("one roll more", |c| c.stage.steps.push(Step::Roll(Roll { services: vec![id("web")] })));
    changed("another way of getting at images", |c| c.stage.images = Transfer::Copy);
    changed("another role", |c| main(c).role = Some("other".into()));
    changed("another endpoint", |c| {
        main(c).endpoints.insert("inspector2".into(), "http://127.0.0.1:1".into());
    });
    changed("another commit", |c| c.release.started.source.commit = Some("other".into()));
    changed("the same commit by CodeBuild's word", |c| c.release.started.source.named_by = SourceNamedBy::CodeBuild);
    changed("a migration by another command", |c| task(c).command = vec!["other".into()]);
    changed("a migration that another container decides", |c| task(c).container = "other".into());
    changed("rollback switched off", |c| c.stage.on_failure = OnFailure::Stop);
}

#[test]
fn an_approval_stays_valid_when_nothing_relevant_changes() {
    unchanged("auto scaling", |c| c.web().desired = 40);
    unchanged("findings that do not count", |c| {
        c.gate.counts.insert(Severity::Low, 9);
    });
    unchanged("other reasons", |c| c.gate.reasons.push(GateReason::NothingToJudge));
    unchanged("a resumption", |c| c.release.seq = 99);
}

#[test]
fn changes_and_drift_are_approved() {
    let change = || Change { path: "cpu".into(), from: None, to: Some("256".into()), kind: ChangeKind::Added };
    changed("what differs", |c| c.web().changes.push(change()));
    changed("what others changed", |c| c.web().drift.push(change()));
}
