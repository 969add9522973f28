//! Where a release's facts are shown: after they are recorded, and never able to stop it.

use crate::model::effect::Effect;
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::model::progress::Progress;
use crate::model::reason::Watched;
use crate::model::release::Release;
use crate::model::waiting::Wait;

pub trait Sink: Send {
    /// A fact that was recorded, and the release with it applied.
    fn event(&mut self, event: &Event, release: &Release);

    /// What is waited for now.
    fn waiting(&mut self, what: &[Wait]);

    /// The progress of an effect under way: a builder's own lines, a copy's steps.
    fn progress(&mut self, effect: &Effect, progress: &Progress);

    /// Something cannot be read at the moment, and is tried again; `None`: it can be read again.
    fn unread(&mut self, what: &Watched, why: Option<&Fault>);
}
