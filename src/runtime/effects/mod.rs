//! Effects: a module for each, which carries it out, and reads whether it took place where nobody knows.

mod adopt;
mod baseline;
mod build;
mod check;
mod confirm;
mod copy;
mod plan;
mod prepare_rollback;
mod register;
mod request_approval;
mod run_task;
mod stop_rollout;
mod survey;
mod update;

use async_trait::async_trait;
use jiff::Timestamp;

use super::ports::Ports;
use super::recorded::defect;
use crate::model::effect::Effect;
use crate::model::effect_properties::Lookup;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::release::Release;
use crate::ports::images::Say;

/// An effect, carried out.
#[async_trait]
trait Execute: Send + Sync {
    /// Carries it out once its intent is recorded. Returns warnings about it, and last the fact that concludes it. `say` receives its progress
    /// meanwhile.
    async fn execute(&self, ports: &Ports, release: &Release, say: Say<'_>) -> Result<Vec<Fact>, Fault>;
}

/// An effect that must not be repeated before reading has shown that it may be.
#[async_trait]
trait LookUp: Execute {
    /// Reads whether it took place; it was sent at this time.
    async fn look_up(&self, ports: &Ports, release: &Release, sent_at: Timestamp) -> Result<Found, Fault>;
}

/// An effect's module.
enum Performer<'e> {
    /// What was sent and not concluded is simply done again.
    Repeated(Box<dyn Execute + 'e>),
    LookedUp(Box<dyn LookUp + 'e>),
}

/// What reading found.
#[derive(Debug)]
pub enum Found {
    /// It took effect: this concludes it.
    Landed(Box<Fact>),
    /// There is no trace of it (yet).
    Absent,
    /// It is safe to repeat: it carries a token, leaves nothing behind, or finds what is there.
    Repeatable,
}

/// The module of an effect: the only place of the runtime that distinguishes effects.
fn performer(effect: &Effect) -> Performer<'_> {
    use Performer::{LookedUp, Repeated};
    match effect {
        Effect::Survey { from, until } => Repeated(Box::new(survey::Survey { from, until })),
        Effect::Build { image } => LookedUp(Box::new(build::Build { image })),
        Effect::Adopt { image } => Repeated(Box::new(adopt::Adopt { image })),
        Effect::Copy { image, account } => Repeated(Box::new(copy::Copy { image, account })),
        Effect::Plan { stage } => Repeated(Box::new(plan::Plan { stage })),
        Effect::RequestApproval { stage, plan } => {
            Repeated(Box::new(request_approval::RequestApproval { stage, plan }))
        }
        Effect::Baseline { at, service } => Repeated(Box::new(baseline::ReadBaseline { at, service })),
        Effect::Register { at, workload } => LookedUp(Box::new(register::Register { at, workload })),
        Effect::RunTask { at, task } => LookedUp(Box::new(run_task::RunTask { at, task })),
        Effect::Update { at, service, direction } => {
            LookedUp(Box::new(update::Update { at, service, direction: *direction }))
        }
        Effect::StopRollout { at, service } => Repeated(Box::new(stop_rollout::StopRollout { at, service })),
        Effect::PrepareRollback { at, service } => {
            LookedUp(Box::new(prepare_rollback::PrepareRollback { at, service }))
        }
        Effect::Check { at } => Repeated(Box::new(check::AskCheck { at })),
        Effect::Confirm { stage } => Repeated(Box::new(confirm::Confirm { stage })),
    }
}

/// Carries out an effect whose intent is recorded. Returns warnings about it, and last the fact that concludes it. `say` receives its progress
/// meanwhile.
///
/// # Errors
/// Why it failed; `Ambiguous` where it may have taken effect.
pub async fn execute(ports: &Ports, release: &Release, effect: &Effect, say: Say<'_>) -> Result<Vec<Fact>, Fault> {
    match performer(effect) {
        Performer::Repeated(effect) => effect.execute(ports, release, say).await,
        Performer::LookedUp(effect) => effect.execute(ports, release, say).await,
    }
}

/// Reads whether an effect took place that was sent at this time and is not concluded. The effects' table decides whether it must be read.
///
/// # Errors
/// What could not be read, or that only a person can find it out. `Defect` where the effect's module is not as its row says.
pub async fn look_up(ports: &Ports, release: &Release, effect: &Effect, sent_at: Timestamp) -> Result<Found, Fault> {
    let lookup = effect.row().lookup;
    let found = match (lookup, performer(effect)) {
        (Lookup::Reads | Lookup::Repeats, Performer::Repeated(_)) => Found::Repeatable,
        (Lookup::RepeatsOnceRead | Lookup::Traced, Performer::LookedUp(effect)) => {
            effect.look_up(ports, release, sent_at).await?
        }
        (Lookup::Reads | Lookup::Repeats, Performer::LookedUp(_))
        | (Lookup::RepeatsOnceRead | Lookup::Traced, Performer::Repeated(_)) => return Err(defect(Lack::Lookup)),
    };
    if may_find(lookup, &found) { Ok(found) } else { Err(defect(Lack::Lookup)) }
}

/// Whether looking up an effect of this row may find this.
fn may_find(lookup: Lookup, found: &Found) -> bool {
    match found {
        Found::Absent => true,
        Found::Landed(_) => lookup == Lookup::Traced,
        Found::Repeatable => lookup != Lookup::Traced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::effect::samples::effects;

    #[test]
    fn an_effect_is_looked_up_before_it_is_repeated_exactly_where_the_table_says_so() {
        for effect in effects() {
            let looked_up = match effect.row().lookup {
                Lookup::Reads | Lookup::Repeats => false,
                Lookup::RepeatsOnceRead | Lookup::Traced => true,
            };
            assert_eq!(matches!(performer(&effect), Performer::LookedUp(_)), looked_up, "{effect:?}");
        }
    }
}
