//! What is another by now than when a question was put: an approval that falls says over what.

use crate::model::arn;
use crate::model::gate::GateJudgement;
use crate::model::ids::{PlanHash, StageName};
use crate::model::plan::{StagePlan, WorkloadPlan};
use crate::model::release::Release;
use crate::model::stage_state::Shown;
use crate::model::verdict::Verdict;

/// How a stage's plan and judgement now differ from those that were shown under a hash, as words; `None` where nothing was shown
/// under it, nothing is planned now, or they are the same.
pub fn since(release: &Release, stage: &StageName, hash: &PlanHash) -> Option<String> {
    let state = release.stage(stage);
    let then = state.shown(hash)?;
    let (plan, gate) = (state.plan.as_ref()?, state.gate.as_ref()?);
    let differences = differences(then, plan, gate);
    (!differences.is_empty()).then(|| differences.join("; "))
}

/// A sentence, with the difference behind it where it can be told.
pub fn with_difference(sentence: String, release: &Release, stage: &StageName, hash: &PlanHash) -> String {
    match since(release, stage, hash) {
        Some(difference) => format!("{sentence}: {difference}"),
        None => sentence,
    }
}

fn differences(then: &Shown, plan: &StagePlan, gate: &GateJudgement) -> Vec<String> {
    let mut told = Vec::new();
    for (name, now) in &plan.services {
        told.extend(workload(name.as_str(), then.plan.services.get(name), now));
    }
    for (name, now) in &plan.tasks {
        told.extend(workload(name.as_str(), then.plan.tasks.get(name), now));
    }
    let services = then.plan.services.keys().filter(|n| !plan.services.contains_key(*n)).map(|n| n.as_str());
    let tasks = then.plan.tasks.keys().filter(|n| !plan.tasks.contains_key(*n)).map(|n| n.as_str());
    told.extend(services.chain(tasks).map(|name| format!("{name} is no longer there")));
    if then.gate.verdict != gate.verdict {
        told.push(format!("the gate said {}, and says {}", verdict(then.gate.verdict), verdict(gate.verdict)));
    }
    if then.gate.blocking != gate.blocking {
        let ids: Vec<&str> = gate.blocking.iter().map(|f| f.id.as_str()).collect();
        told.push(match ids.is_empty() {
            true => "no finding blocks any more".to_owned(),
            false => format!("other findings block: {}", ids.join(", ")),
        });
    }
    told
}

fn workload(name: &str, then: Option<&WorkloadPlan>, now: &WorkloadPlan) -> Vec<String> {
    let Some(then) = then else { return vec![format!("{name} is new")] };
    let mut told = Vec::new();
    if then.live != now.live {
        told.push(format!("{name} ran {}, and now runs {}", running(then), running(now)));
    }
    let other = |(container, image): (&String, &String)| {
        (then.images.get(container) != Some(image))
            .then(|| format!("container {container} of {name} would run {image}"))
    };
    told.extend(now.images.iter().filter_map(other));
    if then.content != now.content {
        told.push(format!("another task definition would be registered for {name}"));
    }
    told
}

/// The revision that runs, without the rest of its ARN.
fn running(workload: &WorkloadPlan) -> &str {
    workload.live.as_deref().map_or("nothing", arn::last)
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Waived => "waived",
        Verdict::Unknown => "unknown",
        Verdict::Fail => "fail",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::approval::ApprovalRequest;
    use crate::model::event::{Fact, PushedImage};
    use crate::model::finding::{Finding, Severity};
    use crate::model::ids::{ContentHash, Digest};
    use crate::model::release::samples::{at, events, gate_passed, id, started};

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
            summary: String::new(),
            execution: None,
            answered_at: None,
            asked_at: at(0),
            expires_at: at(3600),
        };
        let stage = || id("prod");
        let pushed =
            PushedImage { repository: "r".into(), digest: Digest::of(b"web"), pushed_at: at(0), left_behind: vec![] };
        let first = [
            started(),
            Fact::ImageBuilt { image: id("web"), pushed, by: "layers".into(), commit: None },
            gate_passed("prod"),
            Fact::StagePlanned { stage: stage(), plan: then },
            Fact::ApprovalRequested { stage: stage(), request },
            Fact::ApprovalVoided { stage: stage(), why: "another".into() },
        ];
        Release::fold(&events("r1", first.into_iter().chain(facts))).unwrap()
    }

    fn told(then: StagePlan, facts: Vec<Fact>) -> Option<String> {
        since(&asked_with(then, facts), &id("prod"), &PlanHash::of(b"shown"))
    }

    fn planned(plan: StagePlan) -> Fact {
        Fact::StagePlanned { stage: id("prod"), plan }
    }

    #[test]
    fn what_runs_and_what_would_run_is_told_by_its_names() {
        let now = vec![gate_passed("prod"), planned(plan("web:2", "r/two"))];
        assert_eq!(
            told(plan("web:1", "r/one"), now).unwrap(),
            format!(
                "web ran web:1, and now runs web:2; container web of web would run r/two@{}; \
                 another task definition would be registered for web",
                Digest::of(b"web")
            )
        );
        let gone = vec![gate_passed("prod"), planned(StagePlan::default())];
        assert_eq!(told(plan("web:1", "r"), gone).unwrap(), "web is no longer there");
        let new = vec![gate_passed("prod"), planned(plan("web:1", "r"))];
        assert_eq!(told(StagePlan::default(), new).unwrap(), "web is new");
    }

    #[test]
    fn another_judgement_is_told_with_what_blocks() {
        let finding = Finding { id: "CVE-1".into(), severity: Severity::High, package: "ssl".into(), fixed_in: None };
        let judgement = GateJudgement {
            verdict: Verdict::Fail,
            counts: BTreeMap::new(),
            suppressed: BTreeMap::new(),
            blocking: vec![finding],
            reasons: vec![],
        };
        let now = vec![Fact::GateJudged { stage: id("prod"), judgement }, planned(plan("web:1", "r"))];
        assert_eq!(
            told(plan("web:1", "r"), now).unwrap(),
            "the gate said pass, and says fail; other findings block: CVE-1"
        );
    }

    #[test]
    fn nothing_is_told_of_the_same_of_what_was_never_shown_and_before_it_is_planned_anew() {
        let same = vec![gate_passed("prod"), planned(plan("web:1", "r"))];
        assert_eq!(told(plan("web:1", "r"), same), None);
        assert_eq!(told(plan("web:1", "r"), vec![]), None);
        let release = asked_with(plan("web:1", "r"), vec![gate_passed("prod"), planned(plan("web:2", "r"))]);
        assert_eq!(since(&release, &id("prod"), &PlanHash::of(b"other")), None);
        let sentence = with_difference("it fell".into(), &release, &id("prod"), &PlanHash::of(b"shown"));
        assert_eq!(sentence, "it fell: web ran web:1, and now runs web:2");
    }
}
