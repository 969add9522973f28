//! The properties of effects: the columns of their table.

use super::effect::StepRef;
use super::ids::{AccountName, ImageName, StageName};
use super::step::part::StepPart;

/// What an effect is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject<'e> {
    /// All accounts of these stages.
    Accounts {
        from: &'e StageName,
        until: &'e StageName,
    },
    Image(&'e ImageName),
    Copy(&'e ImageName, &'e AccountName),
    /// What a stage would change.
    Plan(&'e StageName),
    Approval(&'e StageName),
    /// Whether a stage still runs what the release brought.
    Confirm(&'e StageName),
    Step(&'e StepRef, StepPart),
}

/// The lease that is needed to intend an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The release's lease: the effect is before the stage's lease is taken, or changes nothing in the stage.
    Release,
    /// The stage's lease as well.
    Stage,
}

/// What happens to an effect that was sent but not concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// It only reads: it is repeated.
    Reads,
    /// It is repeated: it has a client token, is idempotent, or finds what exists already.
    Repeats,
    /// It is repeated after reading has shown that this is safe: its token is still valid, or its result would be visible by now.
    RepeatsOnceRead,
    /// Reading finds its result, which concludes it: an image with the release's tag, a new deployment.
    Traced,
}

/// What a fault makes fail, where it is permanent and not about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureScope {
    /// Something that the release needs is missing; a new release is started when it is there.
    Accounts,
    /// The same, but the release can be resumed when it is there.
    SetUp,
    /// The image is not available.
    Image,
    /// The stage fails.
    Stage,
    /// The stage fails; if somebody else changed the service meanwhile, their change is not undone.
    StageUnlessChanged,
}
