//! How a plan differs from the one that was shown with a request, to explain why an approval is void.

use crate::model::approval_reason::PlanDifference;
use crate::model::gate::GateJudgement;
use crate::model::ids::{PlanHash, StageName};
use crate::model::plan::{StagePlan, WorkloadPlan};
use crate::model::release::Release;
use crate::model::stage_state::Shown;

/// How a stage's plan and judgement now differ from those that were shown with a hash; empty where nothing was shown with it, nothing is
/// planned now, or they are equal.
pub fn differences(release: &Release, stage: &StageName, hash: &PlanHash) -> Vec<PlanDifference> {
    let state = release.stage(stage);
    match (state.shown(hash), &state.plan, &state.gate) {
        (Some(then), Some(plan), Some(gate)) => compare(then, plan, gate),
        _ => Vec::new(),
    }
}

fn compare(then: &Shown, plan: &StagePlan, gate: &GateJudgement) -> Vec<PlanDifference> {
    let mut found = Vec::new();
    for (name, now) in &plan.services {
        found.extend(workload(name.as_str(), then.plan.services.get(name), now));
    }
    for (name, now) in &plan.tasks {
        found.extend(workload(name.as_str(), then.plan.tasks.get(name), now));
    }
    let services = then.plan.services.keys().filter(|n| !plan.services.contains_key(*n)).map(|n| n.as_str());
    let tasks = then.plan.tasks.keys().filter(|n| !plan.tasks.contains_key(*n)).map(|n| n.as_str());
    found.extend(services.chain(tasks).map(|name| PlanDifference::Gone { name: name.to_owned() }));
    if then.gate.verdict != gate.verdict {
        found.push(PlanDifference::Verdict { was: then.gate.verdict, now: gate.verdict });
    }
    if then.gate.blocking != gate.blocking {
        let findings = gate.blocking.iter().map(|f| f.id.clone()).collect();
        found.push(PlanDifference::Blocking { findings });
    }
    found
}

fn workload(name: &str, then: Option<&WorkloadPlan>, now: &WorkloadPlan) -> Vec<PlanDifference> {
    let name = name.to_owned();
    let Some(then) = then else { return vec![PlanDifference::New { name }] };
    let mut found = Vec::new();
    if then.live != now.live {
        found.push(PlanDifference::Running { name: name.clone(), was: then.live.clone(), now: now.live.clone() });
    }
    let other = now.images.iter().filter(|(container, image)| then.images.get(*container) != Some(image));
    found.extend(other.map(|(container, image)| PlanDifference::Image {
        name: name.clone(),
        container: container.clone(),
        image: image.clone(),
    }));
    if then.content != now.content {
        found.push(PlanDifference::Definition { name });
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::approval::ApprovalRequest;
    use crate::model::approval_reason::VoidReason;
    use crate::model::event::{Fact, ImageOrigin, PushedImage};
    use crate::model::finding::Finding;
    use crate::model::ids::{ContentHash, Digest};
    use crate::model::release::samples::{at, events, gate_passed, id, started};
    use crate::model::severity::Severity;
    use crate::model::verdict::Verdict;

    fn plan(live: &str, repository: &str) -> StagePlan {
        let web = WorkloadPlan {
            family: "web".into(),
            live: Some(format!("arn:aws:ecs:ap-northeast-1:012345678901:task-definition/{live}")),
            content: ContentHash::of(repository.as_bytes()),
            images: BTreeMap::from([("web".into(), format!("{repository}@{}", Digest::of(b"web")))]),
            unnamed: Default::default(),
            changes: vec![],
            drift: vec![],
            desired: 2,
        };
        StagePlan { services: BTreeMap::from([(id("web"), web)]), tasks: BTreeMap::new() }
    }

    fn asked_with(then: StagePlan, facts: Vec<Fact>) -> Release {
        let request = ApprovalRequest {
            plan: PlanHash::of(b"shown"),
            execution: None,
            answered_at: None,
            requested_at: at(0),
            expires_at: at(3600),
        };
        let stage = || id("prod");
        let pushed =
            PushedImage { repository: "r".into(), digest: Digest::of(b"web"), pushed_at: at(0), not_copied: vec![] };
        let first = [
            started(),
            Fact::ImageBuilt { image: id("web"), pushed, origin: ImageOrigin::Built { by: "layers".into() } },
            gate_passed("prod"),
            Fact::StagePlanned { stage: stage(), plan: then },
            Fact::ApprovalRequested { stage: stage(), request },
            Fact::ApprovalVoided { stage: stage(), reason: VoidReason::ApproverGone { execution: "e".into() } },
        ];
        Release::fold(&events("r1", first.into_iter().chain(facts))).unwrap()
    }

    fn found(then: StagePlan, facts: Vec<Fact>) -> Vec<PlanDifference> {
        differences(&asked_with(then, facts), &id("prod"), &PlanHash::of(b"shown"))
    }

    fn planned(plan: StagePlan) -> Fact {
        Fact::StagePlanned { stage: id("prod"), plan }
    }

    fn arn(revision: &str) -> Option<String> {
        Some(format!("arn:aws:ecs:ap-northeast-1:012345678901:task-definition/{revision}"))
    }

    #[test]
    fn differences_in_what_runs_and_would_run_are_named() {
        let name = || "web".to_owned();
        let now = vec![gate_passed("prod"), planned(plan("web:2", "r/two"))];
        let image = format!("r/two@{}", Digest::of(b"web"));
        assert_eq!(
            found(plan("web:1", "r/one"), now),
            [
                PlanDifference::Running { name: name(), was: arn("web:1"), now: arn("web:2") },
                PlanDifference::Image { name: name(), container: name(), image },
                PlanDifference::Definition { name: name() },
            ]
        );
        let gone = vec![gate_passed("prod"), planned(StagePlan::default())];
        assert_eq!(found(plan("web:1", "r"), gone), [PlanDifference::Gone { name: name() }]);
        let new = vec![gate_passed("prod"), planned(plan("web:1", "r"))];
        assert_eq!(found(StagePlan::default(), new), [PlanDifference::New { name: name() }]);
    }

    #[test]
    fn another_judgement_is_a_difference_with_what_blocks() {
        let finding = Finding {
            id: "CVE-1".into(),
            severity: Severity::High,
            package: "ssl".into(),
            installed: None,
            fixed_in: None,
        };
        let judgement = GateJudgement {
            verdict: Verdict::Fail,
            counts: BTreeMap::new(),
            suppressed: BTreeMap::new(),
            blocking: vec![finding],
            reasons: vec![],
        };
        let now = vec![Fact::GateJudged { stage: id("prod"), judgement }, planned(plan("web:1", "r"))];
        assert_eq!(
            found(plan("web:1", "r"), now),
            [
                PlanDifference::Verdict { was: Verdict::Pass, now: Verdict::Fail },
                PlanDifference::Blocking { findings: vec!["CVE-1".into()] },
            ]
        );
    }

    #[test]
    fn there_are_no_differences_for_an_equal_plan_an_unknown_hash_or_without_a_new_plan() {
        let same = vec![gate_passed("prod"), planned(plan("web:1", "r"))];
        assert_eq!(found(plan("web:1", "r"), same), []);
        assert_eq!(found(plan("web:1", "r"), vec![]), []);
        let release = asked_with(plan("web:1", "r"), vec![gate_passed("prod"), planned(plan("web:2", "r"))]);
        assert_eq!(differences(&release, &id("prod"), &PlanHash::of(b"other")), []);
    }
}
