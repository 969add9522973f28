//! Where a release's story goes: downstream of the journal, and never able to stop it.

use crate::model::effect::Effect;
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::model::reason::Watched;
use crate::model::release::Release;
use crate::model::waiting::Waiting;

pub trait Sink: Send {
    /// A fact that is written down, and the release with it taken in.
    fn event(&mut self, event: &Event, release: &Release);

    /// What is waited for now.
    fn waiting(&mut self, what: &[Waiting]);

    /// A line that an effect under way says: a builder's output, a copy's progress.
    fn said(&mut self, effect: &Effect, line: &str);

    /// Something cannot be read for now, and is asked for again; `None`: it can be read again.
    fn unread(&mut self, what: &Watched, why: Option<&Fault>);
}
