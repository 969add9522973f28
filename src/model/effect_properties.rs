//! What effects differ in, as the columns of their table.

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
    /// That a stage still is what it was brought to.
    Confirm(&'e StageName),
    Step(&'e StepRef, StepPart),
}

/// The lease that has to be held to announce it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The release's: it is done before the stage is taken, or changes nothing in it.
    Release,
    /// The stage's as well.
    Stage,
}

/// What is done about an effect that was sent and is not concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// It only reads, and leaves nothing behind: it is done again.
    Reads,
    /// It is done again: it carries a token, is idempotent, or finds what is there already.
    Repeats,
    /// It is done again once reading has shown that nothing is repeated: its token is still valid, or what it leaves would be there by now.
    RepeatsOnceRead,
    /// Reading finds what it left, which concludes it: an image under the release's tag, a deployment that was not there before.
    Traced,
}

/// What fails with a fault that will not pass by itself, where it is about what was asked for and not about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureScope {
    /// Something that has to be there before the release is missing; it begins from the start then.
    Accounts,
    /// The same, and the release goes on when it is there.
    SetUp,
    /// The image is not available.
    Image,
    /// The stage fails.
    Stage,
    /// The stage fails; where things have changed meanwhile, somebody else's change is kept.
    StageUnlessChanged,
}
