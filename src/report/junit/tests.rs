use super::*;
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::fault::FaultKind;
use crate::model::gate_reason::GateReason;
use crate::model::outcome::Outcome;
use crate::model::reason::{Blocked, Reason};
use crate::model::release::samples::{at, ending, events, gate_passed, id, started, step, warned};
use crate::model::rollout::{Baseline, RolloutEnd};
use crate::model::rollout_reason::{RolloutFailure, StuckReason, SupersededBy, UnknownRollout};
use crate::model::severity::Severity;
use crate::model::step::Step;
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::model::step::run::Run;
use crate::model::verdict::Verdict;

/// The report of a release of these facts, which goes to `dev`.
fn report(facts: impl IntoIterator<Item = Fact>) -> String {
    report_of(started(), facts)
}

fn report_of(mut first: Fact, facts: impl IntoIterator<Item = Fact>) -> String {
    if let Fact::Started(started) = &mut first {
        started.until = id("dev");
    }
    let events = events("r20270115-080000-abcdef", [first].into_iter().chain(facts));
    of(&events, &Release::fold(&events).unwrap())
}

fn ended(outcome: Outcome) -> Fact {
    Fact::Finished { ending: ending(outcome) }
}

/// A gate that does not pass, and the end of the release for it.
fn blocked(reason: GateReason) -> [Fact; 2] {
    let Fact::GateJudged { stage, mut judgement } = gate_passed("dev") else { unreachable!() };
    (judgement.verdict, judgement.reasons) = (Verdict::Fail, vec![reason]);
    let ending = Ending::of(Reason::GateBlocked { stage: stage.clone(), blocked: Blocked::by(&judgement) });
    [Fact::GateJudged { stage, judgement }, Fact::Finished { ending }]
}

fn roll_ends(end: RolloutEnd) -> Vec<Fact> {
    let (at, service) = (step("dev", 1), id("web"));
    let baseline = Baseline {
        primary: "ecs-svc/0".into(),
        task_definition: "web:1".into(),
        service_deployments: vec![],
        deployments: vec![],
        desired: 2,
    };
    vec![
        Fact::step(&at, RollFact::BaselineTaken { service: id("web"), baseline }),
        Fact::step(&at, RollFact::RolloutEnded { service, direction: Direction::Forward, end }),
    ]
}

/// `element` of the case of this name.
fn of_case(text: &str, name: &str, element: &str) -> Option<(String, String)> {
    let document = roxmltree::Document::parse(text).unwrap();
    let case = document.descendants().find(|n| n.has_tag_name("testcase") && n.attribute("name") == Some(name))?;
    let found = case.children().find(|n| n.has_tag_name(element))?;
    let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
    Some((text(found.attribute("message")), text(found.text())))
}

