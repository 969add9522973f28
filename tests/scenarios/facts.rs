//! Predicates on facts, for tests that wait for a fact.

use kanmon::model::event::Fact;
use kanmon::model::step::StepFact;
use kanmon::model::step::check::CheckFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;
use kanmon::model::step::run::RunFact;

pub fn task_started(fact: &Fact) -> bool {
    matches!(fact, Fact::Step { fact: StepFact::Run(RunFact::TaskStarted { .. }), .. })
}

pub fn task_overdue(fact: &Fact) -> bool {
    matches!(fact, Fact::Step { fact: StepFact::Run(RunFact::TaskOverdue { .. }), .. })
}

pub fn task_ran(fact: &Fact) -> bool {
    matches!(fact, Fact::Step { fact: StepFact::Run(RunFact::TaskRan { .. }), .. })
}

pub fn rollout_started(fact: &Fact) -> bool {
    let Fact::Step { fact: StepFact::Roll(fact), .. } = fact else { return false };
    matches!(fact, RollFact::RolloutStarted { direction: Direction::Forward, .. })
}

pub fn rollback_started(fact: &Fact) -> bool {
    let Fact::Step { fact: StepFact::Roll(fact), .. } = fact else { return false };
    matches!(fact, RollFact::RolloutStarted { direction: Direction::Back, .. })
}

pub fn rollout_ended(fact: &Fact) -> bool {
    let Fact::Step { fact: StepFact::Roll(fact), .. } = fact else { return false };
    matches!(fact, RollFact::RolloutEnded { direction: Direction::Forward, .. })
}

pub fn check_judged(fact: &Fact) -> bool {
    matches!(fact, Fact::Step { fact: StepFact::Check(CheckFact::CheckJudged { .. }), .. })
}
