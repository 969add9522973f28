mod keys;
mod screens;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use ratatui_core::backend::TestBackend;
use ratatui_core::buffer::Buffer;
use ratatui_core::terminal::Terminal;

use super::event::{Event, Sheet};
use super::state::State;
use super::{draw, view};
use crate::cli::records::Recorded;
use crate::model::approval::{ApprovalRequest, Identity, Requester};
use crate::model::aws::ecs::{DeploymentController, DeploymentRolloutState, DeploymentStatus, ServiceStatus};
use crate::model::event::{Fact, ImageOrigin, PushedImage, Started};
use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::ids::{ContentHash, Digest, PlanHash, ReleaseId};
use crate::model::plan::{Change, ChangeKind, StagePlan, WorkloadPlan};
use crate::model::release::Release;
use crate::model::release::samples::{at, events, gate_passed, id, pipeline, started, step};
use crate::model::rollout::{Baseline, Circumstances, Deployment, RolloutProgress, RolloutState, ServiceReading};
use crate::model::severity::Severity;
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::model::step::run::{RunFact, TaskEnd};
use crate::model::waiting::{StepProgress, Wait, Waiting};
use crate::ports::journal::{Holder, Listed};
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::usecase::watch::live::LiveService;
use crate::usecase::watch::record::{Followed, Snapshot, StageRecord};

/// The newest release, and one before it.
const NEW: &str = "r20270115-080000-aaaaaa";
const OLD: &str = "r20270114-080000-bbbbbb";

fn requested() -> Fact {
    let Fact::Started(first) = started() else { panic!("it starts") };
    let identity = Identity {
        arn: "arn:aws:iam::012345678901:user/developer".into(),
        account: id("012345678901"),
        user_id: "D".into(),
    };
    Fact::Started(Box::new(Started { requested_by: Requester::Person { identity }, ..*first }))
}

/// Built and scanned.
fn built() -> Vec<Fact> {
    let digest = Digest::of(b"web");
    let pushed = PushedImage { repository: "shop".into(), digest, pushed_at: at(0), not_copied: vec![] };
    let finding = |id: &str, severity, package: &str, fixed: Option<&str>| Finding {
        id: id.into(),
        severity,
        package: package.into(),
        installed: Some("1.0".into()),
        fixed_in: fixed.map(str::to_owned),
    };
    let findings = vec![
        finding("CVE-2026-1111", Severity::Low, "zlib", None),
        finding("CVE-2026-2222", Severity::Medium, "openssl", Some("3.0.14-1")),
    ];
    let state = ScanState::Scanned { at: at(0), again_from: None };
    let reading = ScanReading { findings, ..ScanReading::without_findings(state) };
    vec![
        Fact::ImageBuilt { image: id("web"), pushed, origin: ImageOrigin::Built { by: "layers".into() } },
        Fact::ScanObserved { image: id("web"), account: id("main"), reading, readings: 1 },
    ]
}

/// Planned and entered.
fn planned(stage: &str) -> Vec<Fact> {
    let change = Change {
        path: "containerDefinitions[web].memory".into(),
        from: Some("512".into()),
        to: Some("1024".into()),
        kind: ChangeKind::Changed,
    };
    let workload = WorkloadPlan {
        family: format!("shop-{stage}-web"),
        live: Some(format!("arn:aws:ecs:ap-northeast-1:012345678901:task-definition/shop-{stage}-web:1")),
        content: ContentHash::of(b"web"),
        images: BTreeMap::from([("web".into(), format!("shop@{}", Digest::of(b"web")))]),
        unnamed: BTreeMap::new(),
        changes: vec![change],
        drift: vec![],
        desired: 3,
    };
    let plan = StagePlan { services: BTreeMap::from([(id("web"), workload)]), tasks: BTreeMap::new() };
    vec![gate_passed(stage), Fact::StagePlanned { stage: id(stage), plan }]
}

fn rolling(stage: &str) -> Vec<Fact> {
    let fact = |at_step, fact: RollFact| Fact::step(&step(stage, at_step), fact);
    let baseline = Baseline {
        primary: "ecs-svc/0".into(),
        task_definition: format!("shop-{stage}-web:1"),
        service_deployments: vec![],
        deployments: vec![],
        desired: 3,
    };
    let progress = RolloutProgress {
        rollout: RolloutState::InProgress,
        deployment: None,
        desired: 3,
        running: 1,
        failed: 0,
        task_stops: vec![],
        circumstances: Circumstances::default(),
    };
    let (service, direction) = (id("web"), Direction::Forward);
    vec![
        Fact::StageEntered { stage: id(stage) },
        Fact::step(&step(stage, 0), RunFact::TaskStarted { task: id("migrate"), arn: "task/1".into() }),
        Fact::step(
            &step(stage, 0),
            RunFact::TaskRan { task: id("migrate"), end: TaskEnd { exit_code: Some(0), said: None } },
        ),
        fact(1, RollFact::BaselineTaken { service: id("web"), baseline }),
        fact(
            1,
            RollFact::RolloutStarted {
                service: id("web"),
                direction,
                primary: Some("ecs-svc/1".into()),
                task_definition: format!("shop-{stage}-web:2"),
            },
        ),
        fact(1, RollFact::RolloutObserved { service, direction, progress }),
    ]
}

fn left(stage: &str) -> Fact {
    Fact::StageLeft { stage: id(stage), images: BTreeMap::from([(id("web"), Digest::of(b"web"))]) }
}

