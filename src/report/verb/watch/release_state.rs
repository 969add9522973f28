//! A release's state in few words, and its stages as signs.

use jiff::{SignedDuration, Timestamp};

use crate::model::approval::ApprovalRequest;
use crate::model::format::lasting;
use crate::model::ids::StageName;
use crate::model::outcome::Outcome;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::model::waiting::Wait;
use crate::report::paint::{Ink, Paint};
use crate::report::wrap::cells;
use crate::report::{outcome, waiting};

/// A release, and what is known about it beside its record.
pub struct Shown<'a> {
    pub release: &'a Release,
    /// The process that works on it.
    pub held_by: Option<&'a str>,
    pub imported: bool,
    /// Its open requests for approval.
    pub requests: Vec<(&'a StageName, &'a ApprovalRequest)>,
    /// What it waits for, while a process works on it.
    pub waiting: &'a [Wait],
}

impl Shown<'_> {
    /// In as few words as this room needs, in cells: what it waits for first, while a process works on it.
    pub fn fitted_state(&self, now: Timestamp, room: usize) -> (Ink, String) {
        let (ink, brief) = self.state(now);
        let forms = match (self.requests.first(), self.waiting.first()) {
            (Some((_, request)), _) => {
                let left = age(request.expires_at.duration_since(now));
                vec![brief, format!("waits for approval, {left} left"), format!("approval, {left} left")]
            }
            (None, Some(what)) if ink == Ink::Strong => vec![waiting::text(what)],
            (None, Some(_) | None) => vec![brief],
        };
        let fits = forms.iter().find(|form| cells(form) <= room).or(forms.last());
        (ink, fits.cloned().unwrap_or_default())
    }

    /// In few words, with its emphasis.
    pub fn state(&self, now: Timestamp) -> (Ink, String) {
        if let Some((stage, request)) = self.requests.first() {
            let left = lasting(request.expires_at.duration_since(now));
            return (Ink::Careful, format!("waits for approval of {stage}, {left} left"));
        }
        match &self.release.ending {
            _ if self.imported => (Ink::Faint, "imported".to_owned()),
            Some(ending) => (ink(ending.outcome()), outcome::word(ending.outcome()).to_owned()),
            None if self.held_by.is_none() => (Ink::Careful, "interrupted".to_owned()),
            None => (Ink::Strong, "in progress".to_owned()),
        }
    }

    /// The sign of a stage, and its emphasis: `✓` passed, `▶` in progress, `?` waits for approval, `✗` failed, `·` not entered.
    pub fn sign(&self, stage: &Stage) -> (Ink, char) {
        let state = self.release.stage(&stage.name);
        if state.left.is_some() {
            return (Ink::Good, '✓');
        }
        let failed = state.failure.is_some() || state.entered.is_some() && self.release.ended_for_good().is_some();
        if failed {
            return (Ink::Bad, '✗');
        }
        if state.entered.is_some() {
            return (Ink::Strong, '▶');
        }
        if self.requests.iter().any(|(name, _)| **name == stage.name) {
            return (Ink::Careful, '?');
        }
        let refused = match &state.approval {
            Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => true,
            Approval::NotRequested | Approval::Requested(_) | Approval::Given(..) => false,
        };
        let blocked = state.gate.as_ref().is_some_and(|gate| !gate.verdict.passes());
        if refused || blocked { (Ink::Bad, '✗') } else { (Ink::Faint, '·') }
    }
}

/// A time span in its largest unit.
pub fn age(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

/// The emphasis of an outcome.
fn ink(outcome: Outcome) -> Ink {
    match outcome {
        Outcome::Succeeded | Outcome::Unchanged => Ink::Good,
        Outcome::Suspended | Outcome::StillRunning | Outcome::Locked => Ink::Careful,
        Outcome::BuildFailed
        | Outcome::Blocked
        | Outcome::Rejected
        | Outcome::Expired
        | Outcome::RolledBack
        | Outcome::Superseded
        | Outcome::Stuck
        | Outcome::Aborted
        | Outcome::Failed
        | Outcome::Unknown
        | Outcome::Access => Ink::Bad,
    }
}

/// A text with this emphasis.
pub fn inked(ink: Ink, text: &str, paint: Paint) -> String {
    match ink {
        Ink::Plain => text.to_owned(),
        Ink::Good => paint.good(text),
        Ink::Bad => paint.bad(text),
        Ink::Careful => paint.careful(text),
        Ink::Strong => paint.strong(text),
        Ink::Faint => paint.faint(text),
    }
}