#[test]
fn the_document_is_this() {
    let text = report(blocked(GateReason::OverLimit { severity: Severity::Critical, count: 1, limit: 0 }));
    insta::assert_snapshot!(text, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="kanmon shop" tests="9" skipped="7" failures="2" errors="0" timestamp="2027-01-15T08:00:01.000+00:00" time="2.000">
        <testsuite name="shop" tests="3" skipped="2" errors="0" failures="1" timestamp="2027-01-15T08:00:01.000+00:00" time="2.000">
            <properties>
                <property name="release" value="r20270115-080000-abcdef"/>
                <property name="outcome" value="blocked"/>
            </properties>
            <testcase name="check the accounts" classname="shop" time="0.000">
                <skipped message="not reached: the severity gate of dev blocks: 1 critical (at most 0)" type="not reached">not reached: the severity gate of dev blocks: 1 critical (at most 0)</skipped>
            </testcase>
            <testcase name="build and push web" classname="shop" time="0.000">
                <skipped message="not reached: the severity gate of dev blocks: 1 critical (at most 0)" type="not reached">not reached: the severity gate of dev blocks: 1 critical (at most 0)</skipped>
            </testcase>
            <testcase name="shop to dev" classname="shop" time="2.000">
                <failure message="the severity gate of dev blocks: 1 critical (at most 0)" type="failed">✗ blocked: the severity gate of dev blocks: 1 critical (at most 0)
      hint: fix the image and make a new release
      hint: if the findings change, `kanmon promote r20270115-080000-abcdef --to dev` judges it again
      release r20270115-080000-abcdef
      unchanged: dev/web</failure>
                <system-out>01-15 08:00:01 UTC → release          r20270115-080000-abcdef: shop to dev
                                          commit c0ffee
                                          requested by a CodeBuild build (AWSCodeBuild-1 as build of 012345678901), which does not identify a person</system-out>
            </testcase>
        </testsuite>
        <testsuite name="dev" tests="6" skipped="5" errors="0" failures="1" timestamp="2027-01-15T08:00:02.000+00:00" time="0.000">
            <testcase name="severity gate" classname="shop.dev" time="0.000">
                <failure message="severity gate: blocked: 1 critical (at most 0)" type="failed">severity gate: blocked: 1 critical (at most 0)</failure>
                <system-out>01-15 08:00:02 UTC ✗ dev              severity gate: blocked: 1 critical (at most 0)</system-out>
            </testcase>
            <testcase name="plan dev" classname="shop.dev" time="0.000">
                <skipped message="not reached: the severity gate of dev blocks: 1 critical (at most 0)" type="not reached">not reached: the severity gate of dev blocks: 1 critical (at most 0)</skipped>
            </testcase>
            <testcase name="run dev/migrate" classname="shop.dev" time="0.000">
                <skipped message="not reached: the severity gate of dev blocks: 1 critical (at most 0)" type="not reached">not reached: the severity gate of dev blocks: 1 critical (at most 0)</skipped>
            </testcase>
            <testcase name="update dev/web" classname="shop.dev" time="0.000">
                <skipped message="not reached: the severity gate of dev blocks: 1 critical (at most 0)" type="not reached">not reached: the severity gate of dev blocks: 1 critical (at most 0)</skipped>
            </testcase>
            <testcase name="check dev (step 3)" classname="shop.dev" time="0.000">
                <skipped message="not reached: the severity gate of dev blocks: 1 critical (at most 0)" type="not reached">not reached: the severity gate of dev blocks: 1 critical (at most 0)</skipped>
            </testcase>
            <testcase name="check again what dev runs" classname="shop.dev" time="0.000">
                <skipped message="not reached: the severity gate of dev blocks: 1 critical (at most 0)" type="not reached">not reached: the severity gate of dev blocks: 1 critical (at most 0)</skipped>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn whatever_others_say_the_document_can_be_read() {
    let evil = "\u{1b}[31m<b> & \"quoted\" 'too' ]]> \u{0}\u{8}\u{7f}\u{fffe}\u{ffff}\r\nnext\tline 関門";
    let reason = GateReason::NoRepository { image: evil.to_owned(), account: None };
    let text = report([vec![warned(evil)], blocked(reason).to_vec()].concat());
    let (message, detail) = of_case(&text, "severity gate", "failure").unwrap();
    for shown in ["<b> & \"quoted\" 'too' ]]>", "関門"] {
        assert!(message.contains(shown) && detail.contains(shown), "{shown}: {message}\n{detail}");
        assert!(of_case(&text, "shop to dev", "system-out").unwrap().1.contains(shown));
    }
    assert!(!text.chars().any(|c| c < ' ' && !"\n\r\t".contains(c)), "{text:?}");
}

#[test]
fn how_a_rollout_ended_decides_between_failure_and_error() {
    let reason = || "because".to_owned();
    let result = |end: RolloutEnd| {
        let text = report(roll_ends(end));
        ["failure", "error", "skipped"].into_iter().find(|e| of_case(&text, "update dev/web", e).is_some())
    };
    for held in [RolloutEnd::Succeeded, RolloutEnd::Unchanged, RolloutEnd::Unverified] {
        assert_eq!(result(held), None);
    }
    for failed in [
        RolloutEnd::RolledBack { said: Some(reason()) },
        RolloutEnd::Failed { why: RolloutFailure::Ecs { said: Some(reason()), monitor: None } },
        RolloutEnd::Superseded { by: SupersededBy::Deployment { id: reason() } },
        RolloutEnd::Stopped { said: Some(reason()) },
        RolloutEnd::Stuck { why: StuckReason::Ecs { said: Some(reason()) } },
    ] {
        assert_eq!(result(failed), Some("failure"));
    }
    for unknown in [
        RolloutEnd::StillRunning,
        RolloutEnd::Unknown { why: UnknownRollout::Ambiguous { deployments: vec![reason()] } },
    ] {
        assert_eq!(result(unknown), Some("error"));
    }
}

#[test]
fn what_is_unknown_is_an_error_in_the_words_of_the_story() {
    let effect = Effect::Update { at: step("dev", 1), service: id("web"), direction: Direction::Forward };
    let fault = crate::model::fault::samples::of(FaultKind::Ambiguous);
    let text = report([Fact::Intended { effect: effect.clone(), attempt: 1 }, Fact::EffectUnknown { effect, fault }]);
    let (message, _) = of_case(&text, "update dev/web", "error").unwrap();
    assert_eq!(
        message,
        "it is unknown whether this happened: update dev/web (AWS did not clearly answer ecs:DescribeServices on service web of cluster shop in account dev: the change may have been made)"
    );
}

#[test]
fn what_failed_in_passing_is_waited_for_until_it_is_given_up() {
    let effect = || Effect::Build { image: id("web") };
    let fails = |kind| {
        let fault = crate::model::fault::samples::of(kind);
        [Fact::Intended { effect: effect(), attempt: 1 }, Fact::EffectFailed { effect: effect(), fault }]
    };
    let result = |kind, ending: Option<Outcome>| {
        let text = report(fails(kind).into_iter().chain(ending.map(ended)));
        let found =
            ["failure", "error", "skipped"].into_iter().find(|e| of_case(&text, "build and push web", e).is_some());
        found.unwrap_or("held")
    };
    assert_eq!(result(FaultKind::Throttled, None), "skipped");
    assert_eq!(result(FaultKind::Throttled, Some(Outcome::Suspended)), "skipped");
    assert_eq!(result(FaultKind::Throttled, Some(Outcome::Unknown)), "error");
    assert_eq!(result(FaultKind::AccessDenied, Some(Outcome::Access)), "error");
    assert_eq!(result(FaultKind::BuildFailed, Some(Outcome::BuildFailed)), "failure");
}

#[test]
fn a_step_that_stands_twice_in_a_stage_has_two_names() {
    let mut first = started();
    let Fact::Started(started) = &mut first else { unreachable!() };
    started.pipeline.stages[0].steps.push(Step::Run(Run { task: id("migrate") }));
    let text = report_of(first, []);
    for name in ["run dev/migrate (step 1)", "run dev/migrate (step 4)", "update dev/web"] {
        assert!(of_case(&text, name, "skipped").is_some(), "{name}:\n{text}");
    }
}

#[test]
fn a_clock_that_goes_back_makes_no_negative_time() {
    let mut events = events("r1", [started(), gate_passed("dev"), warned("x")]);
    events[2].at = at(-50);
    let text = of(&events, &Release::fold(&events).unwrap());
    assert!(!text.contains("time=\"-"), "{text}");
}