fn request(plan: &[u8]) -> ApprovalRequest {
    ApprovalRequest {
        plan: PlanHash::of(plan),
        execution: None,
        answered_at: None,
        requested_at: at(15),
        expires_at: at(15 + 24 * 3600),
    }
}

fn asked(plan: &[u8]) -> Fact {
    Fact::ApprovalRequested { stage: id("prod"), request: request(plan) }
}

/// A release in the middle of its first rollout.
fn in_rollout() -> Vec<Fact> {
    [vec![requested()], built(), planned("dev"), rolling("dev")].concat()
}

/// A release that waits for approval of this plan.
fn waiting_for(plan: &[u8]) -> Vec<Fact> {
    [in_rollout(), vec![left("dev")], planned("prod"), vec![asked(plan)]].concat()
}

fn followed(name: &str, facts: Vec<Fact>, held: bool) -> Arc<Followed> {
    let events = events(name, facts);
    let release = Release::fold(&events).unwrap();
    let holder = Holder { id: "1".into(), who: "dev@laptop, pid 4711".into(), host: "laptop".into(), pid: 4711 };
    let listed = Listed {
        release: id(name),
        app: id("shop"),
        started_at: release.started_at,
        last_at: release.at,
        held_by: held.then_some(holder),
        imported: None,
    };
    let progress = release.stage(&id("dev")).rolls().next().and_then(|(_, _, roll)| roll.forward.run.clone());
    let progress = progress.and_then(|run| run.progress).filter(|_| release.stage(&id("dev")).left.is_none());
    let waiting = progress.into_iter().map(|progress| {
        let part = crate::model::step::part::StepPart::Service(id("web"), Direction::Forward);
        let progress = StepProgress::Rollout(Box::new(progress));
        Wait::unlimited(Waiting::Step { at: step("dev", 1), part, progress }, None)
    });
    let waiting = waiting.collect();
    Arc::new(Followed { recorded: Recorded { listed, release }, events: Arc::new(events), waiting })
}

fn snapshot(releases: Vec<Arc<Followed>>) -> Arc<Snapshot> {
    let stages = pipeline().stages.into_iter();
    let stages = stages.map(|s| StageRecord { stage: s.name, ledger: Default::default(), holder: None });
    Arc::new(Snapshot { at: now(), releases, unreadable: vec![], older: 0, stages: stages.collect() })
}

fn now() -> Timestamp {
    at(100)
}

fn deployment(name: &str, status: DeploymentStatus, revision: u32, desired: u32, running: u32) -> Deployment {
    Deployment {
        id: name.into(),
        rollout_state: Some(match status == DeploymentStatus::Primary {
            true => DeploymentRolloutState::InProgress,
            false => DeploymentRolloutState::Completed,
        }),
        status,
        task_definition: format!("shop-dev-web:{revision}"),
        rollout_state_reason: None,
        desired,
        running,
        failed: 0,
        created_at: None,
    }
}

/// A service in which these deployments are.
fn reading(deployments: Vec<Deployment>) -> ServiceReading {
    ServiceReading {
        status: ServiceStatus::Active,
        controller: DeploymentController::Ecs,
        desired: 3,
        running: deployments.iter().map(|d| d.running).sum(),
        pending: 0,
        task_definition: "shop-dev-web:2".into(),
        minimum_percent: 100,
        maximum_percent: 200,
        deployments,
        service_deployments: None,
        network: None,
        launch: None,
        early_success: None,
        events: vec![],
    }
}

fn live(stage: &str, read: ServiceReading) -> Event {
    Event::Live((id(stage), id("web")), LiveService { at: now(), read: Ok(read) })
}

fn new_and_old() -> Vec<Deployment> {
    vec![
        deployment("ecs-svc/1", DeploymentStatus::Primary, 2, 3, 1),
        deployment("ecs-svc/0", DeploymentStatus::Active, 1, 2, 2),
    ]
}

/// The request's sheet, of so many lines.
fn sheet(plan: &[u8], lines: usize) -> Event {
    let text: Text = (1..=lines).map(|n| format!("line {n} of the request")).collect();
    let sheet = Sheet { text, stage: id("prod"), request: request(plan), refusal: None };
    Event::Opened { release: id(NEW), stage: id("prod"), opened: Box::new(Ok(sheet)) }
}

/// The screen of a state, and the state after it was drawn.
fn drawn(state: &mut State, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    for _ in 0..2 {
        let mut seen = None;
        terminal
            .draw(|frame| {
                let view = view::view(state, usize::from(width), Paint(true));
                seen = Some(draw::draw(&view, frame.area(), frame.buffer_mut()).0);
            })
            .unwrap();
        state.update(Event::Drawn(seen.unwrap()));
    }
    rows(terminal.backend().buffer())
}

fn rows(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let row = |cells: &[ratatui_core::buffer::Cell]| {
        let mut text = String::new();
        let mut hidden = 0;
        for cell in cells {
            // A wide character covers the cell after it.
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            text.push_str(cell.symbol());
            hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        text.trim_end().to_owned()
    };
    buffer.content.chunks(width.max(1)).map(row).collect::<Vec<_>>().join("\n")
}

fn state_of(releases: Vec<Arc<Followed>>, opened: Option<&str>) -> State {
    let mut state = State::new(pipeline(), now(), opened.map(id::<ReleaseId>));
    state.update(Event::Record(snapshot(releases)));
    state
}
